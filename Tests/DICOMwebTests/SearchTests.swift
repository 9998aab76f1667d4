import DICOM
import DICOMStore
import DICOMweb
import LightboxCore
import Testing

@Suite("Search") struct SearchTests {
    static let patients = [
        ("1.2.1", "P1", "Doe^John", "20240131", "A1", "CT"),
        ("1.2.2", "P2", "Müller^Jörg^^Dr", "20240215", "A2", "MR"),
        ("1.2.3", "P2", "Müller^Jörg^^Dr", "20230301", "A3", "MR"),
        ("1.2.4", "X9", "Yamada^Tarou=山田^太郎=やまだ^たろう", "20220101", "B[1]", "DX"),
    ]

    static func filled(
        _ settings: DICOMwebSettings = DICOMwebSettings(), _ body: (DICOMwebService) async throws -> Void
    ) async throws {
        try await withService(settings) { service in
            var files: [[UInt8]] = []
            for (study, id, name, date, accession, modality) in patients {
                for number in 1...4 {
                    let request = DataSet([
                        .text(Tag(0x0040, 0x0009), "STEP\(study.suffix(1))"), .text(Tag(0x0040, 0x1001), "R1"),
                    ])
                    files.append(
                        instanceBytes(
                            study: study, series: "\(study).\(number % 2)", instance: "\(study).0.\(number)",
                            more: [
                                .text(.specificCharacterSet, "ISO_IR 192"), .text(.patientID, id),
                                .text(.patientName, name), .text(.studyDate, date),
                                .text(.accessionNumber, accession), .text(.modality, modality),
                                .int(.instanceNumber, number), .text(Tag(0x0008, 0x0090), "House^Gregory"),
                                .text(.studyDescription, "Thorax"), .text(Tag(0x0008, 0x0201), "+0100"),
                                .sequence(Tag(0x0040, 0x0275), [request]),
                                .text(Tag(0x0018, 0x0060), number == 3 ? "120" : "80"),
                            ]))
                }
            }
            try service.store(files)
            try await body(service)
        }
    }

    static let studies: [(query: String, expected: [String])] = [
        ("", ["1", "2", "3", "4"]), ("PatientID=P2", ["2", "3"]), ("00100020=P2", ["2", "3"]),
        ("PatientID=p2", []), ("PatientID=P*", ["1", "2", "3"]), ("PatientID=?9", ["4"]),
        ("PatientID=*", ["1", "2", "3", "4"]),
        ("PatientID=", ["1", "2", "3", "4"]), ("PatientID=P2&StudyDate=20240215", ["2"]),
        ("StudyDate=20230101-20240131", ["1", "3"]), ("StudyDate=20240131-", ["1", "2"]),
        ("StudyDate=-20230301", ["3", "4"]), ("StudyDate=20240131", ["1"]),
        ("StudyTime=1305", ["1", "2", "3", "4"]), ("StudyTime=1306-", []),
        ("StudyTime=-1305", ["1", "2", "3", "4"]),
        ("StudyInstanceUID=1.2.1,1.2.3", ["1", "3"]), ("StudyInstanceUID=1.2.1%5C1.2.4", ["1", "4"]),
        ("AccessionNumber=B%5B1%5D", ["4"]), ("AccessionNumber=B%5B*", ["4"]), ("AccessionNumber=%5BAB%5D1", []),
        ("PatientName=doe%5Ejohn", ["1"]), ("PatientName=Doe", []), ("PatientName=DOE*", ["1"]),
        ("PatientName=Muller%5EJorg*", ["2", "3"]), ("PatientName=*%5Ej*", ["1", "2", "3"]),
        ("PatientName=%E5%B1%B1%E7%94%B0*", ["4"]), ("PatientName=yamada%5Etarou", ["4"]),
        ("PatientName=jo&fuzzymatching=true", ["1", "2", "3"]), ("PatientName=Do&fuzzymatching=true", ["1"]),
        ("PatientName=John+Doe&fuzzymatching=true", ["1"]), ("PatientName=ohn&fuzzymatching=true", []),
        ("PatientName=jorg&fuzzymatching=true", ["2", "3"]),
        ("ReferringPhysicianName=house*", ["1", "2", "3", "4"]), ("ReferringPhysicianName=house", []),
        ("ModalitiesInStudy=MR", ["2", "3"]), ("Modality=CT", ["1"]), ("ModalitiesInStudy=CT%5CDX", ["1", "4"]),
        ("SeriesInstanceUID=1.2.3.1", ["3"]), ("SOPInstanceUID=1.2.4.0.2", ["4"]),
        ("SOPInstanceUID=1.2.4.0.2&PatientID=P1", []), ("InstanceNumber=4&Modality=DX", ["4"]),
        ("RequestAttributesSequence.ScheduledProcedureStepID=STEP2", ["2"]),
        ("00400275.00400009=STEP*&PatientID=P2", ["2", "3"]),
        (
            "RequestAttributesSequence.ScheduledProcedureStepID=STEP2&RequestAttributesSequence.RequestedProcedureID=R2",
            []
        ),
        ("TimezoneOffsetFromUTC=%2B0100", ["1", "2", "3", "4"]), ("StudyDescription=thorax", []),
        ("PatientID=P1'%20OR%201=1--", []), ("PatientID=%25", []),
        ("alt=json&key=secret&prettyPrint=false&$.xgafv=2&PatientID=P1", ["1"]),
        ("limit=2", ["1", "2"]), ("limit=2&offset=3", ["4"]), ("limit=0", []), ("offset=9", []),
        ("TimezoneOffsetFromUTC=%2B0100&limit=1&offset=2", ["3"]),
    ]

