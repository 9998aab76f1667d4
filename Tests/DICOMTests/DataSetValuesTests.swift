import DICOM
import LightboxCore
import Testing

@Suite("Data set values") struct DataSetValuesTests {
    static let dataSet = DataSet([
        .text(.patientName, "Doe^Jane"), .text(.imageType, "ORIGINAL", "PRIMARY", ""),
        .int(.rows, 512), .double(.windowCenter, 40.5), .int(.instanceNumber, 7),
        .double(.pixelSpacing, 0.1, 1.0 / 3), .int16(.smallestImagePixelValue, -2000),
        .bytes(.pixelData, [1, 2, 3], vr: .OB), .sequence(.voiLUTSequence, [DataSet([.uint16(.lutData, 9)])]),
        .tags(Tag(0x0028, 0x0009), .sopInstanceUID, .pixelData), .text(.sopInstanceUID, "1.2.3"),
        .float(Tag(0x0018, 0x605a), 1.5, -2), .text(.accessionNumber, ""),
    ])

    @Test("Texts come trimmed and split") func texts() {
        #expect(Self.dataSet.string(.patientName) == "Doe^Jane")
        #expect(Self.dataSet.strings(.imageType) == ["ORIGINAL", "PRIMARY", ""])
        #expect(Self.dataSet.string(.sopInstanceUID) == "1.2.3")
        #expect(Self.dataSet.string(.accessionNumber) == nil)
        #expect(Self.dataSet.string(.studyDate) == nil)
        #expect(Self.dataSet.strings(.rows) == ["512"])
        #expect(Self.dataSet.strings(Tag(0x0028, 0x0009)) == ["00080018", "7FE00010"])
    }

    @Test("Numbers come from binary and textual VRs") func numbers() {
        #expect(Self.dataSet.int(.rows) == 512)
        #expect(Self.dataSet.int(.instanceNumber) == 7)
        #expect(Self.dataSet.double(.instanceNumber) == 7)
        #expect(Self.dataSet.double(.windowCenter) == 40.5)
        #expect(Self.dataSet.int(.windowCenter) == nil)
        #expect(Self.dataSet.ints(.smallestImagePixelValue) == [-2000])
        #expect(Self.dataSet.doubles(Tag(0x0018, 0x605a)) == [1.5, -2])
        #expect(Self.dataSet.int(.patientName) == nil)
        #expect(Self.dataSet.doubles(.pixelSpacing).count == 2)
        #expect(abs(Self.dataSet.doubles(.pixelSpacing)[1] - 1.0 / 3) < 1e-13)
    }

    @Test(
        "A decimal string has at most 16 characters",
        arguments: [
            1.0 / 3, -1.0 / 3, 1e-300 / 3, -1.2345678901234567e19, 123456.78901234567, 0, 1e22,
            .leastNonzeroMagnitude, 1_000_000,
        ])
    func decimals(value: Double) throws {
        let dataSet = DataSet([.double(.windowCenter, value)])
        let text = try #require(dataSet.string(.windowCenter))
        #expect(text.utf8.count <= 16)
        let read = try #require(dataSet.double(.windowCenter))
        #expect(abs(read - value) <= abs(value) * 1e-8)
    }

    @Test("Values are padded to even length, by their VR's rule") func padding() {
        #expect(Self.dataSet.bytes(.sopInstanceUID)?.array == Array("1.2.3\0".utf8))
        #expect(DataSet([.text(.modality, "MRI")]).bytes(.modality)?.array == Array("MRI ".utf8))
        #expect(Self.dataSet.bytes(.pixelData)?.array == [1, 2, 3, 0])
    }

    @Test("The later of two elements with one tag counts") func duplicates() {
        let dataSet = DataSet([.int(.rows, 1), .text(.modality, "CT"), .int(.rows, 2), .int(.columns, 3)])
        #expect(dataSet.elements.map(\.tag) == [.modality, .rows, .columns])
        #expect(dataSet.int(.rows) == 2)
    }

    @Test("Spaces before a value count only where the standard says so") func leadingSpaces() {
        let dataSet = DataSet([
            .text(.modality, " CT"), .text(.windowCenter, " 40 ", "+1.5e1"), .text(Tag(0x0010, 0x4000), "  a\\b "),
        ])
        #expect(dataSet.string(.modality) == "CT")
        #expect(dataSet.doubles(.windowCenter) == [40, 15])
        #expect(dataSet.strings(Tag(0x0010, 0x4000)) == ["  a\\b"])
    }
}
