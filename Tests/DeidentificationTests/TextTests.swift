import DICOM
import Deidentification
import LightboxCore
import Testing

@Suite("Cleaned texts") struct TextTests {
    private func cleaned(_ text: String, name: String = "Chest^Brown", more: [String] = []) throws -> String? {
        let dataSet = DataSet([
            .text(.specificCharacterSet, "ISO_IR 192"), .text(.patientName, name), .text(.patientID, "AB-12345"),
            .text(.studyDescription, text),
        ])
        return try Deidentifier(
            options: [.cleanDescriptors], rules: RuleSet(vocabulary: more), key: .test
        ).apply(to: DICOMFile(dataSet: dataSet)).file.dataSet.string(.studyDescription)
    }

    @Test(
        "Words of the trade stay, all others go",
        arguments: [
            ("CT abdomen with contrast, 5mm axial", "CT abdomen with contrast, 5mm axial"),
            ("MR T2 FLAIR sag L4-L5", "MR T2 FLAIR sag L4-L5"), ("Knee left, Mr. Smith", "Knee left"),
            // A word of the trade that is this patient's name
            ("CT chest follow up", "CT follow up"), ("Smith", nil), ("12.03.1957 CT", "CT"), ("12.03.19 CT", "CT"),
            ("2019-04-01", nil), ("10:15 scan", "scan"), ("1957", nil), ("slice 5.5 mm", "slice 5.5 mm"),
            ("AB12345 head", "head"), ("Kopf Müller", nil), ("头部 CT", "CT"),
            // Numbers in groups, and dates in words
            ("CT 123 456 789", "CT"), ("943 476 5919 head", "head"), ("head 943, 476, 5919", "head"),
            ("12 Mar 80 CT", "CT"), ("CT 12th March 80", "CT"), ("12 / 03 / 19 CT", "CT"),
            ("(020) 79 46 CT", "CT"),
            ("512 x 512 mm, 5,5 mm", "512 x 512 mm, 5,5 mm"), ("chest 3 mm 120 kV", "3 mm 120 kV"),
            ("AB 12 345 CT", "CT"),
        ])
    func words(text: String, expected: String?) throws {
        #expect(try cleaned(text) == expected)
    }

    @Test("A project's own words") func vocabulary() throws {
        #expect(
            try cleaned("Radioembolisation liver Smith", more: ["radioembolisation"]) == "Radioembolisation liver")
    }

    @Test("Names and numbers of the patient are found in what the profile keeps") func identifiers() throws {
        let dataSet = DataSet([
            .text(.specificCharacterSet, "ISO_IR 192"), .text(.patientName, "Grünwald^Éva=山田^太郎"),
            .text(.patientID, "AB-12345"), .text(.manufacturer, "ACME GRÜNWALD"),
            .text(.manufacturerModelName, "Scanner 12345"), .text(Tag(0x0018, 0x1020), "山田 1.0"),
            .text(.bodyPartExamined, "CHEST"), .text(Tag(0x0018, 0x1210), "B31f"),
        ])
        let result = try Deidentifier(key: .test).apply(to: DICOMFile(dataSet: dataSet))
        #expect(result.file.dataSet.string(.manufacturer) == "Removed")
        #expect(result.file.dataSet.string(.manufacturerModelName) == "Removed")
        #expect(result.file.dataSet.string(Tag(0x0018, 0x1020)) == "1.0")
        #expect(result.file.dataSet.string(.bodyPartExamined) == "CHEST")
        #expect(result.file.dataSet.string(Tag(0x0018, 0x1210)) == "B31f")
        #expect(result.findings.contains { $0.code == .identifierInText && $0.count == 3 })
    }

    @Test(
        "The patient's number is found in groups, too",
        arguments: [
            ("123456789", "CT 123 456 789", "CT"), ("943 476 5919", "MR 9434765919", "MR"),
            ("AB-12", "CT AB 12", "CT"),
            ("AB12", "CT AB 12", "CT"), ("L412", "MR L4 12", "MR"), ("AB12", "Scan 12 mm", "Scan 12 mm"),
            ("123456", "Scan 123", "Scan 123"),
        ])
    func numberInGroups(id: String, text: String, expected: String) throws {
        let dataSet = DataSet([.text(.patientID, id), .text(.manufacturerModelName, text)])
        let result = try Deidentifier(key: .test).apply(to: DICOMFile(dataSet: dataSet))
        #expect(result.file.dataSet.string(.manufacturerModelName) == expected)
        #expect(result.findings.contains { $0.code == .identifierInText } == (text != expected))
    }
}
