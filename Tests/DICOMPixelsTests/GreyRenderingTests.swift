import DICOM
import DICOMPixels
import LightboxCore
import Testing

@Suite("Grey rendering") struct GreyRenderingTests {
    /// A row of signed 16-bit values.
    static func row(_ values: [Int16], _ more: Element...) throws -> DICOMImage {
        let elements: [Element] = [
            .int(.samplesPerPixel, 1), .text(.photometricInterpretation, "MONOCHROME2"), .int(.rows, 1),
            .int(.columns, values.count), .int(.bitsAllocated, 16), .int(.bitsStored, 16), .int(.highBit, 15),
            .int(.pixelRepresentation, 1), .words(.pixelData, .OW, values),
        ]
        return try DICOMImage(DICOMFile(dataSet: DataSet(elements + more)))
    }

    static func pixels(_ image: Image) -> [Int] {
        switch image.samples {
        case .uint8(let values): values.map(Int.init)
        case .uint16(let values): values.map(Int.init)
        }
    }

    static let windows = [
        (0.0, 1.0), (0, 2), (-100, 3), (100, 3), (-150, 200), (40, 400), (-300, 1), (300, 1), (1000, 5),
        (-1000, 5),
        (0, 100_000),
    ]

    @Test("Every value is mapped as the window says", arguments: windows, [1.0, -1, 0.37, -2.5])
    func everyValue(window: (Double, Double), slope: Double) throws {
        let values = (-301...303).map { Int16($0) }
        let image = try Self.row(values, .double(.rescaleSlope, slope), .double(.rescaleIntercept, 3))
        let function = Window(center: window.0, width: window.1)
        let shown = try image.rendered(window: .custom(center: window.0, width: window.1))
        let expected = values.map {
            Int((function.apply(Double($0) * slope + 3)).rounded(.toNearestOrAwayFromZero))
        }
        #expect(Self.pixels(shown) == expected)
    }

    @Test(
        "Each part of the value range is mapped the same",
        arguments: [-7...(-7), -8...(-7), -3...(-2), 0...1, -1...0, 5...9])
    func shortRanges(range: ClosedRange<Int>) throws {
        let image = try Self.row(range.map { Int16($0) })
        let function = Window(center: 0, width: 12)
        let expected = range.map { Int(function.apply(Double($0)).rounded(.toNearestOrAwayFromZero)) }
        #expect(Self.pixels(try image.rendered(window: .custom(center: 0, width: 12))) == expected)
    }

    @Test("The full range leaves padding out, which is shown as black")
    func padding() throws {
        let image = try Self.row([-2000, 0, 50, 100], .int(.pixelPaddingValue, -2000, vr: .SS))
        #expect(Self.pixels(try image.rendered(window: .full)) == [0, 0, 128, 255])
    }

    @Test("Only padding is shown as black")
    func onlyPadding() throws {
        let image = try Self.row([-2000, -2000], .int(.pixelPaddingValue, -2000, vr: .SS))
        #expect(Self.pixels(try image.rendered(window: .full)) == [0, 0])
    }

    @Test("A window that the file lacks is an error that says how many there are")
    func missingWindow() throws {
        let image = try Self.row([0, 1], .text(.windowCenter, "1"), .text(.windowWidth, "2"))
        let error = #expect(throws: DICOMError.self) { try image.rendered(window: .file(index: 1)) }
        #expect(error?.tag == .windowCenter)
    }

    @Test("Frames have windows and slopes of their own")
    func functionalGroups() throws {
        func frame(_ center: String, _ slope: String) -> DataSet {
            DataSet([
                .sequence(
                    DICOM.Tag(0x0028, 0x9132),
                    [DataSet([.text(.windowCenter, center), .text(.windowWidth, "100")])]),
                .sequence(
                    DICOM.Tag(0x0028, 0x9145),
                    [DataSet([.text(.rescaleSlope, slope), .text(.rescaleIntercept, "0")])]),
            ])
        }
        let image = try Self.row(
            [0, 50], .text(.numberOfFrames, "2"), .words(.pixelData, .OW, [0, 50, 0, 50] as [Int16]),
            .sequence(DICOM.Tag(0x5200, 0x9230), [frame("50", "1"), frame("100", "2")]))
        let (first, second) = (Window(center: 50, width: 100), Window(center: 100, width: 100))
        #expect(Self.pixels(try image.rendered(frame: 0)) == [0, Int(first.apply(50).rounded())])
        #expect(Self.pixels(try image.rendered(frame: 1)) == [0, Int(second.apply(100).rounded())])
    }
}
