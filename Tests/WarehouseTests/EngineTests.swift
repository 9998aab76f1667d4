import Database
import Foundation
import LightboxCore
import Synchronization
import TestSupport
import Testing
import Warehouse

/// What a user should not have to know the engine for.
@Suite("Either engine") struct EngineTests {
    @Test("Names are found in any case, and results are headed as they were spelled") func names() throws {
        try withWarehouse { warehouse, folder throws in
            let long = String(repeating: "LongName", count: 12)
            try warehouse.load(
                lines: #"{"SOPInstanceUID":"1.2","Rows":3,"Größe (cm)":1.5,"\#(long)":7}"#, into: "My_Data.Scans",
                in: folder)
            for name in ["SOPInstanceUID", "sopinstanceuid", "\"SOPINSTANCEUID\"", "s.SopInstanceUid", "*"] {
                let sql = "SELECT \(name) FROM my_data.scans AS s"
                #expect(try warehouse.text(sql, as: .csv).hasPrefix("SOPInstanceUID"), "\(name)")
            }
            let sql = """
                SELECT "rows", count(*), max("Größe (cm)") AS Largest, \(long), 'a, b' || 'c'
                FROM (SELECT * FROM `MY_DATA.scans`) WHERE sopinstanceuid = '1.2' GROUP BY 1, 4
                """
            #expect(
                try warehouse.text(sql, as: .csv)
                    == "Rows,count(*),Largest,\(long),\"'a, b' || 'c'\"\r\n3,1,1.5,7,\"a, bc\"\r\n")
            #expect(
                try warehouse.schema(of: TableName("MY_DATA.SCANS"))?.columns.map(\.name) == [
                    "SOPInstanceUID", "Rows", "Größe (cm)", long,
                ])
            #expect(try warehouse.tables().map(\.description) == ["My_Data.Scans"])
        }
    }

    @Test("What the published statements use means the same") func statements() throws {
        try withWarehouse { warehouse, folder throws in
            try warehouse.load(
                lines: """
                    {"path":"a","view":0,"dataset":1,"edema":3,"p":0.25}
                    {"path":"b","view":0,"dataset":1,"edema":1,"p":0.123456}
                    {"path":"c","view":1,"dataset":0,"edema":null,"p":1}
                    """, into: "valid", in: folder)
            #expect(
                try warehouse.text(
                    """
                    SELECT 'edema' AS label, edema AS label_value, COUNT(DISTINCT path) AS cnt, dataset
                    FROM (SELECT * FROM `valid` UNION ALL SELECT * FROM valid)
                    WHERE view = 0 GROUP BY edema, dataset ORDER BY 2
                    """, as: .csv) == "label,label_value,cnt,dataset\r\nedema,1,1,1\r\nedema,3,1,1\r\n")
            #expect(
                try warehouse.text(
                    """
                    SELECT * FROM (SELECT path, p AS predicted_edema FROM valid WHERE dataset = 1)
                    INNER JOIN (SELECT path, edema AS true_edema FROM valid WHERE dataset = 1) USING (path) ORDER BY path
                    """, as: .csv) == "path,predicted_edema,true_edema\r\na,0.25,3\r\nb,0.123456,1\r\n")
            #expect(
                try warehouse.query(
                    "SELECT sum(edema = 3), ifnull(max(edema), 0), round(max(p), 2), avg(view), 'x' || char(10) FROM valid"
                ).rows == [[1, 3, 1.0, .real(1.0 / 3), "x\n"]])
        }
    }

    @Test("Numbers, texts and JSON come back to the bit") func bits() throws {
        try withWarehouse { warehouse, _ throws in
            let reals = [Double.infinity, -.infinity, -0.0, .leastNonzeroMagnitude, .greatestFiniteMagnitude, 0.1]
            let rows = reals.map { number in
                TableRow([
                    .init("d", .real(number)), .init("i", .integer(.min)), .init("t", "é\t\\\u{1F600}\u{1f}"),
                    .init("j", .json(#"{"b" : 1,"a":[ ],"b":"\u0000"}"#)),
                    .init("v", .vector([Float(number), .infinity, -0.0, .nan])), .init("b", .boolean(true)),
                ])
            }
            try warehouse.load(rows, into: TableName("t"), disposition: .truncate, from: anySource, at: anyDate)
            for (row, number) in zip(try warehouse.query("SELECT d, i, t, j, b, v FROM t").rows, reals) {
                guard case .real(let d) = row[0], case .vector(let v) = row[5] else {
                    Issue.record("\(row)")
                    continue
                }
                // SQLite has no zero with a sign.
                #expect(d.bitPattern == number.bitPattern || (number == 0 && d == 0 && !TestEngine.isPostgres))
                #expect(v[0].bitPattern == Float(number).bitPattern && v[1] == .infinity && v[3].isNaN)
                #expect(v[2].sign == .minus && v[2] == 0)
                #expect(
                    row[1...4] == [
                        .integer(.min), "é\t\\\u{1F600}\u{1f}", .json(#"{"b" : 1,"a":[ ],"b":"\u0000"}"#),
                        .boolean(true),
                    ])
            }
            let nan = TableRow([.init("d", .real(.nan))])
            try warehouse.load([nan], into: TableName("n"), disposition: .truncate, from: anySource, at: anyDate)
            // SQLite keeps NULL in its place.
            guard case .real(let number)? = try warehouse.first("SELECT d FROM n") else {
                #expect(!TestEngine.isPostgres)
                return
            }
            #expect(number.isNaN)
        }
    }

    @Test("Two loads of one table come one after the other", arguments: [LoadDisposition.append, .truncate])
    func together(disposition: LoadDisposition) throws {
        try withWarehouse { warehouse, folder throws in
            try warehouse.load(lines: #"{"n":1}"#, into: "t", in: folder)
            let problems = Mutex<[String]>([])
            DispatchQueue.concurrentPerform(iterations: 4) { number in
                do {
                    let rows = (0..<100).map { _ in TableRow([.init("n", .integer(Int64(number)))]) }
                    try warehouse.load(
                        rows, into: TableName("t"), disposition: disposition, from: anySource, at: anyDate)
                } catch {
                    problems.withLock { $0.append("\(error)") }
                }
            }
            #expect(problems.withLock { $0 } == [])
            #expect(try warehouse.rowCount(of: TableName("t")) == (disposition == .append ? 401 : 100))
            #expect(try warehouse.history(of: TableName("t")).count == (disposition == .append ? 5 : 1))
            let counts = try warehouse.query("SELECT count(*) FROM t GROUP BY n ORDER BY 1 DESC").rows
            #expect(counts == (disposition == .append ? [[101], [100], [100], [100]] : [[100]]))
        }
    }

    @Test("While a table is replaced, others read the old one") func readable() throws {
        try withWarehouse { warehouse, folder throws in
            try warehouse.load(lines: #"{"n":1}"#, into: "t", in: folder)
            let rows = Watched(rows: 3) { #expect((try? warehouse.first("SELECT n FROM t")) == .integer(1)) }
            try warehouse.load(rows, into: TableName("t"), disposition: .truncate, from: anySource, at: anyDate)
            #expect(try warehouse.rowCount(of: TableName("t")) == 3)
        }
    }

    @Test("A copy to the other engine and back is the same") func copy() throws {
        try withWarehouse { warehouse, folder throws in
            try warehouse.load(
                lines: """
                    {"Instance":"1","ok":true,"v":[1,0.5],"meta":{"a" :1},"n":null,"d":0.1}
                    {"Instance":"2","ok":null,"v":[0,1],"meta":[1],"n":7,"d":-0.0}
                    """, into: "My.Table", in: folder)
            try warehouse.load(lines: #"{"a":1}"#, into: "b", in: folder)
            try warehouse.load(lines: #"{"a":2}"#, into: "b", .append, in: folder)
            let file = try Warehouse(path: folder + "/copy.db")
            let copied = try WarehouseCopier().copy(from: warehouse, to: file)
            #expect(copied == [.init(name: "b", rows: 2), .init(name: "My.Table", rows: 2)])
            let home = try TestEngine.home(folder + "/other")
            try home.create()
            let other = try Warehouse(home: home)
            _ = try WarehouseCopier().copy(from: file, to: other)
            for table in [try TableName("My.Table"), try TableName("b")] {
                #expect(try other.schema(of: table) == warehouse.schema(of: table))
                #expect(try other.history(of: table) == warehouse.history(of: table))
                let sql = "SELECT * FROM \(table)"
                let expected = try warehouse.query(sql)
                #expect(try file.query(sql) == expected && other.query(sql) == expected)
            }
            #expect(failure { _ = try WarehouseCopier().copy(from: file, to: other) }?.code == .tableExists)
            #expect(try WarehouseCopier(overwrites: true).copy(from: file, to: other) == copied)
        }
    }
}

@Suite("Warehouse in PostgreSQL", .enabled(if: TestEngine.isPostgres, "make test-postgres"))
struct PostgresWarehouseTests {
    @Test(
        "A query reaches nothing but the tables",
        arguments: [
            "SELECT pg_read_file('/etc/passwd')", "SELECT \"PG_READ_FILE\"('/etc/passwd')",
            "SELECT U&\"pg\\005fread_file\"('/etc/passwd')", "SELECT ('/etc/passwd'::text).pg_read_file",
            "SELECT * FROM pg_ls_dir('/')", "SELECT set_config('work_mem', '1GB', false)",
            "SELECT query_to_xml('SELECT 1', true, true, '')", "SELECT lo_import('/etc/passwd')",
            "SELECT * FROM pg_stat_activity", "SELECT digest FROM HOME.secret",
            "SELECT schema_to_xml('x', true, true, '')",
            "WITH x AS (SELECT digest FROM HOME.secret) SELECT 1", "SELECT (SELECT count(*) FROM HOME.secret)",
            "COPY t TO PROGRAM 'id'", "SET search_path = x", "SELECT HOME.peep()",
            "WITH x AS (DELETE FROM t RETURNING *) SELECT * FROM x",
            "EXPLAIN ANALYZE DELETE FROM t", "SELECT * INTO u FROM t", "SELECT * FROM t FOR UPDATE",
            "SELECT pg_sleep(1)", "SELECT nextval('t'::regclass)", "SELECT 1; COMMIT; DROP TABLE t",
        ])
    func border(sql: String) throws {
        try withTemporaryFolder { folder in
            let home = try TestEngine.home(folder)
            let warehouse = try Warehouse(home: home)
            try warehouse.load(lines: #"{"n":1}"#, into: "t", in: folder)
            let database = try SQLDatabase(home: home, file: home.catalog)
            try database.write { transaction in
                try transaction.script("CREATE TABLE secret (digest TEXT)")
                try transaction.script(
                    "CREATE FUNCTION peep() RETURNS bigint LANGUAGE sql AS $$ SELECT count(*) FROM secret $$")
            }
            let error = failure { _ = try warehouse.query(sql.replacing("HOME", with: database.schema ?? "")) }
            #expect(
                error?.code == .readOnly || error?.code == .invalidSQL, "\(error.map { "\($0)" } ?? "it was run")")
            #expect(try warehouse.query("SELECT * FROM t").rows == [[1]])
        }
    }

    @Test("A NUL is refused with its line and column, and the old table stays") func nul() throws {
        try withWarehouse { warehouse, folder throws in
            try warehouse.load(lines: #"{"name":"x"}"#, into: "t", in: folder)
            let error = failure {
                try warehouse.load(
                    lines: #"{"name":"a"}"# + "\n" + #"{"name":"secret\u0000"}"#, into: "t", .truncate, in: folder)
            }
            #expect(error?.description.contains("Line 2: column 'name' holds a NUL") == true)
            #expect(error?.description.contains("secret") == false)
            #expect(try warehouse.first("SELECT name FROM t") == "x")
        }
    }

    @Test("A connection that breaks in mid-load leaves the old table, or the load is made once") func broken()
        throws
    {
        try withTemporaryFolder { folder in
            let home = try TestEngine.home(folder)
            let warehouse = try Warehouse(home: home)
            let database = try SQLDatabase(home: home, file: home.catalog)
            func kill() throws {
                try database.write {
                    _ = try $0.all(
                        """
                        SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                        WHERE pid <> pg_backend_pid() AND query LIKE 'COPY%' || ? || '%'
                        """, [database.schema ?? ""])
                }
            }
            try warehouse.load(lines: #"{"n":1}"#, into: "t", in: folder)
            let once = BreakingRows(breaks: 1, kill)
            try warehouse.load(once, into: TableName("t"), disposition: .truncate, from: anySource, at: anyDate)
            #expect(try warehouse.rowCount(of: TableName("t")) == 5000)
            #expect(try warehouse.history(of: TableName("t")).count == 1)
            let always = BreakingRows(breaks: .max, kill)
            let error = failure {
                try warehouse.load(
                    always, into: TableName("t"), disposition: .truncate, from: anySource, at: anyDate)
            }
            #expect(error?.code == .storage)
            #expect(try warehouse.rowCount(of: TableName("t")) == 5000)
        }
    }

    @Test("What the server refuses is named by its row and column, without the value") func refused() throws {
        try withWarehouse { warehouse, _ throws in
            let rows = ["{}", "{secret"].map { TableRow([.init("n", 1), .init("J", .json($0))]) }
            let error = failure {
                try warehouse.load(
                    rows, into: TableName("t"), disposition: .truncate, from: anySource, at: anyDate)
            }
            #expect(error?.description.contains("row 2, column j: a value is not one of its type") == true)
            #expect(error?.description.contains("secret") == false)
        }
    }

    @Test("A row that is too large is refused") func huge() throws {
        try withWarehouse { warehouse, _ throws in
            let cells = (0..<1200).map { TableRow.Cell("c\($0)", .text(String(repeating: "x", count: 30))) }
            let error = failure {
                try warehouse.load(
                    [TableRow(cells)], into: TableName("t"), disposition: .truncate, from: anySource, at: anyDate)
            }
            #expect(error?.description.contains("row is too big") == true)
            let many = (0..<1601).map { TableRow.Cell("c\($0)", 1) }
            let refused = failure {
                try warehouse.load(
                    [TableRow(many)], into: TableName("t"), disposition: .truncate, from: anySource, at: anyDate)
            }
            #expect(refused?.description.contains("at most 1600") == true)
        }
    }
}

/// Rows of one integer; a body runs after the first.
private struct Watched: RowSource {
    let rows: Int
    let body: () -> Void

    init(rows: Int, _ body: @escaping () -> Void) { (self.rows, self.body) = (rows, body) }

    func forEachRow(_ take: (TableRow, Int) throws -> Void) throws {
        for number in 1...rows {
            try take(TableRow([.init("n", .integer(Int64(number)))]), number)
            if number == 1 { body() }
        }
    }
}

/// Rows in whose middle the connection is ended, in the first walks.
private final class BreakingRows: RowSource {
    private var left: Int
    private let kill: () throws -> Void

    init(breaks: Int, _ kill: @escaping () throws -> Void) { (left, self.kill) = (breaks, kill) }

    var declaredColumns: [TableSchema.Column]? { [.init("text", .text)] }

    func forEachRow(_ body: (TableRow, Int) throws -> Void) throws {
        for number in 1...5000 {
            if number == 3000, left > 0 {
                left -= 1
                try kill()
            }
            try body(TableRow([.init("text", .text(String(repeating: "x", count: 1000)))]), number)
        }
    }
}
