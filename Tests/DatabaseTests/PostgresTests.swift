import Database
import Foundation
import LightboxCore
import TestSupport
import Testing

@Suite("PostgreSQL", .enabled(if: TestEngine.isPostgres, "make test-postgres"))
struct PostgresTests {
    /// Ends the connection that it is called on, as a server does that stops.
    private func kill(_ transaction: SQLTransaction) throws {
        _ = try? transaction.execute("SELECT pg_terminate_backend(pg_backend_pid())")
    }

    @Test("A transaction whose connection breaks is made once all the same") func broken() throws {
        try withItems { database in
            var calls = 0
            try database.write { transaction in
                calls += 1
                try transaction.execute("INSERT INTO item (name) VALUES ('a')")
                if calls == 1 { try kill(transaction) }
                try transaction.execute("INSERT INTO item (name) VALUES ('b')")
            }
            #expect(calls == 2)
            calls = 0
            let count = try database.read { transaction in
                calls += 1
                if calls == 1 { try kill(transaction) }
                return try transaction.scalar("SELECT count(*) FROM item", as: Int.self)
            }
            #expect(count == 2 && calls == 2)
        }
    }

    @Test("A server that keeps breaking off is unavailable") func unavailable() throws {
        try withItems { database in
            var calls = 0
            let error = #expect(throws: DatabaseFailure.self) {
                try database.write { transaction in
                    calls += 1
                    try kill(transaction)
                    try transaction.execute("INSERT INTO item (name) VALUES ('b')")
                }
            }
            #expect(error?.code == .unavailable && calls == 3)
            let count = try database.read { try $0.scalar("SELECT count(*) FROM item", as: Int.self) }
            #expect(count == 0)
        }
    }

    @Test("A failure that the body hides is not committed over") func hidden() throws {
        try withItems { database in
            let error = #expect(throws: DatabaseFailure.self) {
                try database.write { transaction in
                    try transaction.execute("INSERT INTO item (name) VALUES ('a')")
                    _ = try? transaction.execute("INSERT INTO item (name) VALUES ('a')")
                }
            }
            #expect(error?.code == .uniqueViolation)
            let count = try database.read { try $0.scalar("SELECT count(*) FROM item", as: Int.self) }
            #expect(count == 0)
        }
    }

    @Test("A table that another version has widened is read on") func widened() throws {
        try withItems { database in
            try database.write { try $0.execute("INSERT INTO item (name) VALUES ('a')") }
            func columns() throws -> Int? {
                try database.read { try $0.first("SELECT * FROM item")?.columns.names.count }
            }
            #expect(try columns() == 5)
            try database.write { try $0.execute("ALTER TABLE item ADD COLUMN more TEXT") }
            #expect(try columns() == 6)
        }
    }

    @Test(
        "Values of a caller are in no message",
        arguments: [
            "SELECT 'secret'::integer", "SELECT 'secret'::date", "SELECT '{secret'::json", "SELECT 1 / 0",
            "INSERT INTO item (name, size) VALUES ('x', 'secret'::text::bigint)",
            "DO $$ BEGIN RAISE EXCEPTION 'secret'; END $$", "SELECT chr(0)",
        ])
    func messages(sql: String) throws {
        try withItems { database in
            let error = try #require(throws: DatabaseFailure.self) { try database.write { try $0.execute(sql) } }
            #expect(!error.description.contains("secret"))
        }
    }

    @Test("Hostile: a NUL in a text is refused") func nul() throws {
        try withItems { database in
            let error = #expect(throws: DatabaseFailure.self) {
                try database.write { try $0.execute("INSERT INTO item (name) VALUES (?)", ["a\0secret"]) }
            }
            #expect(error?.code == .wrongType && error?.description.contains("secret") == false)
        }
    }

    @Test("Types without a binary form come as text or numbers") func texts() throws {
        try withItems { database in
            let row = try database.read {
                try $0.first(
                    """
                    SELECT 12345678901234567890.5::numeric, 7::numeric, 'NaN'::float8, true, '\\x00ff'::bytea,
                    '{1.5,-2}'::real[], '2026-01-02'::date, 1.1::float4, '{"a": 1}'::jsonb, NULL, 'Infinity'::float8
                    """)
            }
            let values = try #require(try row?.values())
            #expect(values[0] == .real(12345678901234567890.5) && values[1] == .integer(7))
            guard case .real(let number) = values[2] else { return #expect(Bool(false)) }
            #expect(number.isNaN && values[3] == .boolean(true) && values[4] == .blob([0, 255]))
            #expect(values[5] == .vector([1.5, -2]) && values[6] == .text("2026-01-02"))
            #expect(values[8] == .text("{\"a\": 1}") && values[9] == .null && values[10] == .real(.infinity))
        }
    }

    @Test("More callers than connections wait for one another") func pool() throws {
        try withTemporaryFolder { folder in
            let address = try #require(try TestEngine.database(named: folder))
            let database = try SQLDatabase(postgres: address, connections: 2)
            let answers = LockedList()
            onThreads(12) { number in
                let answer = try? database.read { try $0.scalar("SELECT ?::bigint", [number], as: Int.self) }
                answers.add([answer == number ? "right" : "wrong"])
            }
            #expect(answers.all == [String](repeating: "right", count: 12))
        }
    }
}
