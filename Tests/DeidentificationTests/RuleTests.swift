import DICOM
import Deidentification
import LightboxCore
import Testing

@Suite("Rules") struct RuleTests {
    private func apply(_ yaml: String, to elements: [Element]) throws -> DeidentifiedFile {
        let file = try RuleFile(yaml: yaml, file: "rules.yaml")
        let deidentifier = try Deidentifier(
            profile: file.profile ?? .basic, options: file.options, rules: file.rules, key: .test)
        return try deidentifier.apply(to: DICOMFile(dataSet: DataSet(elements)))
    }

    private static let elements: [Element] = [
        .text(.patientName, "Miller^Ann"), .text(.patientID, "4711"), .text(.accessionNumber, "A1234"),
        .text(.studyDate, "20200131"), .text(.institutionName, "Town Hospital"), .text(.patientSex, "F"),
        .text(.studyDescription, "CT chest Miller"), .text(Tag(0x0018, 0x1150), "250"),
        .text(Tag(0x0009, 0x0010), "ACME"), .text(Tag(0x0009, 0x1001), "one"), .text(Tag(0x0009, 0x1002), "two"),
        .text(Tag(0x0010, 0x4000), "afraid"), .bytes(Tag(0x6002, 0x3000), [1, 2], vr: .OW),
    ]

    @Test("Each action does what it says, the later of two counts") func actions() throws {
        let result = try apply(
            """
            options: [retain-patient-characteristics]
            rules:
              - remove: [PatientSex, 00181150]
              - keep: ["(0018,1150)", "60xx3000", "creator:ACME/0009/02"]
              - replace: InstitutionName
                with: Site 3
              - hash: AccessionNumber
              - shift: [StudyDate]
              - clean: StudyDescription
              - pseudonym: PatientComments
            """, to: Self.elements)
        let dataSet = result.file.dataSet
        #expect(dataSet[.patientSex] == nil)
        #expect(dataSet.string(Tag(0x0018, 0x1150)) == "250")
        #expect(dataSet[Tag(0x6002, 0x3000)] != nil)
        #expect(dataSet[Tag(0x0009, 0x1001)] == nil)
        #expect(dataSet.string(Tag(0x0009, 0x1002)) == "two")
        #expect(dataSet.string(Tag(0x0009, 0x0010)) == "ACME")
        #expect(dataSet.string(.institutionName) == "Site 3")
        #expect(dataSet.string(.accessionNumber)?.count == 16)
        #expect(dataSet.string(.accessionNumber) != "A1234")
        #expect(dataSet.string(.studyDate)?.count == 8 && dataSet.string(.studyDate) != "20200131")
        #expect(dataSet.string(.studyDescription) == "CT chest")
        #expect(dataSet.string(Tag(0x0010, 0x4000)) == dataSet.string(.patientID))
        #expect(result.findings.contains { $0.code == .keptByRule })
    }

    @Test("A kept name is not called removed") func keptName() throws {
        let result = try apply("rules: [{keep: PatientName}]", to: Self.elements)
        #expect(result.file.dataSet.string(.patientName) == "Miller^Ann")
        #expect(result.file.dataSet.string(Tag(0x0012, 0x0062)) == "NO")
    }

    @Test("Rules for pixels ask for clean pixels; others do not") func pixelRules() throws {
        let pixels = try RuleFile(yaml: "pixels: [{blank: [[0, 0, 9, 9]]}]", file: "rules.yaml")
        #expect(pixels.options == [.cleanPixelData] && pixels.rules.pixels.count == 1)
        #expect(try RuleFile(yaml: "rules: [{keep: PatientSex}]", file: "rules.yaml").options.isEmpty)
    }

    @Test("By value representation") func byVR() throws {
        let result = try apply("rules: [{remove: \"vr:LO\"}, {keep: PatientID}]", to: Self.elements)
        #expect(result.file.dataSet[.institutionName] == nil)
        #expect(result.file.dataSet.string(.patientID) == "4711")
    }

