import Catalog
import Database
import Foundation
import LightboxCore
import Synchronization
import TestSupport
import Testing

@Suite("Several servers on one PostgreSQL", .enabled(if: TestEngine.isPostgres, "make test-postgres"))
struct SeveralServersTests {
    private let work = Job.Work.training(TrainingWork(module: "trainer.task", arguments: []))

    /// Catalogues of homes of their own, whose tables are the same.
    private func withCatalogs(
        _ count: Int, leaseSeconds: Double = 15, _ body: ([ModelCatalog], _ database: String) throws -> Void
    ) throws {
        try withTemporaryFolder { folder in
            let database = try #require(try TestEngine.database(named: folder))
            let catalogs = try (0..<count).map { number in
                try ModelCatalog(
                    home: Home(path: folder + "/\(number)", settings: HomeSettings(database: database)),
                    leaseSeconds: leaseSeconds, now: nil)
            }
            try body(catalogs, database)
        }
    }

    private func onThreads(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
        let group = DispatchGroup()
        for number in 0..<count {
            group.enter()
            let thread = Thread {
                body(number)
                group.leave()
            }
            thread.start()
        }
        group.wait()
    }

    @Test("Eight workers of two servers do each of 200 jobs once") func eachOnce() throws {
        try withCatalogs(2) { catalogs, _ in
            for number in 0..<200 { try catalogs[number % 2].createJob("job\(number)", work) }
            let taken = Mutex<[String]>([])
            onThreads(8) { number in
                do {
                    while let lease = try catalogs[number % 2].claimJob() {
                        try lease.begin()
                        try lease.log("at work")
                        try lease.succeed()
                        taken.withLock { $0.append(lease.job.id) }
                    }
                } catch { taken.withLock { $0.append("\(error)") } }
            }
            let found = taken.withLock { $0 }
            #expect(found.count == 200 && Set(found).count == 200, "\(found.filter { !$0.hasPrefix("job") })")
            let jobs = try catalogs[0].jobs(.init(size: 100)).items
            #expect(jobs.allSatisfy { $0.state == .succeeded && $0.attempts == 1 })
            #expect(try catalogs[1].log(of: "job7").map(\.number) == [1, 2, 3])
            #expect(try !catalogs[1].hasOpenJobs())
        }
    }

    @Test("A server that ends connections at random loses no job") func broken() throws {
        try withCatalogs(2, leaseSeconds: 1) { catalogs, address in
            for number in 0..<120 { try catalogs[0].createJob("job\(number)", work) }
            let killer = try SQLDatabase(postgres: address + "&application_name=killer", connections: 1)
            let isDone = Mutex(false)
            let kills = Mutex(0)
            onThreads(5) { number in
                if number == 4 {
                    while !isDone.withLock({ $0 }), kills.withLock({ $0 < 15 }) {
                        let killed = try? killer.write(.readCommitted) { transaction in
                            try transaction.all(
                                """
                                SELECT pg_terminate_backend(a.pid) FROM pg_stat_activity a
                                JOIN pg_locks l ON l.pid = a.pid AND l.relation = 'job'::regclass
                                WHERE a.application_name = 'lightbox' LIMIT 1
                                """
                            ).count
                        }
                        kills.withLock { $0 += killed ?? 0 }
                        Thread.sleep(forTimeInterval: 0.005)
                    }
                    return
                }
                while (try? catalogs[0].hasOpenJobs()) ?? true {
                    // What fails here has lost its connection three times; the lease runs out and another goes on.
                    guard let lease = try? catalogs[number % 2].claimJob() else {
                        Thread.sleep(forTimeInterval: 0.05)
                        continue
                    }
                    try? lease.succeed()
                }
                isDone.withLock { $0 = true }
            }
            let jobs = try catalogs[1].jobs(.init(size: 100)).items
            #expect(jobs.count == 100 && jobs.allSatisfy { $0.state == .succeeded })
            #expect(kills.withLock { $0 } > 0)
        }
    }

    @Test("Servers that start at once make the tables once") func starts() throws {
        try withTemporaryFolder { folder in
            let database = try #require(try TestEngine.database(named: folder))
            let problems = Mutex<[String]>([])
            onThreads(6) { number in
                do {
                    let home = Home(path: folder + "/\(number)", settings: HomeSettings(database: database))
                    try ModelCatalog(home: home).createModel("m\(number)")
                } catch { problems.withLock { $0.append("\(error)") } }
            }
            #expect(problems.withLock { $0 } == [])
            let home = Home(path: folder + "/0", settings: HomeSettings(database: database))
            #expect(try ModelCatalog(home: home).models().items.map(\.name) == (0..<6).map { "m\($0)" })
        }
    }

    @Test("A version is made by one of two servers that try at once") func versions() throws {
        try withCatalogs(2) { catalogs, _ in
            try catalogs[0].createModel("m")
            let made = Mutex<[String]>([])
            onThreads(6) { number in
                do {
                    _ = try catalogs[number % 2].beginVersion("v", of: "m", .init(source: "/source"))
                    made.withLock { $0.append("made") }
                } catch { made.withLock { $0.append((error as? CatalogError)?.code.rawValue ?? "\(error)") } }
            }
            #expect(
                made.withLock { $0.sorted() } == [String](repeating: "alreadyExists", count: 5) + ["made"])
        }
    }

    @Test("Copies a catalogue to SQLite and back") func copies() throws {
        try withCatalogs(1) { catalogs, address in
            let catalog = catalogs[0]
            try catalog.createModel("m")
            for number in 0..<3 { try catalog.createJob("job\(number)", work, labels: ["ü": "\(number)"]) }
            _ = try catalog.createToken("t", role: .admin)
            let source = try SQLDatabase(postgres: address)
            try withTemporaryFolder { folder in
                let home = Home(path: folder)
                let copier = DatabaseCopier(migrations: ModelCatalog.migrations)
                let there = try copier.copy(from: source, to: SQLDatabase(file: home.catalog))
                #expect(there.first { $0.name == "job" }?.rows == 3)
                let copied = try ModelCatalog(home: home)
                #expect(try copied.jobs().items == catalog.jobs().items)
                #expect(try copied.model("m") == catalog.model("m") && copied.tokens() == catalog.tokens())
                #expect(try copied.log(of: "job1") == catalog.log(of: "job1"))
                try copied.createJob("job3", work)
                let refusal = #expect(throws: DatabaseFailure.self) {
                    try copier.copy(from: SQLDatabase(file: home.catalog), to: source)
                }
                #expect(refusal?.kind == .conflict)
                let back = try DatabaseCopier(migrations: ModelCatalog.migrations, overwrites: true)
                    .copy(from: SQLDatabase(file: home.catalog), to: source)
                #expect(back.first { $0.name == "job" }?.rows == 4 && back.map(\.name) == there.map(\.name))
                // The next number is none that was given.
                try catalog.createJob("job4", work)
                #expect(try catalog.jobs().items.map(\.id) == ["job4", "job3", "job2", "job1", "job0"])
            }
        }
    }
}
