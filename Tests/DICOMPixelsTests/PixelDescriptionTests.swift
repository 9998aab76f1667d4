import DICOM
import DICOMPixels
import LightboxCore
import Testing

@Suite("Pixel description") struct PixelDescriptionTests {
    static let usual: [Element] = [
        .int(.samplesPerPixel, 1), .text(.photometricInterpretation, "MONOCHROME2"), .int(.rows, 4),
        .int(.columns, 4), .int(.bitsAllocated, 16), .int(.bitsStored, 12), .int(.highBit, 11),
        .int(.pixelRepresentation, 0), .words(.pixelData, .OW, [UInt16](repeating: 0, count: 16)),
    ]

    static func description(_ changes: Element..., without tag: DICOM.Tag? = nil) throws -> PixelDescription {
        try PixelDescription(DataSet(usual.filter { $0.tag != tag } + changes))
    }

    @Test("A missing attribute is named", arguments: [DICOM.Tag.rows, .columns, .bitsAllocated, .pixelData])
    func missing(tag: DICOM.Tag) {
        let error = #expect(throws: DICOMError.self) { try Self.description(without: tag) }
        #expect(error?.tag == tag && error?.code == .missingAttribute)
    }

    @Test(
        "A value that no image can have is refused, its attribute named and the value not",
        arguments: [
            Element.int(.rows, 0), .int(.samplesPerPixel, 7), .int(.samplesPerPixel, 3), .int(.bitsAllocated, 12),
            .int(.bitsAllocated, 64), .int(.bitsStored, 17), .int(.bitsStored, 0), .int(.pixelRepresentation, 2),
            .text(.photometricInterpretation, "Jane^Doe"), .text(.photometricInterpretation, "RGB"),
        ])
    func invalid(element: Element) {
        let error = #expect(throws: DICOMError.self) { try Self.description(element) }
        let named = error?.tag
        #expect(named == element.tag || (named == .samplesPerPixel && element.tag == .photometricInterpretation))
        #expect(error?.description.contains("Doe") == false)
    }

    @Test("What old or careless writers leave out has a usual value")
    func defaults() throws {
        #expect(try Self.description(without: .samplesPerPixel).samplesPerPixel == 1)
        #expect(
            try Self.description(without: .photometricInterpretation).photometricInterpretation == .monochrome2)
        #expect(try Self.description(without: .bitsStored).bitsStored == 16)
        #expect(try Self.description(.text(.numberOfFrames, "1A")).frames == 1)
        #expect(try Self.description(.int(.highBit, 2)).highBit == 11)
    }

    @Test("Forged sizes are refused before anything is allocated")
    func limits() {
        let sizes: [Element] = [.int(.rows, 65535), .int(.columns, 65535)]
        for frames in ["1", "2147483647"] {
            let dataSet = DataSet(Self.usual + sizes + [.text(.numberOfFrames, frames)])
            let error = #expect(throws: DICOMError.self) { try PixelDescription(dataSet) }
            #expect(error?.code == .tooLarge)
        }
        let many = DataSet(Self.usual + [.text(.numberOfFrames, "2147483647")])
        let error = #expect(throws: DICOMError.self) { try PixelDescription(many) }
        #expect(error?.tag == .numberOfFrames && error?.code == .tooLarge)
        let small = PixelLimits(bytesPerFrame: 31)
        #expect(throws: DICOMError.self) { try PixelDescription(DataSet(Self.usual), limits: small) }
    }

    @Test("A value that ends early is an error of the frame that it cuts")
    func truncated() throws {
        let image = try DICOMImage(DICOMFile(dataSet: DataSet(Self.usual + [.text(.numberOfFrames, "2")])))
        #expect(try image.storedFrame(0).samples.count == 16)
        let error = #expect(throws: DICOMError.self) { try image.storedFrame(1) }
        #expect(error?.code == .truncated && error?.tag == .pixelData)
    }
}