    @Test("Finds studies") func finds() async throws {
        try await Self.filled { service in
            for (query, expected) in Self.studies {
                let answer = try await service.send(.get, "/studies?" + query)
                #expect(answer.status == 200 && answer.type == "application/dicom+json", "\(query)")
                let found = try answer.found().compactMap { $0.string(.studyInstanceUID) }
                #expect(found.sorted() == expected.map { "1.2." + $0 }, "\(query)")
            }
        }
    }

    static let below: [(address: String, count: Int)] = [
        ("/series", 8), ("/series/", 8), ("/series?Modality=MR", 4), ("/studies/1.2.1/series", 2),
        ("/studies/1.2.9/series", 0), ("/series?PatientName=doe*", 2), ("/series?InstanceNumber=3", 4),
        ("/instances", 16), ("/studies/1.2.1/instances", 4), ("/studies/1.2.1/series/1.2.1.1/instances", 2),
        ("/studies/1.2.2/series/1.2.1.1/instances", 0), ("/instances?limit=3", 3),
        ("/instances?SOPInstanceUID=1.2.1.0.1,1.2.4.0.4", 2), ("/instances?PatientID=P2", 8),
        ("/instances?KVP=120", 4),
        ("/instances?KVP=120.0&PatientID=P2", 2), ("/instances?Rows=4", 16), ("/instances?Rows=5", 0),
        ("/instances?RequestAttributesSequence.ScheduledProcedureStepID=STEP4", 4),
        ("/instances?TransferSyntaxUID=1.2.840.10008.1.2.1&limit=20", 0), ("/instances?offset=14", 2),
        ("/studies/1.2.1/series/1.2.1.1/instances?InstanceNumber=1", 1),
    ]

    @Test("Finds series and instances, everywhere and below a path") func findsBelow() async throws {
        try await Self.filled { service in
            for (address, count) in Self.below {
                let answer = try await service.send(.get, address)
                #expect(answer.status == 200, "\(address)")
                #expect(try answer.found().count == count, "\(address)")
            }
        }
    }

    @Test("Pages hold each study once, whatever the search") func pages() async throws {
        try await Self.filled { service in
            for query in ["", "PatientID=P*&", "StudyDate=20200101-&", "PatientName=*&", "Modality=MR&"] {
                var met: [String] = []
                for offset in 0..<6 {
                    let answer = try await service.send(.get, "/series?\(query)limit=2&offset=\(2 * offset)")
                    met += try answer.found().compactMap { $0.string(.seriesInstanceUID) }
                }
                #expect(Set(met).count == met.count)
                #expect(met.count == (query.contains("P*") ? 6 : query.contains("MR") ? 4 : 8))
            }
        }
    }

