import DICOM
import DICOMStore
import Database
import Foundation
import LightboxCore
import Synchronization
import TestSupport
import Testing

@Suite("An index in PostgreSQL", .enabled(if: TestEngine.isPostgres, "make test-postgres"))
struct SharedIndexTests {
    /// Two homes of one database.
    private func withHomes(_ body: ([Home], _ folder: String) async throws -> Void) async throws {
        try await withAsyncTemporaryFolder { folder in
            try FileManager.default.createDirectory(atPath: folder + "/in", withIntermediateDirectories: true)
            let settings = HomeSettings(database: try TestEngine.database(named: folder))
            try await body(["/a", "/b"].map { Home(path: folder + $0, settings: settings) }, folder)
        }
    }

    @Test("Two homes see each other's instances at once, and add each once") func shares() async throws {
        try await withHomes { homes, folder async throws in
            let name = try DICOMStoreName("d/s")
            let stores = try homes.map { try DICOMCatalog(home: $0).store(name, creating: true) }
            for number in 0..<5 {
                let bytes = Bytes(instanceBytes(instance: "1.1.\(number)"))
                #expect(try stores[number % 2].ingest(bytes, from: "") == .added)
                #expect(try stores[1 - number % 2].instance("1.1.\(number)") != nil)
                #expect(try stores[1 - number % 2].ingest(bytes, from: "") == .unchanged)
            }
            let paths = try write((0..<100).map { instanceBytes(instance: "1.4.\($0)") }, in: folder)
            async let first = stores[0].ingest(paths)
            async let second = stores[1].ingest(paths.reversed())
            let reports = try await [first, second]
            #expect(reports.map(\.written).reduce(0, +) == 100 && reports.map(\.unchanged).reduce(0, +) == 100)
            #expect(reports.flatMap(\.problems).isEmpty)
            #expect(try stores.map { try $0.counts() } == [stores[1].counts(), stores[0].counts()])
            #expect(try stores[0].counts().instances == 105)
            #expect(try stores[0].remove(.all) == 105 && stores[1].search(AttributeQuery(level: .study)).isEmpty)
            #expect(try stores[1].counts().series == 0)
        }
    }

    @Test(
        "A connection that breaks is made good: the transaction runs again, over files that are in their places",
        arguments: [IngestStep.renamed, .foldersSynced, .rowsWritten])
    func broken(step: IngestStep) async throws {
        try await withHomes { homes, folder async throws in
            let address = try #require(homes[0].settings.database)
            let killer = try SQLDatabase(postgres: address + "&application_name=killer", connections: 1)
            let catalog = try DICOMCatalog(home: homes[0])
            let breaks = Mutex(0)
            let store = try catalog.store(DICOMStoreName("d/s"), creating: true, batchSize: 256) { reached in
                let isFirst = breaks.withLock { count in
                    guard reached == step else { return false }
                    count += 1
                    return count == 1
                }
                guard isFirst else { return }
                try killer.write(.readCommitted) { transaction in
                    let killed: [Bool] = try transaction.column(
                        """
                        SELECT pg_terminate_backend(a.pid) FROM pg_stat_activity a
                        JOIN pg_locks l ON l.pid = a.pid AND l.relation = 'dicom_store'::regclass
                        WHERE a.application_name = 'lightbox'
                        """)
                    #expect(killed == [true])
                }
            }
            let paths = try write((0..<20).map { instanceBytes(instance: "1.4.\($0)") }, in: folder)
            let report = try? await store.ingest(paths)
            if step == .rowsWritten {
                // Whether the commit was made is not known, and nothing is acknowledged.
                #expect(report == nil)
            } else {
                #expect(report?.written == 20 && report?.problems.isEmpty == true)
                #expect(breaks.withLock { $0 } == 2)
            }
            let again = try DICOMCatalog(home: homes[0]).store(store.name)
            #expect(try await isConsistent(again))
            let later = try await again.ingest(paths)
            #expect(later.written + later.unchanged == 20)
            #expect(try await again.verify() == IngestTests.whole(20))
        }
    }

