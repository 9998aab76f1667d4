import Foundation
import TestSupport
import Testing
import Warehouse

@Suite("Query") struct QueryTests {
    static func withTables<Result>(_ body: (Warehouse) throws -> Result) throws -> Result {
        try withWarehouse { warehouse, folder throws in
            try warehouse.load(
                lines: """
                    {"instance":"1","view":"PA","score":0.25,"ok":true,"v":[1,0],"meta":{"a":"b"}}
                    {"instance":"2","view":"LL","score":null,"ok":false,"v":[0,1],"meta":[1]}
                    """, into: "my_dataset.features", in: folder)
            try warehouse.load(lines: #"{"instance":"1","name":"Müller, 山田"}"#, into: "metadata", in: folder)
            return try body(warehouse)
        }
    }

    @Test(
        "Dotted names are understood bare, in backticks and quoted",
        arguments: [
            "SELECT view FROM my_dataset.features WHERE instance = '1'",
            "SELECT view FROM `my_dataset.features` WHERE instance = '1'",
            "SELECT my_dataset.features.view FROM my_dataset.features WHERE my_dataset.features.instance = '1'",
            "select f.view from MY_DATASET.Features f join metadata m on m.instance = f.instance",
            "WITH x AS (SELECT * FROM my_dataset.features /* a.b */) SELECT view FROM x WHERE instance = '1' -- my_dataset.features",
            "SELECT view FROM \"my_dataset.features\" WHERE instance = '1' AND 'my_dataset.features' <> '';",
        ])
    func dottedNames(sql: String) throws {
        try Self.withTables { warehouse throws in #expect(try warehouse.first(sql) == .text("PA")) }
    }

    @Test("Parameters stand for values") func parameters() throws {
        try Self.withTables { warehouse throws in
            let sql = "SELECT instance FROM my_dataset.features ORDER BY cosine_similarity(v, ?) DESC LIMIT ?"
            #expect(try warehouse.first(sql, [.vector([0.1, 1]), 1]) == .text("2"))
            #expect(failure { _ = try warehouse.query(sql) }?.code == .invalidSQL)
        }
    }

    @Test(
        "Errors say what there is",
        arguments: [
            (
                "SELECT * FROM my_dataset.feature", WarehouseError.Code.noSuchTable,
                "Is it 'my_dataset.features'? Tables: metadata, my_dataset.features."
            ),
            (
                "SELECT vew FROM my_dataset.features", .noSuchColumn,
                "Is it 'view'? Columns: instance, view, score, ok, v, meta."
            ),
            ("SELECT f.nam FROM metadata f", .noSuchColumn, "Is it 'name'? Columns: instance, name."),
            (
                "SELECT 1 FROM WHERE", .invalidSQL,
                TestEngine.isPostgres
                    ? "at or near \"WHERE\", at character 15" : "near \"WHERE\": syntax error, at character 15"
            ),
            ("SELECT 1; SELECT 2", .invalidSQL, "one SQL statement"),
            ("  -- nothing", .invalidSQL, "no SQL statement"),
            ("DROP TABLE metadata", .readOnly, "SELECT"), ("ATTACH 'x' AS y", .readOnly, "SELECT"),
            ("PRAGMA user_version=1", .readOnly, "SELECT"),
            ("WITH x AS (SELECT 1) DELETE FROM metadata", .readOnly, "cannot change"),
            (
                "SELECT load_extension('x')", .invalidSQL,
                TestEngine.isPostgres ? "does not exist" : "not authorized"
            ),
        ])
    func errors(sql: String, code: WarehouseError.Code, words: String) throws {
        try Self.withTables { warehouse throws in
            let error = failure { _ = try warehouse.query(sql) }
            #expect(error?.code == code)
            #expect(error?.description.contains(words) == true, "\(error?.description ?? "no error")")
        }
    }

    @Test("Limits of rows, time and patience") func limits() throws {
        try Self.withTables { warehouse throws in
            let endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n"
            let result = try warehouse.query(endless, limits: QueryLimits(rows: 3))
            #expect(result.rows == [[1], [2], [3]])
            #expect(result.isTruncated)
            #expect(try !warehouse.query("SELECT 1", limits: QueryLimits(rows: 1)).isTruncated)
            let count = "SELECT count(*) FROM (\(endless))"
            let late = failure { _ = try warehouse.query(count, limits: QueryLimits(time: .milliseconds(20))) }
            #expect(late?.code == .timeLimit)
            let stopped = failure { _ = try warehouse.query(count, limits: QueryLimits(isCancelled: { true })) }
            #expect(stopped?.code == .cancelled)
            #expect(try warehouse.first("SELECT 1") == .integer(1))
        }
    }

    @Test("CSV, JSON and JSON lines") func formats() throws {
        try Self.withTables { warehouse throws in
            let sql = "SELECT instance, score, ok, v, meta FROM my_dataset.features ORDER BY 1"
            #expect(
                try warehouse.text(sql, as: .csv) == """
                    instance,score,ok,v,meta\r
                    1,0.25,true,"[1,0]","{""a"": ""b""}"\r
                    2,,false,"[0,1]",[1]\r

                    """)
            #expect(
                try warehouse.text(sql, as: .jsonLines) == """
                    {"instance":"1","score":0.25,"ok":true,"v":[1,0],"meta":{"a": "b"}}
                    {"instance":"2","score":null,"ok":false,"v":[0,1],"meta":[1]}

                    """)
            #expect(
                try warehouse.text("SELECT instance AS i FROM metadata", as: .json) == "[\n {\"i\":\"1\"}\n]\n")
            #expect(try warehouse.text("SELECT 1 AS a WHERE 1 = 0", as: .json) == "[]\n")
        }
    }

    @Test("A table is aligned whatever the script") func table() throws {
        try Self.withTables { warehouse throws in
            let sql = """
                SELECT name, 1.5 AS number, vector('[0.123456, 1.3, 0.01, 4, 5]') AS v FROM metadata
                UNION ALL SELECT 'e\u{301}', 12, NULL UNION ALL SELECT 'a' || char(27) || 'b', NULL, vector('[1]')
                """
            let table = try warehouse.text(sql, as: .table)
            #expect(
                table == """
                    name          number  v
                    ────────────  ──────  ───────────────────────
                    Müller, 山田     1.5  [0.123, 1.3, 0.01, … 5]
                    é                 12  NULL
                    a\u{fffd}b             NULL  [1.0]

                    """)
        }
    }
}
