import DICOM
import DICOMStore
import Database
import Foundation
import LightboxCore
import TestSupport
import Testing

/// Two stores with the same instances, one indexed in SQLite and one in PostgreSQL.
@Suite("Both engines", .enabled(if: TestEngine.isPostgres, "make test-postgres"))
struct EnginesTests {
    private static let referringPhysicianName = DICOM.Tag(0x0008, 0x0090)
    /// In the index, but in no column of its own.
    private static let patientComments = DICOM.Tag(0x0010, 0x4000)

    /// Of one study each, told apart by odd values of what is searched for.
    private static let studies: [[Element]] = {
        let patients = [
            "a", "A", "B", "b", "ä", "Z", "z", "_", "%", "a%b", "a_b", "a\\b", "[x]", "A*B", "é", "e\u{301}", "𝔄",
            "\u{FFFD}",
            "10", "9", " x", nil,
        ]
        let names = [
            "Doe^Jane", "Müller^Jörg=穆勒^約爾格", "DOE^JOHN", "O'Neil^Ann Mary", "ﾔﾏﾀﾞ^ﾀﾛｳ", "Doe", "%^_", nil,
        ]
        let dates = ["20240131", "19991231", "2024", nil, "20240201", "20231231"]
        return patients.enumerated().map { number, patient in
            var elements: [Element] = [
                .text(.specificCharacterSet, "ISO_IR 192"), .int(.seriesNumber, number % 3),
            ]
            func add(_ tag: DICOM.Tag, _ vr: VR, _ text: String?) {
                if let text { elements.append(.text(tag, text, vr: vr)) }
            }
            add(.patientID, .LO, patient)
            add(.patientName, .PN, names[number % names.count])
            add(.studyDate, .DA, dates[number % dates.count])
            add(.studyTime, .TM, ["1305", "130500.25", "12", nil][number % 4])
            add(.accessionNumber, .SH, number % 3 == 0 ? nil : "ACC\(number % 5)")
            add(.modality, .CS, ["CT", "MR", "DX", nil][number % 4])
            add(.studyDescription, .LO, ["Thorax", "thorax", "THORAX 50%"][number % 3])
            add(referringPhysicianName, .PN, number % 2 == 0 ? "House^Gregory" : nil)
            add(patientComments, .LT, number % 2 == 0 ? "yes" : "no")
            return elements
        }
    }()

    private static func bytes(_ number: Int, _ instance: Int) -> [UInt8] {
        let kept: Set<DICOM.Tag> = [.patientID, .patientName, .studyDate, .studyTime, .modality]
        let plain = instanceBytes(
            study: "1.2.\(number * 7 % 23)", series: "1.3.\(number).\(instance / 2)",
            instance: "1.4.\(number).\(instance)")
        guard let file = try? DICOMFile(bytes: Bytes(plain)) else { preconditionFailure("it was just written") }
        let elements = file.dataSet.elements.filter { !kept.contains($0.tag) }
        guard let bytes = try? DICOMFile(dataSet: DataSet(elements + studies[number])).serialized() else {
            preconditionFailure("a plain data set can be written")
        }
        return bytes
    }