    @Test("Servers that start at once make the tables and the store once") func starts() async throws {
        try await withHomes { homes, _ async throws in
            try await withThrowingTaskGroup(of: Int.self) { group in
                for number in 0..<6 {
                    group.addTask {
                        try await onOwnThread {
                            let catalog = try DICOMCatalog(home: homes[number % 2])
                            return try catalog.store(DICOMStoreName("d/s"), creating: true).counts().instances
                        }
                    }
                }
                for try await count in group { #expect(count == 0) }
            }
            #expect(try DICOMCatalog(home: homes[0]).stores().count == 1)
        }
    }

    /// Of 2,000 studies.
    private static let queries: [AttributeQuery] = {
        var newest = AttributeQuery(level: .study, limit: 50)
        newest.order = .newest
        var patients = AttributeQuery(level: .study, limit: 50, offset: 100)
        patients.order = .patient
        return [
            newest, patients, AttributeQuery(level: .study, terms: [.init(.patientID, "P77")]),
            AttributeQuery(level: .study, terms: [.init(.patientID, "P77*")], limit: 20),
            AttributeQuery(level: .study, terms: [.init(.accessionNumber, "A1234")]),
            AttributeQuery(level: .study, terms: [.init(.studyDate, "20240105")], limit: 20),
            AttributeQuery(level: .study, terms: [.init(.studyInstanceUID, "1.2.77")]),
            AttributeQuery(level: .study, terms: [.init(.patientName, "family77^*")], limit: 20),
            AttributeQuery(level: .study, terms: [.init(.patientName, "family77")], isFuzzy: true, limit: 20),
            AttributeQuery(level: .study, terms: [.init(.sopInstanceUID, "1.4.77")]),
            AttributeQuery(level: .series, terms: [.init(.seriesInstanceUID, "1.3.77")]),
            AttributeQuery(level: .series, terms: [.init(.modality, "MG")]),
            AttributeQuery(level: .instance, terms: [.init(.sopInstanceUID, "1.4.77")]),
            AttributeQuery(level: .instance, terms: [.init(.studyInstanceUID, "1.2.77")]),
        ]
    }()

    @Test("Exact searches and pages walk no whole table") func plans() async throws {
        try await withHomes { homes, _ async throws in
            let server = try SQLDatabase(postgres: #require(homes[0].settings.database))
            /// Of each table: how often it was walked, or one of its indexes.
            func scans(_ kind: String) throws -> [String: Int] {
                try server.read { database in
                    let rows = try database.all(
                        "SELECT relname::text, coalesce(\(kind), 0) FROM pg_stat_user_tables WHERE schemaname = ?",
                        [server.schema])
                    return Dictionary(uniqueKeysWithValues: try rows.map { (try $0.get(0), try $0.get(1)) })
                        .filter {
                            ["dicom_study", "dicom_series", "dicom_instance", "dicom_name"].contains($0.key)
                        }
                }
            }
            do {
                let store = try DICOMCatalog(home: homes[0]).store(DICOMStoreName("d/s"), creating: true)
                _ = try store.ingest(Bytes(instanceBytes(instance: "1.1")), from: "")
                var record = try #require(try store.instance("1.1")).record
                try store.addRows(
                    (0..<20_000).lazy.map { number in
                        let study = number / 10
                        record.study.studyInstanceUID = "1.2.\(study)"
                        record.study.patientID = "P\(study / 2)"
                        record.study.patientName = "Family\(study % 500)^Given\(study % 77)"
                        record.study.accessionNumber = "A\(study)"
                        record.study.studyDate = String(format: "2024%02d%02d", 1 + study % 12, 1 + study % 28)
                        record.series.seriesInstanceUID = "1.3.\(number / 5)"
                        record.series.modality = number < 20 ? "MG" : "CT"
                        record.instance.sopInstanceUID = "1.4.\(number)"
                        return (record, ContentHash(of: "\(number)".utf8))
                    })
            }
            try server.write(.readCommitted) { try $0.script("ANALYZE") }
            let before = try await settled { try scans("seq_scan") }
            let walked = try scans("idx_scan")
            do {
                let store = try DICOMCatalog(home: homes[1]).store(DICOMStoreName("d/s"))
                for query in Self.queries {
                    // Often enough that the server would take to one plan for all values.
                    for _ in 0..<8 { #expect(try !store.search(query).isEmpty) }
                }
            }
            // The server counts what a connection did when that has ended.
            let after = try await settled { try scans("seq_scan") }
            #expect(after == before, "\(after), not \(before)")
            let steps = try scans("idx_scan").values.reduce(0, +) - walked.values.reduce(0, +)
            #expect(steps > 8 * Self.queries.count)
        }
    }

    /// Numbers, once they have not changed for a while.
    private func settled(_ number: () throws -> [String: Int]) async throws -> [String: Int] {
        var last = try number()
        var same = 0
        while same < 15 {
            try await Task.sleep(for: .milliseconds(100))
            let next = try number()
            same = next == last ? same + 1 : 0
            last = next
        }
        return last
    }
}
