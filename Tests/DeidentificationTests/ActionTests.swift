import DICOM
import Deidentification
import LightboxCore
import Testing

@Suite("Actions of the basic profile") struct ActionTests {
    private static let ct = "1.2.840.10008.5.1.4.1.1.2"
    private static let radiograph = "1.2.840.10008.5.1.4.1.1.1.1"
    private static let plan = "1.2.840.10008.5.1.4.1.1.481.5"

    /// One attribute in a data set of a SOP class, after the profile with options.
    private func after(
        _ element: Element, _ sopClass: String = ct, _ options: Set<ConfidentialityOption> = [],
        rules: RuleSet = RuleSet()
    ) throws -> Element? {
        let deidentifier = try Deidentifier(options: options, rules: rules, key: .test)
        let dataSet = DataSet([.text(.sopClassUID, sopClass), element])
        return try deidentifier.apply(to: DICOMFile(dataSet: dataSet)).file.dataSet[element.tag]
    }

    private func text(_ element: Element?) -> String? {
        guard let element else { return nil }
        return DataSet([element]).strings(element.tag).joined(separator: "\\")
    }

    struct Case: Sendable, CustomStringConvertible {
        let keyword: String
        let value: String
        var sopClass = ActionTests.ct
        var options: Set<ConfidentialityOption> = []
        /// nil: removed.
        let expected: String?

        var description: String { "\(keyword) \(options.map(\.rawValue).sorted())" }
    }

    static let cases: [Case] = [
        // X
        Case(keyword: "PatientComments", value: "afraid of needles", expected: nil),
        Case(keyword: "InstitutionAddress", value: "High Street 1", expected: nil),
        Case(
            keyword: "InstitutionAddress", value: "High Street 1", options: [.retainInstitutionIdentity],
            expected: "High Street 1"),
        Case(keyword: "StudyDescription", value: "CT chest of J. Miller", expected: nil),
        Case(
            keyword: "StudyDescription", value: "CT chest of J. Miller", options: [.cleanDescriptors],
            expected: "CT chest of"),
        Case(keyword: "StudyDescription", value: "Miller", options: [.cleanDescriptors], expected: nil),
        // Z
        Case(keyword: "AccessionNumber", value: "A123456", expected: ""),
        Case(keyword: "StudyDate", value: "20200131", expected: ""),
        Case(keyword: "StudyDate", value: "20200131", options: [.retainFullDates], expected: "20200131"),
        Case(keyword: "PatientSex", value: "F", expected: ""),
        Case(keyword: "PatientSex", value: "F", options: [.retainPatientCharacteristics], expected: "F"),
        // A birth date is no longitudinal date.
        Case(keyword: "PatientBirthDate", value: "19530131", options: [.retainFullDates], expected: ""),
        // D
        Case(keyword: "ClinicalTrialProtocolID", value: "EX-17", expected: "Removed"),
        Case(keyword: "FrameAcquisitionDateTime", value: "20200131", expected: "19000101000000"),
        // X/Z: type 2 in PET, type 3 in CT
        Case(keyword: "AcquisitionDate", value: "20200131", expected: nil),
        Case(keyword: "AcquisitionDate", value: "20200131", sopClass: "1.2.840.10008.5.1.4.1.1.128", expected: ""),
        Case(keyword: "AcquisitionDate", value: "20200131", sopClass: "1.2.3", expected: ""),
        // X/D: type 3, and unknown
        Case(keyword: "ProtocolName", value: "Head Miller", expected: nil),
        Case(keyword: "ProtocolName", value: "Head Miller", sopClass: "1.2.3", expected: "Removed"),
        Case(keyword: "ProtocolName", value: "Head Miller", options: [.cleanDescriptors], expected: "Head"),
        Case(keyword: "RTPlanDate", value: "20200131", sopClass: plan, expected: "19000101"),
        // Z/D: type 2C in CT, type 1 in Enhanced CT
        Case(keyword: "ContentDate", value: "20200131", expected: ""),
        Case(keyword: "ContentDate", value: "20200131", sopClass: ct + ".1", expected: "19000101"),
        // X/Z/D
        Case(keyword: "StationName", value: "ROOM3", expected: nil),
        Case(keyword: "StationName", value: "ROOM3", sopClass: "1.2.3", expected: "Removed"),
        Case(keyword: "StationName", value: "ROOM3", options: [.retainDeviceIdentity], expected: "ROOM3"),
        Case(keyword: "OperatorsName", value: "Miller^Ann", sopClass: plan, expected: ""),
        // Not in the table: kept, mapped, cleaned
        Case(keyword: "KVP", value: "120", expected: "120"),
        Case(keyword: "Manufacturer", value: "ACME Medical", expected: "ACME Medical"),
        Case(keyword: "ConvolutionKernel", value: "B31f", expected: "B31f"),
        Case(keyword: "DetectorDescription", value: "plate of Miller", expected: "plate of"),
        Case(keyword: "DetectorDescription", value: "Miller", expected: "Removed"),
        Case(keyword: "KVP", value: "Ann Miller", expected: ""),
        // Both options together: the one that cleans
        Case(
            keyword: "Allergies", value: "Latex, Dr Miller: contrast",
            options: [.retainPatientCharacteristics, .cleanDescriptors], expected: "contrast"),
    ]

