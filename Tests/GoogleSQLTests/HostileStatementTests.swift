import Database
import Foundation
import GoogleSQL
import LightboxCore
import TestSupport
import Testing
import Warehouse
import WireFormats

@Suite("Hostile statements in GoogleSQL") struct HostileStatementTests {
    /// Words that a statement is made of, those that break it among them.
    private static let words = [
        "SELECT", "FROM", "WHERE", "GROUP BY", "ORDER BY", "(", ")", "(", ")", ",", "*", "d.labels", "path",
        "view", "edema",
        "1", "0.5", "'a'", "\"b\"", "`d.labels`", "AS x", "COUNT(", "SUM(", "OVER (", "PARTITION BY", "UNION ALL",
        "JOIN",
        "USING", "ON", "AND", "OR", "NOT", "IN", "LIKE", "CASE", "WHEN", "THEN", "ELSE", "END", "CAST(",
        "AS INT64", "=", "<",
        "+", "-", "/", "||", "[", "]", "OFFSET(", "@p", "?", "--", "/*", "*/", "#", ";", "'", "\"", "`", "\\",
        "NULL", "IS",
        "WITH", "LIMIT", "EXCEPT", "DISTINCT", "INTERVAL", "DAY", "r'\\d'", "'''", "\u{0}", "ä", "\n", ".", "$",
        "%",
    ]

    @Test("Texts of any words are understood or refused, and what is understood runs or fails as a query does")
    func anyWords() throws {
        var generator = SeededGenerator(seed: 7)
        try QueryReference().withWarehouse { warehouse throws in
            var understood = 0
            for _ in 0..<4000 {
                let count = Int.random(in: 1...14, using: &generator)
                let tail = (0..<count).map { _ in
                    Self.words[Int.random(in: 0..<Self.words.count, using: &generator)]
                }
                let sql =
                    (Bool.random(using: &generator) ? "SELECT " : "SELECT path FROM d.labels ")
                    + tail.joined(separator: " ")
                do {
                    let query = try warehouse.google(sql)
                    understood += 1
                    _ = try warehouse.query(query.sql, query.arguments, limits: QueryLimits(rows: 10))
                } catch is GoogleSQLError {
                } catch let error as WarehouseError {
                    // The engine must not find what we have passed over.
                    #expect(
                        ![.noSuchTable, .noSuchColumn, .readOnly].contains(error.code)
                            && !error.description.contains("syntax"),
                        "\(sql): \(error)")
                }
            }
            #expect(understood > 20)
        }
    }

    @Test("A good statement with any of its bytes changed is understood or refused") func changedBytes() throws {
        var generator = SeededGenerator(seed: 11)
        let reference = try QueryReference()
        try reference.withWarehouse { warehouse throws in
            for item in reference.cases {
                for _ in 0..<20 {
                    var bytes = Array(item.sql.utf8)
                    let place = Int.random(in: 0..<bytes.count, using: &generator)
                    switch Int.random(in: 0..<3, using: &generator) {
                    case 0: bytes[place] = UInt8.random(in: 1...255, using: &generator)
                    case 1: bytes.removeSubrange(place..<min(bytes.count, place + 4))
                    default: bytes.insert(contentsOf: bytes[place...].prefix(6), at: place)
                    }
                    do { _ = try warehouse.google(String(decoding: bytes, as: UTF8.self)) } catch is GoogleSQLError
                    {}
                }
            }
        }
    }

    @Test(
        "Depth and length have their ends",
        arguments: [
            String(repeating: "(", count: 100_000), "SELECT " + String(repeating: "NOT ", count: 100_000) + "TRUE",
            "SELECT " + String(repeating: "- ", count: 100_000) + "1",
            "SELECT 1" + String(repeating: " + 1", count: 10_000),
            "SELECT " + String(repeating: "IF(TRUE, ", count: 10_000) + "1",
            "SELECT 1 " + String(repeating: "IS NULL ", count: 10_000),
            String(repeating: "SELECT * FROM (", count: 5000),
            "SELECT " + String(repeating: "CASE WHEN ", count: 5000),
            "SELECT '" + String(repeating: "a", count: 2 << 20) + "'",
            "SELECT a" + String(repeating: "[0]", count: 1000),
            "SELECT " + String(repeating: "(SELECT ", count: 1000), String(repeating: "/*", count: 500_000),
            "SELECT " + String(repeating: "CAST(CAST(", count: 30) + "TRUE"
                + String(repeating: " AS INT64) AS BOOL)", count: 30),
        ])
    func endless(sql: String) throws {
        #expect(throws: GoogleSQLError.self) { try GoogleQuery(sql, for: .sqlite) { _ in nil } }
    }

    @Test("A name is a name, whatever it is made of") func names() throws {
        try withTemporaryFolder { folder throws in
            let warehouse = try Warehouse(home: TestEngine.home(folder))
            let column = "a\" FROM sqlite_master --"
            try warehouse.load(
                [TableRow([.init(column, 1), .init("select", 2)])], into: TableName("t"), disposition: .truncate,
                from: Provenance(source: "test"), at: .init(timeIntervalSince1970: 0))
            #expect(try warehouse.answer("SELECT `\(column)` + `select` AS x FROM t") == [[.number(3)]])
            #expect(try warehouse.answer("SELECT `\(column)` AS `x\"; DROP TABLE t; --` FROM t") == [[.number(1)]])
            #expect(
                try warehouse.answer("SELECT 'it\\'s \\\\ \"' AS x, COUNT(*) FROM t") == [
                    [.string("it's \\ \""), .number(1)]
                ])
        }
    }
}
