import Database
import GoogleSQL
import TestSupport
import Testing
import Warehouse
import WireFormats

@Suite("GoogleSQL in the warehouse") struct QueryTests {
    @Test("Queries have the answers that DuckDB gives to them, and those of GoogleSQL's rules") func answers()
        throws
    {
        let reference = try QueryReference()
        #expect(reference.cases.count > 90)
        try reference.withWarehouse { warehouse throws in
            for item in reference.cases {
                do {
                    var found = try warehouse.answer(item.sql).map(text)
                    var wanted = item.rows.map { text($0.map(rounded)) }
                    if !item.isSorted { (found, wanted) = (found.sorted(), wanted.sorted()) }
                    #expect(found == wanted, "\(item.sql)")
                } catch {
                    Issue.record("\(item.sql): \(error)")
                }
            }
        }
    }

    @Test("A text has FarmHash's fingerprint, on either engine") func fingerprints() throws {
        let reference = try QueryReference()
        try reference.withWarehouse { warehouse throws in
            for (text, number) in reference.fingerprints {
                var parameters = QueryParameters()
                parameters.named["x"] = .init(type: .string, values: [.text(text)])
                let query = try warehouse.google("SELECT FARM_FINGERPRINT(@x)", parameters)
                #expect(
                    try warehouse.query(query.sql, query.arguments).rows == [[.integer(number)]],
                    "\(text.utf8.count) bytes")
            }
        }
    }

    @Test("What is not run says so, with its place, and reaches no engine") func refusals() throws {
        let reference = try QueryReference()
        try reference.withWarehouse { warehouse throws in
            for (sql, code) in reference.refused {
                do {
                    _ = try warehouse.google(sql)
                    Issue.record("understood: \(sql)")
                } catch let error as GoogleSQLError {
                    #expect(error.code.rawValue == code, "\(sql): \(error)")
                    #expect(error.description.contains(" at ["), "\(sql): \(error)")
                }
            }
        }
    }

    @Test("What has no answer fails when it runs") func failures() throws {
        let reference = try QueryReference()
        try reference.withWarehouse { warehouse throws in
            for sql in reference.failing {
                let query = try warehouse.google(sql)
                #expect(throws: WarehouseError.self, "\(sql)") { try warehouse.query(query.sql, query.arguments) }
            }
        }
    }

    @Test(
        "An error tells line and character",
        arguments: [
            ("SELECT\n  path,\n  nothing\nFROM d.labels", "Unrecognized name: nothing at [3:3]"),
            ("SELECT 'ä', nothing FROM d.labels", "Unrecognized name: nothing at [1:13]"),
            ("SELECT pth FROM d.labels", "Unrecognized name: pth; Did you mean path? at [1:8]"),
            ("SELECT 1 FROM d.none", "Not found: Table d.none was not found at [1:15]"),
            ("SELECT 1 +", "Syntax error: Expected an expression but got end of statement at [1:11]"),
        ])
    func places(sql: String, words: String) throws {
        try QueryReference().withWarehouse { warehouse throws in
            #expect(throws: (any Error).self) { try warehouse.google(sql) }
            do { _ = try warehouse.google(sql) } catch { #expect("\(error)" == words) }
        }
    }

    @Test("Columns have types before the query runs") func types() throws {
        try QueryReference().withWarehouse { warehouse throws in
            let query = try warehouse.google(
                """
                SELECT view = 1 AS a, view / 2 AS b, COUNT(*) OVER () AS c, path, DATE(day) AS d, NULL AS e, score, ok,
                    CASE WHEN ok THEN 1 ELSE 0.5 END AS f
                FROM `any-project-1.d.labels`
                """)
            #expect(query.columns.map(\.name) == ["a", "b", "c", "path", "d", "e", "score", "ok", "f"])
            #expect(
                query.columns.map(\.type) == [
                    .bool, .float64, .int64, .string, .date, .int64, .float64, .bool, .float64,
                ])
            #expect(query.tables == [try TableName("d.labels")])
        }
    }

    @Test(
        "Names of tables: ticked as a whole or in parts, dashed, dotted",
        arguments: [
            "d.labels", "`d.labels`", "`d`.`labels`", "`d`.labels", "my-project-1.d.labels",
            "my-1st-project.d.labels",
            "`my-project.d.labels`",
            "`my-project`.d.`labels`", "D.LABELS", "`p:d.labels`",
        ])
    func names(of table: String) throws {
        try QueryReference().withWarehouse { warehouse throws in
            #expect(try warehouse.answer("SELECT COUNT(*) FROM \(table)") == [[rounded(.integer(24))]])
            #expect(
                try warehouse.answer("SELECT COUNT(*) FROM \(table) AS x JOIN \(table) AS y ON x.path = y.path")
                    .count == 1)
        }
    }

    @Test("Parameters: named, positional and arrays; a value is never read as SQL") func parameters() throws {
        try QueryReference().withWarehouse { warehouse throws in
            var parameters = QueryParameters()
            parameters.named["view"] = .init(type: .int64, values: [.integer(1)])
            parameters.named["list"] = .init(type: .array(.string), values: ["p1/s1.jpg", "' OR 1=1 --"])
            parameters.named["none"] = .init(type: .array(.int64), values: [])
            parameters.positional = [.init(type: .float64, values: [0.5]), .init(type: .string, values: [.null])]
            func ask(_ sql: String) throws -> [[JSONValue]] { try warehouse.answer(sql, parameters) }
            #expect(
                try ask("SELECT COUNT(*) FROM d.labels WHERE view = @VIEW AND @view = 1") == [
                    [rounded(.integer(8))]
                ])
            #expect(try ask("SELECT path FROM d.labels WHERE path IN UNNEST(@list)") == [[.string("p1/s1.jpg")]])
            #expect(
                try ask("SELECT COUNT(*) FROM d.labels WHERE view IN UNNEST(@none)") == [[rounded(.integer(0))]])
            #expect(try ask("SELECT ? + 1, ? IS NULL") == [[.number(1.5), .bool(true)]])
            #expect(try ask("SELECT view + @view AS x, COUNT(*) FROM d.labels GROUP BY view + @view").count == 3)
        }
    }
}
