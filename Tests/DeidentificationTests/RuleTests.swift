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

    private static let overlay: [Element] = [
        .uint16(Tag(0x6000, 0x0010), 8), .text(Tag(0x6000, 0x0022), "Miller"),
        .text(Tag(0x6000, 0x0040), "R", vr: .CS),
        .text(Tag(0x6000, 0x1500), "Ann"), .bytes(Tag(0x6000, 0x3000), [1, 2], vr: .OW),
        .text(Tag(0x6000, 0x4000), "seen by Miller"), .text(Tag(0x6000, 0x7777), "Miller", vr: .LO),
    ]

    private static let overlayWithoutTexts = [Tag(0x6000, 0x0010), Tag(0x6000, 0x0040), Tag(0x6000, 0x3000)]

    @Test(
        "Rules reach every attribute of an overlay",
        arguments: [
            // The whole of it goes with its data, and what a rule keeps stays.
            ("rules: [{keep: PatientSex}]", []), ("rules: [{keep: 60001500}]", [Tag(0x6000, 0x1500)]),
            ("options: [clean-graphics]", overlayWithoutTexts),
            (
                "options: [clean-graphics]\nrules: [{remove: \"vr:CS\"}]",
                [Tag(0x6000, 0x0010), Tag(0x6000, 0x3000)]
            ),
            (
                "options: [clean-graphics]\nrules: [{keep: 60xx0022}, {remove: 60000010}]",
                [Tag(0x6000, 0x0022), Tag(0x6000, 0x0040), Tag(0x6000, 0x3000)]
            ),
            ("options: [clean-graphics]\nrules: [{remove: \"vr:OW\"}]", []),
            ("profile: keep-listed\nrules: [{keep: 60xx3000}]", overlayWithoutTexts),
            ("profile: minimal\nrules: [{keep: 60003000}]", overlayWithoutTexts),
            ("profile: keep-all\nrules: [{remove: 60004000}, {remove: \"vr:LO\"}]", overlayWithoutTexts),
            ("profile: keep-all\nrules: [{remove: 60004000}]", overlay.map(\.tag).filter { $0.element != 0x4000 }),
        ])
    func overlays(yaml: String, expected: [DICOM.Tag]) throws {
        let result = try apply(yaml, to: Self.overlay).file.dataSet
        #expect(result.elements.map(\.tag).filter { $0.group == 0x6000 } == expected)
    }

    @Test("An overlay attribute can be replaced, emptied and hashed") func overlayActions() throws {
        let result = try apply(
            """
            options: [clean-graphics]
            rules:
              - {replace: 60000022, with: Lesion}
              - empty: 60001500
              - hash: 60004000
            """, to: Self.overlay
        ).file.dataSet
        #expect(result.string(Tag(0x6000, 0x0022)) == "Lesion")
        #expect(result[Tag(0x6000, 0x1500)] != nil && result.string(Tag(0x6000, 0x1500)) == nil)
        #expect(result.string(Tag(0x6000, 0x4000))?.count == 16)
    }

    @Test(
        "Dates that a rule keeps or moves are not called removed",
        arguments: [
            ("", "REMOVED"), ("rules: [{keep: PatientSex}]", "REMOVED"),
            ("rules: [{keep: StudyDate}]", "UNMODIFIED"),
            ("rules: [{shift: StudyDate}]", "MODIFIED"), ("rules: [{hash: \"vr:DA\"}]", "MODIFIED"),
            ("rules: [{remove: StudyDate}]", "REMOVED"), ("rules: [{keep: \"vr:TM\"}]", "REMOVED"),
            ("options: [retain-modified-dates]", "MODIFIED"), ("options: [retain-full-dates]", "UNMODIFIED"),
            ("options: [retain-modified-dates]\nrules: [{keep: StudyDate}]", "UNMODIFIED"),
            ("rules: [{keep: SeriesDate}]", "REMOVED"),
        ])
    func dates(yaml: String, expected: String) throws {
        let elements = Self.elements + [.text(Tag(0x0008, 0x0021), "")]
        #expect(try apply(yaml, to: elements).file.dataSet.string(Tag(0x0028, 0x0303)) == expected)
    }

    @Test("Profiles that keep little look for names in what they keep, too", arguments: ["basic", "minimal"])
    func namesInKeptTexts(profile: String) throws {
        let file =
            RuleTests.elements + [
                .text(Tag(0x0028, 0x1055), "LUNG", "MILLER"), .text(Tag(0x0028, 0x3003), "seen by Miller"),
                .text(Tag(0x0008, 0x0008), "ORIGINAL", "MILLER", vr: .CS),
                .text(Tag(0x0018, 0x0050), "Ann", vr: .DS),
            ]
        let result = try apply("profile: \(profile)", to: file)
        #expect(result.file.dataSet.string(Tag(0x0012, 0x0062)) == "YES")
        let written = try result.file.serialized()
        for name in ["MILLER", "Miller", "Ann"] { #expect(written.firstRange(of: Array(name.utf8)) == nil) }
        #expect(result.findings.contains { $0.code == .identifierInText })
        #expect(result.findings.contains { $0.code == .malformedValueRemoved })
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
        func overlay(_ config: GoogleDeidentifyConfig) throws -> [UInt16] {
            try Deidentifier(google: config, key: .test).apply(to: DICOMFile(dataSet: DataSet(Self.overlay)))
                .file.dataSet.elements.filter { $0.tag.group == 0x6000 }.map(\.tag.element)
        }
        #expect(try overlay(.init(removeList: ["60004000"])) == [0x10, 0x22, 0x40, 0x1500, 0x3000, 0x7777])
        #expect(try overlay(.init(keepList: ["60003000"])) == [0x10, 0x40, 0x3000])
        #expect(try overlay(.init(keepList: ["PatientSex"])).isEmpty)
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