    @Test(
        "What cannot be meant is refused with its line",
        arguments: [
            ("rules:\n  - drop: PatientName", 2), ("rules:\n  - remove: PatientsName", 2), ("rule: []", 1),
            ("options: [retain-everything]", 1), ("rules:\n  - keep: A\n    remove: B", 2),
            ("pixels:\n  - modality: US", 2), ("pixels:\n  - blank: [[1, 2, 3]]", 2), ("profile: none", 1),
            ("rules:\n  - replace: PatientName", 2), ("rules: {}", 1),
        ])
    func refused(yaml: String, line: Int) throws {
        let error = try #require(throws: DeidentificationError.self) { try RuleFile(yaml: yaml, file: "r.yaml") }
        #expect(error.code == .invalidRules)
        #expect(error.place == "r.yaml line \(line)")
    }

    @Test("An empty file is no rules") func empty() throws {
        #expect(try RuleFile(yaml: "", file: "r.yaml").rules == RuleSet())
    }

    // MARK: Google's configuration

    private func google(_ config: GoogleDeidentifyConfig) throws -> DataSet {
        let elements =
            Self.elements + [.text(.sopInstanceUID, "1.2.3"), .text(.sopClassUID, "1.2.840.10008.5.1.4.1.1.2")]
        return try Deidentifier(google: config, key: .test)
            .apply(to: DICOMFile(dataSet: DataSet(elements))).file.dataSet
    }

    @Test("Lists of attributes to keep and to remove") func lists() throws {
        let kept = try google(GoogleDeidentifyConfig(keepList: ["PatientSex", "00181150"]))
        #expect(
            kept.elements.map(\.tag).filter { $0.group != 0x12 } == [
                .sopClassUID, .sopInstanceUID, .patientSex, Tag(0x0018, 0x1150),
            ])
        let removed = try google(GoogleDeidentifyConfig(removeList: ["PatientName", "InstitutionName"]))
        #expect(removed[.patientName] == nil && removed[.institutionName] == nil)
        #expect(removed.string(.patientID) == "4711")
        #expect(removed.string(Tag(0x0009, 0x1001)) == "one")
        #expect(removed[Tag(0x0012, 0x0062)] == nil)
        #expect(removed.string(.sopInstanceUID)?.hasPrefix("2.25.") == true)
    }

    @Test("Profiles") func profiles() throws {
        let basic = try google(GoogleDeidentifyConfig(filterProfile: "ATTRIBUTE_CONFIDENTIALITY_BASIC_PROFILE"))
        #expect(basic.string(Tag(0x0012, 0x0062)) == "YES")
        let all = try google(GoogleDeidentifyConfig(filterProfile: "KEEP_ALL_PROFILE", skipIdRedaction: true))
        #expect(all.string(.patientName) == "Miller^Ann" && all.string(.sopInstanceUID) == "1.2.3")
        let minimal = try google(GoogleDeidentifyConfig(filterProfile: "MINIMAL_KEEP_LIST_PROFILE"))
        #expect(minimal[.patientName] == nil && minimal[.sopInstanceUID] != nil)
        let contents = try google(GoogleDeidentifyConfig(filterProfile: "DEIDENTIFY_TAG_CONTENTS"))
        #expect(contents.string(.studyDescription) == "CT chest")
    }

    @Test("What is not supported or contradicts itself is refused") func unsupported() {
        for config in [
            GoogleDeidentifyConfig(textRedactionMode: "REDACT_ALL_TEXT"),
            GoogleDeidentifyConfig(filterProfile: "X"), GoogleDeidentifyConfig(keepList: ["Nothing"]),
            GoogleDeidentifyConfig(keepList: [], removeList: []),
        ] {
            #expect(throws: DeidentificationError.self) { try Deidentifier(google: config, key: .test) }
        }
    }
}