    @Test("Results have the usual attributes, and those asked for") func fields() async throws {
        try await Self.filled { service in
            let plain = try await service.send(.get, "/studies?StudyInstanceUID=1.2.1").dataSets()[0]
            #expect(plain.string(.patientName) == "Doe^John" && plain.string(.studyDescription) == nil)
            #expect(plain.string(Tag(0x0008, 0x0061)) == "CT" && plain.int(Tag(0x0020, 0x1206)) == 2)
            #expect(plain.int(Tag(0x0020, 0x1208)) == 4 && plain.string(Tag(0x0008, 0x0056)) == "ONLINE")
            #expect(plain.string(Tag(0x0008, 0x1190)) == "http://host/dw/studies/1.2.1")
            #expect(plain.string(Tag(0x0008, 0x0201)) == "+0100")
            let more = try await service.send(
                .get, "/studies?StudyInstanceUID=1.2.1&includefield=00081030&includefield=StudyID,PatientAge")
            #expect(try more.dataSets()[0].string(.studyDescription) == "Thorax")
            let all = try await service.send(.get, "/instances?SOPInstanceUID=1.2.4.0.3&includefield=all")
                .dataSets()[0]
            #expect(
                all.string(Tag(0x0018, 0x0060)) == "120" && all.int(.bitsStored) == 16 && all[.pixelData] == nil)
            #expect(all.string(.patientName) == "Yamada^Tarou=山田^太郎=やまだ^たろう")
            #expect(all.items(Tag(0x0040, 0x0275)).first?.string(Tag(0x0040, 0x0009)) == "STEP4")
            let series = try await service.send(.get, "/studies/1.2.1/series").dataSets()[0]
            #expect(series.items(Tag(0x0040, 0x0275)).count == 1 && series.int(Tag(0x0020, 0x1209)) == 2)
            #expect(series.string(.patientName) == nil && series.string(.studyInstanceUID) == "1.2.1")
            let across = try await service.send(.get, "/series?SeriesInstanceUID=1.2.1.1").dataSets()[0]
            #expect(across.string(.patientName) == "Doe^John")
        }
    }

    @Test("Google's defaults are Google's") func google() async throws {
        try await Self.filled(DICOMwebSettings(flavour: .google)) { service in
            let study = try await service.send(.get, "/studies?StudyInstanceUID=1.2.1").dataSets()[0]
            #expect(study[Tag(0x0008, 0x0061)] == nil && study[Tag(0x0008, 0x1190)] == nil)
            #expect(study.string(.specificCharacterSet) == "ISO_IR 192" && study.string(.patientID) == "P1")
            let none = try await service.send(.get, "/studies?PatientID=none", ["accept": "application/json"])
            #expect(none.status == 200 && none.text == "[]" && none.type == "application/json")
            #expect(try await service.send(.get, "/studies?PatientID=P2&alt=json").dataSets().count == 2)
        }
    }

    @Test("XML on request") func xml() async throws {
        try await Self.filled { service in
            let answer = try await service.send(
                .get, "/studies?PatientID=P2", ["accept": "multipart/related; type=\"application/dicom+xml\""])
            let parts = try answer.parts()
            #expect(parts.count == 2 && parts[0].headers["content-type"] == "application/dicom+xml")
            let text = String(decoding: parts[0].content, as: UTF8.self)
            #expect(text.contains("<DicomAttribute tag=\"00100010\" vr=\"PN\" keyword=\"PatientName\">"))
            #expect(
                text.contains("<FamilyName>Müller</FamilyName><GivenName>Jörg</GivenName><NameSuffix>Dr<") == false
            )
            #expect(text.contains("<NamePrefix>Dr</NamePrefix>"))
        }
    }

    static let wrong: [(address: String, status: Int)] = [
        ("/studies?limit=-1", 400), ("/studies?limit=secret", 400), ("/studies?offset=1000001", 400),
        ("/studies?fuzzymatching=secret", 400), ("/studies?secret=1", 400), ("/studies?includefield=secret", 400),
        ("/studies?StudyDate=secret", 400), ("/studies?StudyDate=2024-01-01", 400),
        ("/studies?StudyInstanceUID=se*", 400),
        ("/studies?NumberOfStudyRelatedInstances=5", 400), ("/series?InstanceAvailability=ONLINE", 400),
        ("/instances?Rows=secret", 400), ("/instances?InstanceNumber=secret", 400), ("/patients", 404),
        ("/studies/secret", 400), ("/studies/1.2/secret", 404), ("/", 404), ("", 404), ("/studies//series", 400),
        ("/studies?PatientID=%zz", 400), ("/studies?PatientID=%ff", 400), ("/studies?PatientID=%00", 400),
    ]

    @Test("What is wrong is named, and never its value") func refuses() async throws {
        try await withService { service in
            for (address, status) in Self.wrong {
                let answer = try await service.send(.get, address)
                #expect(answer.status == status, "\(address)")
                #expect(!answer.text.contains("secret"), "\(address)")
            }
        }
    }

    @Test("A search is of a size that can be answered, or refused") func sizes() async throws {
        try await withService { service in
            let long = String(repeating: "a%20", count: 256)
            for (query, status) in [
                (String(repeating: "PatientID=a&", count: 50), 200),
                (String(repeating: "PatientID=a&", count: 51), 400),
                (String(repeating: "PatientID=a&", count: 40_000), 400),
                ("fuzzymatching=true&PatientName=" + long, 200),
                ("fuzzymatching=true&PatientName=" + long + long, 400),
                ("PatientName=" + String(repeating: "*a", count: 300), 200),
                ("StudyInstanceUID=" + String(repeating: "1.2,", count: 20_000), 200),
                (String(repeating: "RequestAttributesSequence.", count: 2000) + "PatientID=a", 200),
            ] {
                let answer = try await service.send(.get, "/studies?" + query)
                #expect(answer.status == status, "\(query.prefix(40)): \(query.utf8.count)")
            }
        }
    }
}

extension Answer {
    /// The data sets of a JSON array, which may be empty.
    fileprivate func found() throws -> [DataSet] { text == "[]" ? [] : try dataSets() }
}
