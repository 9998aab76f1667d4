import Database
import Foundation
import LightboxCore
import TestSupport
import Testing

@Suite("Databases") struct DatabaseTests {
    @Test("Gives back what was put in, by name and by position") func values() throws {
        try withItems { database in
            let bytes: [UInt8] = [0, 255, 39, 92]
            try database.write { transaction in
                #expect(
                    try transaction.execute(
                        "INSERT INTO item (name, size, weight, bytes) VALUES (?, ?, ?, ?)",
                        ["Ünï'\"\\", Int64.min, 0.1, bytes]) == 1)
                try transaction.execute("INSERT INTO item (name, weight, bytes) VALUES ('', 3, ?)", [[UInt8]()])
                try transaction.execute("UPDATE item SET weight = ?2 WHERE weight = ?1", [3.0, -Double.infinity])
            }
            try database.read { transaction in
                let rows = try transaction.all("SELECT * FROM item ORDER BY id")
                #expect(try rows[0].get("name", as: String.self) == "Ünï'\"\\" && rows[0].get(2) == Int64.min)
                #expect(try rows[0].get("weight", as: Double.self) == 0.1 && rows[0].get("bytes") == bytes)
                #expect(try rows[0].get("size", as: Int?.self) == Int.min)
                #expect(try rows[1].get("size", as: Int?.self) == nil && rows[1].get("name") == "")
                #expect(try rows[1].get("weight") == -Double.infinity && rows[1].get("bytes") == Data())
                #expect(try transaction.scalar("SELECT max(size) FROM item WHERE id = 0", as: Int.self) == nil)
                #expect(try transaction.scalar("SELECT 1 WHERE 1 = 0", as: Int.self) == nil)
                #expect(try transaction.scalar("SELECT EXISTS (SELECT 1 FROM item)", as: Bool.self) == true)
                #expect(try transaction.column("SELECT id FROM item ORDER BY id", as: Int.self) == [1, 2])
                #expect(try transaction.first("SELECT * FROM item WHERE name = ?", [nil]) == nil)
            }
        }
    }

    @Test("A wrong type, a NULL or an unknown column is an error and no trap") func wrong() throws {
        try withItems { database in
            try database.write { try $0.execute("INSERT INTO item (name) VALUES ('secret')") }
            try database.read { transaction in
                let row = try #require(try transaction.first("SELECT name, size FROM item"))
                for (code, body) in [
                    (DatabaseFailure.Code.wrongType, { _ = try row.get("name", as: Int.self) }),
                    (.wrongType, { _ = try row.get("size", as: Int.self) }),
                    (.wrongType, { _ = try row.get(0, as: [UInt8]?.self) }),
                    (.noSuchColumn, { _ = try row.get("nome", as: String.self) }),
                    (.noSuchColumn, { _ = try row.get(2, as: String.self) }),
                    (.noSuchColumn, { _ = try row.get(-1, as: String.self) }),
                ] as [(DatabaseFailure.Code, () throws -> Void)] {
                    let error = #expect(throws: DatabaseFailure.self) { try body() }
                    #expect(error?.code == code && error?.description.contains("secret") == false)
                }
            }
        }
    }

    @Test(
        "A failure says what kind it is, without values",
        arguments: [
            (DatabaseFailure.Code.uniqueViolation, "INSERT INTO item (name) VALUES ('secret')"),
            (.foreignKeyViolation, "INSERT INTO part VALUES (7, 1)"),
            (.constraintViolation, "INSERT INTO part VALUES (1, NULL)"), (.noSuchTable, "SELECT * FROM secrets_"),
            (.noSuchColumn, "SELECT nome FROM item"), (.invalidSQL, "SELEC 1"),
        ])
    func failures(code: DatabaseFailure.Code, sql: String) throws {
        try withItems { database in
            try database.write { try $0.execute("INSERT INTO item (name) VALUES ('secret')") }
            let error = #expect(throws: DatabaseFailure.self) { try database.write { try $0.execute(sql) } }
            #expect(error?.code == code, "\(String(describing: error))")
            #expect(
                error?.description.contains("'secret'") == false
                    && error?.description.contains("(secret)") == false)
        }
    }

    @Test("What throws is undone, and reading cannot write") func undone() throws {
        try withItems { database in
            struct Stop: Error {}
            #expect(throws: Stop.self) {
                try database.write { transaction in
                    try transaction.execute("INSERT INTO item (name) VALUES ('a')")
                    throw Stop()
                }
            }
            let error = #expect(throws: DatabaseFailure.self) {
                try database.read { try $0.execute("INSERT INTO item (name) VALUES ('a')") }
            }
            let count = try database.read { try $0.scalar("SELECT count(*) FROM item", as: Int.self) }
            #expect(error?.code == .readOnly && count == 0)
        }
    }

    @Test("A cursor walks many rows while other statements run") func cursor() throws {
        try withItems { database in
            try database.write { transaction in
                let insertion = transaction.statement("INSERT INTO item (name, size) VALUES (?, ?)")
                for number in 0..<1700 { try insertion.execute(["n\(number)", number]) }
            }
            try database.read { transaction in
                let sql = "SELECT name, size FROM item WHERE size >= ? ORDER BY size"
                let cursor = try transaction.cursor(sql, [100])
                var count = 0
                while let row = try cursor.next() {
                    let size = try row.get(1, as: Int.self)
                    #expect(size == 100 + count)
                    if size % 400 == 0 {
                        // The same text, while the cursor stands in it.
                        #expect(try transaction.first(sql, [size + 1])?.get(1, as: Int?.self) == size + 1)
                    }
                    count += 1
                }
                #expect(try count == 1600 && cursor.next() == nil)
                let short = try transaction.cursor(sql, [0])
                let kept = try #require(try short.next()).copied()
                _ = try short.next()
                #expect(try kept.get(0, as: String.self) == "n0")
            }
        }
    }

    @Test("Copies rows in bulk, all or none") func copy() throws {
        try withItems { database in
            let columns = ["name", "size", "weight", "bytes"]
            func copy(_ count: Int, _ last: [ColumnValue]? = nil) throws -> Int {
                try database.write { transaction in
                    try transaction.copy(into: "item", columns: columns) { copy in
                        for number in 0..<count {
                            try copy.add([
                                .text("\(count).\(number)\t\\N"),
                                number % 3 == 0 ? .null : .integer(Int64(number)),
                                .real(Double(number) / 7),
                                .blob([UInt8](repeating: UInt8(number % 256), count: 300)),
                            ])
                        }
                        if let last { try copy.add(last) }
                    }
                }
            }
            #expect(try copy(0) == 0)
            #expect(try copy(9000) == 9000)
            try database.read { transaction in
                let row = try #require(
                    try transaction.first("SELECT * FROM item WHERE name = ?", ["9000.8999\t\\N"]))
                #expect(try row.get("size", as: Int?.self) == 8999 && row.get("weight") == 8999.0 / 7)
                #expect(try row.get("bytes", as: [UInt8].self) == [UInt8](repeating: 39, count: 300))
                #expect(
                    try transaction.scalar("SELECT count(*) FROM item WHERE size IS NULL", as: Int.self) == 3000)
            }
            let twice = #expect(throws: DatabaseFailure.self) {
                try copy(10, [.text("9000.1\t\\N"), .null, .null, .null])
            }
            #expect(twice?.code == .uniqueViolation)
            struct Stop: Error {}
            #expect(throws: Stop.self) {
                try database.write { try $0.copy(into: "item", columns: ["name"]) { _ in throw Stop() } }
            }
            #expect(throws: DatabaseFailure.self) {
                try database.write { try $0.copy(into: "item", columns: ["nome"]) { _ in } }
            }
            #expect(try database.read { try $0.scalar("SELECT count(*) FROM item", as: Int.self) } == 9000)
        }
    }

    @Test("Vectors come back as they went in") func vectors() throws {
        try withItems { database in
            let type = database.engine == .postgres ? "real[]" : "BLOB"
            let vector: [Float] = [0, -1.5, .leastNonzeroMagnitude, .greatestFiniteMagnitude]
            try database.write { transaction in
                try transaction.execute("CREATE TABLE v (x \(type))")
                try transaction.execute("INSERT INTO v VALUES (?)", [ColumnValue.vector(vector)])
                try transaction.copy(into: "v", columns: ["x"]) { try $0.add([.vector(vector)]) }
            }
            let found = try database.read { try $0.column("SELECT x FROM v", as: ColumnValue.self) }
            let expected: ColumnValue =
                database.engine == .postgres ? .vector(vector) : .blob(vector.withUnsafeBytes { Array($0) })
            #expect(found == [expected, expected])
        }
    }

    @Test("Texts sort by their bytes") func order() throws {
        try withItems { database in
            try database.write { transaction in
                for name in ["b", "a", "B", "_", "ä", "A1", "A"] {
                    try transaction.execute("INSERT INTO item (name) VALUES (?)", [name])
                }
            }
            let found = try database.read { try $0.column("SELECT name FROM item ORDER BY name", as: String.self) }
            #expect(found == ["A", "A1", "B", "_", "a", "b", "ä"])
        }
    }

    @Test("Migrations run once, whoever asks, also all at once") func migrations() throws {
        try withTemporaryFolder { folder in
            let home = try TestEngine.home(folder)
            let steps = [items, SQLMigration("items 2", script: "ALTER TABLE item ADD COLUMN colour TEXT")]
            let made = LockedList()
            onThreads(6) { _ in
                do {
                    made.add(try SQLDatabase(home: home, file: home.catalog).migrate(steps))
                } catch { made.add(["\(error)"]) }
            }
            if TestEngine.isPostgres { #expect(made.all.sorted() == ["items 1", "items 2"]) }
            let database = try SQLDatabase(home: home, file: home.catalog)
            #expect(try database.migrate(steps) == [])
            let more = SQLMigration("items 3") { try $0.execute("INSERT INTO item (colour) VALUES ('red')") }
            #expect(try database.migrate(steps + [more]) == ["items 3"])
            let broken = SQLMigration("items 4", script: "CREATE TABLE a (b TEXT); CREATE TABLE a (b TEXT)")
            #expect(throws: DatabaseFailure.self) { try database.migrate(steps + [more, broken]) }
            #expect(throws: DatabaseFailure.self) { try database.read { try $0.execute("SELECT b FROM a") } }
            #expect(try database.read { try $0.scalar("SELECT count(*) FROM item", as: Int.self) } == 1)
        }
    }

    @Test("Finds the steps that files of before have done") func oldFiles() throws {
        try withTemporaryFolder { folder in
            let database = try SQLDatabase(file: folder + "/catalog.db")
            try database.write {
                try $0.script(
                    """
                    CREATE TABLE grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY);
                    INSERT INTO grdb_migrations VALUES ('items 1'), ('others 1');
                    """)
            }
            let next = SQLMigration("items 2", script: "CREATE TABLE next (x INTEGER)")
            #expect(try database.migrate([items, next]) == ["items 2"])
            #expect(throws: DatabaseFailure.self) { try database.read { try $0.execute("SELECT * FROM item") } }
        }
    }

    @Test("Changes at once add up") func concurrent() throws {
        try withItems { database in
            try database.write { try $0.execute("INSERT INTO item (name, size) VALUES ('a', 0)") }
            let errors = LockedList()
            onThreads(6) { _ in
                for _ in 0..<20 {
                    do {
                        try database.write { transaction in
                            let size: Int = try transaction.scalar("SELECT size FROM item") ?? 0
                            try transaction.execute("UPDATE item SET size = ?", [size + 1])
                        }
                    } catch { errors.add(["\(error)"]) }
                }
            }
            #expect(errors.all == [])
            #expect(try database.read { try $0.scalar("SELECT size FROM item", as: Int.self) } == 120)
        }
    }

    @Test("Tells its version") func facts() throws {
        try withDatabase { database in
            let facts = try database.facts()
            #expect(facts.hasPrefix(database.engine.rawValue + " "))
        }
    }
}