    @Test("Does what the table says", arguments: cases) func action(_ one: Case) throws {
        let tag = try #require(DICOMDictionary.tag(forKeyword: one.keyword))
        let result = try after(.text(tag, one.value), one.sopClass, one.options)
        #expect(text(result) == one.expected)
    }

    @Test("Names of the patient are a pseudonym that belongs to the key") func pseudonyms() throws {
        let dataSet = DataSet([
            .text(.patientName, "Miller^Ann"), .text(.patientID, "4711"), .text(.sopClassUID, Self.ct),
        ])
        let first = try Deidentifier(key: .test).apply(to: DICOMFile(dataSet: dataSet)).file.dataSet
        let name = try #require(first.string(.patientID))
        #expect(name == first.string(.patientName))
        #expect(name.count == 13 && name.hasPrefix("P"))
        let again = try Deidentifier(options: [.cleanDescriptors], key: .test).apply(
            to: DICOMFile(dataSet: dataSet))
        #expect(again.file.dataSet.string(.patientID) == name)
        let other = DeidentificationKey(Array(1..<33))
        let different = try Deidentifier(key: other).apply(to: DICOMFile(dataSet: dataSet)).file.dataSet
        #expect(different.string(.patientID) != name)
    }

    @Test("Image references stay where the IOD needs them, with new UIDs") func references() throws {
        let item = DataSet([
            .text(Tag(0x0008, 0x1150), Self.ct), .text(Tag(0x0008, 0x1155), "1.2.3.4"),
        ])
        let tag = Tag(0x0008, 0x2112)
        #expect(try after(.sequence(tag, [item])) == nil)
        let ultrasoundVolume = "1.2.840.10008.5.1.4.1.1.6.2"
        let kept = try #require(try after(.sequence(tag, [item]), ultrasoundVolume))
        let reference = try #require(DataSet([kept]).items(tag).first)
        #expect(reference.string(Tag(0x0008, 0x1150)) == Self.ct)
        #expect(reference.string(Tag(0x0008, 0x1155))?.hasPrefix("2.25.") == true)
        let retained = try #require(try after(.sequence(tag, [item]), Self.ct, [.retainUIDs]))
        #expect(DataSet([retained]).items(tag).first?.string(Tag(0x0008, 0x1155)) == "1.2.3.4")
    }

    @Test("Says what was done") func methodAttributes() throws {
        let options: Set<ConfidentialityOption> = [.retainModifiedDates, .cleanDescriptors]
        let file = DICOMFile(
            dataSet: DataSet([
                .text(.sopClassUID, Self.ct), .text(.patientID, "7"), .text(Tag(0x0012, 0x0063), "old"),
            ]))
        let dataSet = try Deidentifier(options: options, key: .test).apply(to: file).file.dataSet
        #expect(dataSet.string(Tag(0x0012, 0x0062)) == "YES")
        #expect(dataSet.strings(Tag(0x0012, 0x0063)).allSatisfy { $0.count <= 64 && $0 != "old" })
        let codes = dataSet.items(Tag(0x0012, 0x0064)).compactMap { $0.string(Tag(0x0008, 0x0100)) }
        #expect(codes == ["113100", "113105", "113107"])
        #expect(dataSet.string(Tag(0x0028, 0x0303)) == "MODIFIED")
    }

