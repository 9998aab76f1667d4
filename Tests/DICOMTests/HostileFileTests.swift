import DICOM
import LightboxCore
import Testing

/// Files built to exhaust a reader: each is refused, or read, within bounded time and memory.
@Suite("Hostile DICOM files") struct HostileFileTests {
    /// Elements of an implicit little-endian data set, told apart from a file by the test itself.
    static func parse(_ bytes: [UInt8], as syntax: TransferSyntax, _ limits: ReadLimits = ReadLimits()) throws
        -> DataSet
    {
        try DataSet(bytes: Bytes(bytes), as: syntax, options: ReadOptions(limits: limits))
    }

    static func code(_ body: () throws -> Void) -> DICOMError.Code? {
        do {
            try body()
            return nil
        } catch {
            return (error as? DICOMError)?.code
        }
    }

    /// (0040,A730) of undefined length with an item of undefined length in it.
    static let opening: [UInt8] =
        [0x40, 0x00, 0x30, 0xa7, 0xff, 0xff, 0xff, 0xff] + [0xfe, 0xff, 0x00, 0xe0, 0xff, 0xff, 0xff, 0xff]

    @Test("Sequences 6,000 deep are too deep") func nesting() {
        let bomb = (0..<6000).flatMap { _ in Self.opening }
        #expect(Self.code { _ = try Self.parse(bomb, as: .implicitVRLittleEndian) } == .tooDeep)
    }

    @Test("Sequences as deep as the limit are read") func deepest() throws {
        let closing: [UInt8] =
            [0xfe, 0xff, 0x0d, 0xe0, 0, 0, 0, 0] + [0xfe, 0xff, 0xdd, 0xe0, 0, 0, 0, 0]
        let tag = Tag(0x0040, 0xa730)
        for depth in [64, 65] {
            let bytes = (0..<depth).flatMap { _ in Self.opening } + (0..<depth).flatMap { _ in closing }
            let code = Self.code {
                var dataSet = try Self.parse(bytes, as: .implicitVRLittleEndian)
                for _ in 1..<depth { dataSet = try #require(dataSet.items(tag).first) }
            }
            #expect(code == (depth == 64 ? nil : .tooDeep))
        }
    }

    @Test("A deflated data set stops at the limit") func deflateBomb() {
        let zeros = [UInt8](repeating: 0, count: 64 << 20)
        let packed = zeros.withUnsafeBytes { Deflater.deflate($0, format: .raw) }
        #expect(packed.count < 100_000)
        let limits = ReadLimits(maxInflatedBytes: 1 << 20)
        #expect(Self.code { _ = try Self.parse(packed, as: .deflatedExplicitVRLittleEndian, limits) } == .tooLarge)
    }

    @Test(
        "A length beyond the file is refused before memory is taken",
        arguments: [
            [0x08, 0x00, 0x05, 0x00] as [UInt8], [0x40, 0x00, 0x30, 0xa7], [0xe0, 0x7f, 0x10, 0x00],
        ])
    func lyingLength(tag: [UInt8]) {
        let bytes = tag + [0xf0, 0xff, 0xff, 0xff] + [UInt8](repeating: 0x20, count: 480)
        #expect(Self.code { _ = try Self.parse(bytes, as: .implicitVRLittleEndian) } == .truncated)
    }

    @Test("Items count against the limit of elements") func emptyItems() {
        let items = (0..<100_000).flatMap { _ in [0xfe, 0xff, 0x00, 0xe0, 0, 0, 0, 0] as [UInt8] }
        let bytes = [0x40, 0x00, 0x30, 0xa7, 0xff, 0xff, 0xff, 0xff] + items
        let limits = ReadLimits(maxElements: 50_000)
        #expect(Self.code { _ = try Self.parse(bytes, as: .implicitVRLittleEndian, limits) } == .tooLarge)
        // Without the limit only the end is missing.
        #expect(Self.code { _ = try Self.parse(bytes, as: .implicitVRLittleEndian) } == .truncated)
    }

    @Test("Elements in falling order are sorted in bounded time") func fallingTags() throws {
        let count = 200_000
        let bytes = (0..<count).flatMap { index -> [UInt8] in
            let number = UInt32(0x0900_0000 - index)
            return [
                UInt8(number >> 16 & 0xff), UInt8(number >> 24), UInt8(number & 0xff), UInt8(number >> 8 & 0xff),
            ]
                + [0, 0, 0, 0]
        }
        let dataSet = try Self.parse(bytes, as: .implicitVRLittleEndian)
        #expect(dataSet.elements.count == count)
        #expect(zip(dataSet.elements, dataSet.elements.dropFirst()).allSatisfy { $0.tag < $1.tag })
    }

    @Test("Zeros that are no padding are looked through once") func zeros() {
        let element: [UInt8] = [0x08, 0x00, 0x60, 0x00, 0, 0, 0, 0]
        let bytes = element + [UInt8](repeating: 0, count: 1_600_000) + [1]
        #expect(Self.code { _ = try Self.parse(bytes, as: .implicitVRLittleEndian) } == .truncated)
    }

    @Test("JSON nested 100,000 deep is too deep") func deepJSON() {
        let json = [UInt8](repeating: UInt8(ascii: "["), count: 100_000)
        #expect(Self.code { _ = try DICOMJSON.decode(json) } == .tooDeep)
    }

    @Test(
        "Bytes that are no DICOM are told so",
        arguments: [
            [], [UInt8](repeating: 0, count: 4096), Array("%PDF-1.7 and so on, for a few more bytes".utf8),
            [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 0x0d], [UInt8](repeating: 0xff, count: 200),
        ] as [[UInt8]])
    func notDICOM(bytes: [UInt8]) {
        #expect(Self.code { _ = try DICOMFile(bytes: Bytes(bytes)) } == .notDICOM)
    }
}
