import DICOM
import DICOMPixels
import LightboxCore
import Testing

@Suite("Frames in fragments") struct FragmentTests {
    /// A 16 × 16 frame of lossless JPEG, and a second one: the same with other ends.
    static func frames() throws -> (DICOMFile, [Bytes]) {
        let names = ["JPEG process 14, predictor 1, 16 bits", "JPEG process 14, predictor 7, 16 bits"]
        let files = try names.map { try DICOMFile(bytes: Bytes(try #require(SyntheticImage.all[$0]).file)) }
        let streams = try files.map { file in
            guard case .fragments(_, let fragments)? = file.dataSet[.pixelData]?.value else {
                throw DICOMError(.corrupt, "no fragments")
            }
            return try #require(fragments.first)
        }
        return (files[0], streams)
    }

    static func image(_ fragments: [Bytes], offsets: [UInt32] = [], extended: [UInt64] = [], frames: Int) throws
        -> DICOMImage
    {
        var (file, _) = try Self.frames()
        let table = Bytes(offsets.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> ($0 * 8)) } })
        file.dataSet[.pixelData] = Element(.pixelData, .OB, .fragments(offsetTable: table, fragments))
        file.dataSet[.numberOfFrames] = .text(.numberOfFrames, String(frames))
        if !extended.isEmpty { file.dataSet[DICOM.Tag(0x7fe0, 1)] = .words(DICOM.Tag(0x7fe0, 1), .OV, extended) }
        return try DICOMImage(file)
    }

    /// Both frames hold the same picture, coded differently.
    static func check(_ image: DICOMImage) throws {
        let expected = try #require(SyntheticImage.all["JPEG process 14, predictor 1, 16 bits"]).stored
        for index in 0..<image.frameCount {
            #expect(try image.storedFrame(index).samples.doubles == expected.map(Double.init))
        }
    }

    @Test("One a frame") func oneEach() throws {
        try Self.check(Self.image(Self.frames().1, frames: 2))
    }

    @Test("Several for one frame") func severalForOne() throws {
        let stream = try Self.frames().1[0]
        try Self.check(Self.image([stream[0..<100], stream[100..<102], stream[102..<stream.count]], frames: 1))
    }

    @Test("Several a frame: by basic offsets, extended offsets and end markers")
    func severalEach() throws {
        let (_, streams) = try Self.frames()
        let pieces = [
            streams[0][0..<60], streams[0][60..<streams[0].count], streams[1][0..<20],
            streams[1][20..<streams[1].count],
        ]
        let second = streams[0].count + 16
        try Self.check(Self.image(pieces, offsets: [0, UInt32(second)], frames: 2))
        try Self.check(Self.image(pieces, extended: [0, UInt64(second)], frames: 2))
        try Self.check(Self.image(pieces, frames: 2))
    }

    @Test("Tables that point between fragments are not believed")
    func wrongTables() throws {
        let (_, streams) = try Self.frames()
        try Self.check(Self.image(streams, offsets: [0, 77], frames: 2))
        try Self.check(Self.image(streams, offsets: [4, 8], extended: [0, .max], frames: 2))
        try Self.check(Self.image(streams, offsets: [0], frames: 2))
    }

    @Test("Fewer frames than stated are an error, and so is none")
    func tooFew() throws {
        let (_, streams) = try Self.frames()
        let error = #expect(throws: DICOMError.self) { try Self.image(streams, frames: 3) }
        #expect(error?.tag == .numberOfFrames)
        #expect(throws: DICOMError.self) { try Self.image([], frames: 1) }
    }

    @Test("A stream of another shape than described is refused before it is decoded")
    func otherShape() throws {
        var (file, _) = try Self.frames()
        file.dataSet[.rows] = .int(.rows, 15)
        let error = #expect(throws: DICOMError.self) { try DICOMImage(file).storedFrame() }
        #expect(error?.code == .undecodablePixels)
    }

    @Test("RLE: literal and repeated runs, most significant plane first (PS3.5 annex G)")
    func rle() throws {
        let header: [UInt32] = [2, 64, 67] + [UInt32](repeating: 0, count: 13)
        let bytes = header.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> ($0 * 8)) } }
        // Three times 1; nothing; 10 20 as they are; 30.
        let segments: [UInt8] = [0xfe, 1, 0x80, 1, 10, 20, 0, 30]
        let image = try Self.rleImage(bytes + segments)
        #expect(try image.storedFrame().samples == .uint16([0x10a, 0x114, 0x11e]))
        for count in 0..<(64 + segments.count) {
            let cut = try Self.rleImage(Array((bytes + segments).prefix(count)))
            #expect(throws: DICOMError.self) { try cut.storedFrame() }
        }
    }

    static func rleImage(_ bytes: [UInt8]) throws -> DICOMImage {
        let dataSet = DataSet([
            .int(.samplesPerPixel, 1), .text(.photometricInterpretation, "MONOCHROME2"), .int(.rows, 1),
            .int(.columns, 3), .int(.bitsAllocated, 16), .int(.bitsStored, 16), .int(.highBit, 15),
            .int(.pixelRepresentation, 0),
            Element(.pixelData, .OB, .fragments(offsetTable: .empty, [Bytes(bytes)])),
        ])
        return try DICOMImage(DICOMFile(dataSet: dataSet, transferSyntax: .rleLossless))
    }
}