    @Test("Two ways with dates exclude each other") func contradiction() {
        #expect(throws: DeidentificationError.self) {
            try Deidentifier(options: [.retainFullDates, .retainModifiedDates], key: .test)
        }
        #expect(throws: DeidentificationError.self) {
            try Deidentifier(profile: .keepAll, options: [.retainUIDs], key: .test)
        }
    }

    @Test("Words of a site's own codes are cleaned, published ones stay") func codes() throws {
        func meaning(_ scheme: String, _ text: String) throws -> String? {
            let code = DataSet([
                .text(Tag(0x0008, 0x0100), "1"), .text(Tag(0x0008, 0x0102), scheme),
                .text(Tag(0x0008, 0x0104), text),
            ])
            let tag = Tag(0x0008, 0x2218)  // AnatomicRegionSequence
            let result = try #require(try after(.sequence(tag, [code])))
            return DataSet([result]).items(tag).first?.string(Tag(0x0008, 0x0104))
        }
        #expect(try meaning("SCT", "Left Bronchus Intermedius") == "Left Bronchus Intermedius")
        #expect(try meaning("99HOSPITAL", "Chest, Dr Miller") == "Chest")
        #expect(try meaning("99HOSPITAL", "Miller") == "Removed")
    }

    @Test("A directory of media is refused") func directory() throws {
        let file = DICOMFile(dataSet: DataSet([.sequence(Tag(0x0004, 0x1220), [])]))
        #expect(throws: DeidentificationError.self) { try Deidentifier(key: .test).apply(to: file) }
    }

    @Test("Private attributes go, the safe ones stay when asked") func safePrivate() throws {
        let dataSet = DataSet([
            .text(Tag(0x0019, 0x0010), "ACME 1.0"), .text(Tag(0x0019, 0x1001), "x"),
            .text(Tag(0x0019, 0x0011), "SIEMENS MR HEADER"), .text(Tag(0x0019, 0x110c), "1000", vr: .IS),
            .text(Tag(0x0019, 0x1108), "IMAGE", vr: .CS),
            .text(Tag(0x0009, 0x0010), "OWN"), .text(Tag(0x0009, 0x1002), "fine"),
            .sequence(
                Tag(0x0008, 0x0300),
                [
                    DataSet([
                        .uint16(Tag(0x0008, 0x0301), 9), .text(Tag(0x0008, 0x0302), "OWN"),
                        .text(Tag(0x0008, 0x0303), "SAFE"),
                    ])
                ]),
        ])
        let none = try Deidentifier(key: .test).apply(to: DICOMFile(dataSet: dataSet))
        #expect(!none.file.dataSet.elements.contains { $0.tag.isPrivate })
        #expect(none.findings.contains { $0.code == .privateAttributesRemoved && $0.count == 4 })
        let safe = try Deidentifier(options: [.retainSafePrivate], key: .test).apply(
            to: DICOMFile(dataSet: dataSet))
        #expect(
            safe.file.dataSet.elements.map(\.tag).filter(\.isPrivate) == [
                Tag(0x0009, 0x0010), Tag(0x0009, 0x1002), Tag(0x0019, 0x0011), Tag(0x0019, 0x110c),
            ])
    }

    @Test("Overlays: regions of interest may stay, graphics not") func overlays() throws {
        func dataSet(_ type: String) -> DataSet {
            DataSet([
                .text(Tag(0x6000, 0x0040), type, vr: .CS), .bytes(Tag(0x6000, 0x3000), [1, 2], vr: .OW),
                .text(Tag(0x6000, 0x4000), "note", vr: .LT), .uint16(Tag(0x6000, 0x0010), 4),
            ])
        }
        func groups(_ type: String, _ options: Set<ConfidentialityOption>) throws -> [DICOM.Tag] {
            try Deidentifier(options: options, key: .test).apply(to: DICOMFile(dataSet: dataSet(type)))
                .file.dataSet.elements.map(\.tag).filter { $0.group == 0x6000 }
        }
        #expect(try groups("R", []).isEmpty)
        #expect(try groups("G", [.cleanGraphics]).isEmpty)
        #expect(
            try groups("R", [.cleanGraphics]) == [
                Tag(0x6000, 0x0010), Tag(0x6000, 0x0040), Tag(0x6000, 0x3000),
            ])
    }
}