    private func withBoth(_ body: (_ sqlite: DICOMStore, _ postgres: DICOMStore) async throws -> Void) async throws
    {
        try await withStore { postgres, folder async throws in
            let sqlite = try DICOMCatalog(home: Home(path: folder + "/sqlite"))
                .store(postgres.name, creating: true)
            for number in Self.studies.indices {
                for instance in 0..<4 {
                    let bytes = Bytes(Self.bytes(number, instance))
                    for store in [sqlite, postgres] { #expect(try store.ingest(bytes, from: "") == .added) }
                }
            }
            try await body(sqlite, postgres)
        }
    }

    private static let values: KeyValuePairs<DICOM.Tag, String> = [
        .patientID: "a,A,a*,?,??,*b,_,%,a%b,a_*,a\\b,[*,é,e\u{301},𝔄,1*,,x, x",
        .patientName: "doe^jane,Doe*,*j*,muller*,穆勒*,ヤマダ*,o'neil^ann mary,%*,_^?,Doe,=",
        .studyDate: "20240131,2024,20231231-20240201,-20240131,20240101-,-",
        .studyTime: "1305,12-1305,-13,1305-", .accessionNumber: "ACC1,ACC?,*1", .modality: "CT,CT\\MR,D*,?T,US",
        .studyDescription: "thorax,*50%,T*", .seriesNumber: "2,9", .instanceNumber: "7",
        .sopInstanceUID: "1.4.3.1,1.4.3.1\\1.4.5.0", .seriesInstanceUID: "1.3.3.1,1.3.3.1\\1.3.4.0",
        .studyInstanceUID: "1.2.7,1.2.7\\1.2.14", patientComments: "yes", .pixelSpacing: "0.5",
    ]

    private static let terms: [[AttributeQuery.Term]] = {
        var terms: [[AttributeQuery.Term]] = [[]]
        for (tag, list) in values {
            for value in list.split(separator: ",", omittingEmptySubsequences: false) {
                terms.append([.init(tag, String(value))])
            }
        }
        terms.append([.init(.modality, "CT"), .init(.patientName, "Doe*")])
        terms.append([
            .init(.studyDate, "20240101-"), .init(.modality, "MR"), .init(referringPhysicianName, "house*"),
        ])
        terms.append([.init(.accessionNumber, "ACC1"), .init(patientComments, "no")])
        return terms
    }()

    @Test("Every search has the same results in the same order, page by page") func searches() async throws {
        try await withBoth { sqlite, postgres async throws in
            var met = 0
            for terms in Self.terms {
                for level in AttributeQuery.Level.allCases {
                    for order in level == .study ? [AttributeQuery.Order.any, .newest, .patient] : [.any] {
                        for (limit, offset, isFuzzy) in [(1000, 0, false), (3, 2, false), (5, 1, true)] {
                            var query = AttributeQuery(
                                level: level, terms: terms, isFuzzy: isFuzzy, limit: limit, offset: offset)
                            query.order = order
                            let expected = try sqlite.search(query).map { DICOMJSON.encode($0) }
                            let found = try postgres.search(query).map { DICOMJSON.encode($0) }
                            #expect(found == expected, "\(level) \(order) \(terms) \(limit) \(offset) \(isFuzzy)")
                            met += found.count
                        }
                    }
                }
            }
            #expect(met > 4000)
        }
    }

    @Test("Walks, filters, counts and fingerprints are the same") func walks() async throws {
        try await withBoth { sqlite, postgres async throws in
            let query = AttributeQuery(level: .instance, limit: 1000)
            var walked: [[[UInt8]]] = []
            for store in [sqlite, postgres] {
                var found: [[UInt8]] = []
                try store.search(query) { found.append(DICOMJSON.encode($0)) }
                walked.append(found)
            }
            #expect(walked[0] == walked[1] && walked[0].count == 4 * Self.studies.count)
            let filters = [
                InstanceFilter.all, InstanceFilter(studyInstanceUID: "1.2.7"), InstanceFilter(patientID: "a"),
                InstanceFilter(accessionNumber: "ACC1", modality: "CT"), InstanceFilter(modality: "MR"),
                InstanceFilter(seriesInstanceUID: "1.3.3.1"), InstanceFilter(patientID: "none"),
            ]
            for filter in filters {
                #expect(try sqlite.counts(of: filter) == postgres.counts(of: filter))
                #expect(try sqlite.fingerprint(of: filter) == postgres.fingerprint(of: filter))
                #expect(try sqlite.transferSyntaxes(of: filter) == postgres.transferSyntaxes(of: filter))
                let records = try [sqlite, postgres].map { store in
                    var cursor = InstanceCursor(store, matching: filter)
                    var found: [InstanceRecord] = []
                    while let instance = try cursor.next() { found.append(instance.record) }
                    return found
                }
                #expect(records[0] == records[1])
            }
            #expect(try sqlite.counts() == postgres.counts())
        }
    }

    @Test("An index that is copied to the other engine, and back, has all it had") func copies() async throws {
        try await withBoth { sqlite, postgres async throws in
            let home = sqlite.catalog.home
            _ = try sqlite.catalog.changeSettings(of: sqlite.name) { $0.keepsRevisions = true }
            let changed = instanceBytes(study: "1.2.0", series: "1.3.0.0", instance: "1.4.0.0", pixel: 9)
            #expect(try sqlite.ingest(Bytes(changed), from: "") == .revised)
            let gone = try sqlite.catalog.store(DICOMStoreName("gone"), creating: true)
            try sqlite.catalog.delete(gone.name)
            let address = postgres.catalog.home.settings.database
            let (file, server) = (
                try SQLDatabase(file: home.catalog), try SQLDatabase(postgres: #require(address))
            )
            let copier = DatabaseCopier(
                migrations: DICOMCatalog.migrations(of: home), overwrites: true, mending: DICOMCatalog.mended)
            let there = try copier.copy(from: file, to: server)
            let counts = Dictionary(uniqueKeysWithValues: there.map { ($0.name, $0.rows) })
            #expect(counts["dicom_instance"] == 88 && counts["dicom_study"] == 22 && counts["dicom_revision"] == 1)
            // The files stay where they are.
            let moved = try DICOMCatalog(
                home: Home(path: home.path, settings: HomeSettings(database: address))
            ).store(sqlite.name)
            #expect(try await moved.verify() == IngestTests.whole(88))
            #expect(try moved.revisions() == sqlite.revisions())
            let all = AttributeQuery(level: .instance, limit: 1000)
            let found = try [moved, sqlite].map { try $0.search(all).map { DICOMJSON.encode($0) } }
            #expect(found[0] == found[1])
            // No number is given twice, of a row or of a store.
            let new = Bytes(instanceBytes(study: "1.9", series: "1.9.1", instance: "1.9.2"))
            #expect(try moved.ingest(new, from: "") == .added)
            _ = try moved.catalog.store(DICOMStoreName("new"), creating: true)
            let other = Home(path: home.path + "/other")
            try other.create()
            let back = try copier.copy(from: server, to: SQLDatabase(file: other.catalog))
            #expect(back.first { $0.name == "dicom_instance" }?.rows == 89)
            let copied = try DICOMCatalog(home: other)
            #expect(try copied.stores() == moved.catalog.stores())
            #expect(try copied.store(sqlite.name).fingerprint(of: .all) == moved.fingerprint(of: .all))
        }
    }

    @Test("Texts that an older index has, and PostgreSQL does not take, keep no copy from it") func mends()
        async throws
    {
        try await withBoth { sqlite, postgres async throws in
            let file = try SQLDatabase(file: sqlite.catalog.home.catalog)
            let long = (0..<3000).map { "\($0 * 7919 % 10_007)" }.joined()
            try file.write { database in
                try database.execute(
                    "UPDATE dicom_study SET patient_id = ?, accession_number = ? WHERE patient_id = 'a'",
                    ["A\0B", long])
                try database.execute("UPDATE dicom_name SET word = ? WHERE word = 'jane'", [long])
            }
            let server = try SQLDatabase(postgres: #require(postgres.catalog.home.settings.database))
            let migrations = DICOMCatalog.migrations(of: sqlite.catalog.home)
            #expect(throws: DatabaseFailure.self) {
                try DatabaseCopier(migrations: migrations, overwrites: true).copy(from: file, to: server)
            }
            let mending = DatabaseCopier(
                migrations: migrations, overwrites: true, mending: DICOMCatalog.mended)
            #expect(try !mending.copy(from: file, to: server).isEmpty)
            let moved = try DICOMCatalog(home: postgres.catalog.home).store(postgres.name)
            let query = AttributeQuery(level: .study, terms: [.init(.patientID, "A\0B")])
            // A backslash divides values: `a\b` begins with `a` too.
            #expect(try moved.search(query).count == 2)
            #expect(try moved.counts() == sqlite.counts())
        }
    }
}
