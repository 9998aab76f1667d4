import Foundation
import LightboxCore
import TestSupport
import Testing
import Warehouse

@Suite("Load") struct LoadTests {
    static let lines = """
        {"study":"1.2","instance":"1.2.3","frame":1,"feature_vector":[0.5,1e-3,-2]}
        {"study":"1.2","instance":"1.2.4","frame":2,"feature_vector":[0.25,3.4028234e38,0]}

        """

    @Test("Rows come back as they went in") func roundTrip() throws {
        try withWarehouse { warehouse, folder throws in
            let report = try warehouse.load(lines: Self.lines, into: "d.features", in: folder)
            #expect(report.rows == 2)
            #expect(try warehouse.tables().map(\.description) == ["d.features"])
            #expect(try warehouse.rowCount(of: TableName("D.Features")) == 2)
            #expect(try warehouse.schema(of: TableName("d.features")) == report.schema)
            #expect(
                try warehouse.query("SELECT * FROM d.features ORDER BY frame").rows == [
                    [.text("1.2"), .text("1.2.3"), .integer(1), .vector([0.5, 1e-3, -2])],
                    [.text("1.2"), .text("1.2.4"), .integer(2), .vector([0.25, 3.402_823_4e38, 0])],
                ])
        }
    }

    @Test("Truncate replaces, append adds, otherwise the table stays") func dispositions() throws {
        try withWarehouse { warehouse, folder throws in
            try warehouse.load(lines: Self.lines, into: "t", in: folder)
            let error = failure { try warehouse.load(lines: Self.lines, into: "T", in: folder) }
            #expect(error?.code == .tableExists)
            try warehouse.load(lines: Self.lines, into: "t", .append, in: folder)
            #expect(try warehouse.rowCount(of: TableName("t")) == 4)
            #expect(try warehouse.history(of: TableName("t")).map(\.rows) == [2, 2])
            try warehouse.load(lines: "{\"other\":true}", into: "t", .truncate, in: folder)
            let replaced = try warehouse.query("SELECT * FROM t")
            #expect(replaced.rows == [[.boolean(true)]])
            #expect(try warehouse.history(of: TableName("t")).map(\.rows) == [1])
            try warehouse.drop(TableName("t"))
            #expect(try warehouse.tables().isEmpty)
            #expect(try warehouse.history(of: TableName("t")).isEmpty)
        }
    }

    @Test(
        "What is appended has to fit",
        arguments: [
            (#"{"studdy":"1"}"#, WarehouseError.Code.noSuchColumn, "study"),
            (#"{"frame":"x"}"#, .typeMismatch, "frame"),
            (#"{"feature_vector":[1]}"#, .typeMismatch, "3 numbers"), (#"{"frame":1.5}"#, .typeMismatch, "frame"),
        ])
    func appendMismatch(line: String, code: WarehouseError.Code, words: String) throws {
        try withWarehouse { warehouse, folder throws in
            try warehouse.load(lines: Self.lines, into: "t", in: folder)
            let error = failure { try warehouse.load(lines: Self.lines + line, into: "t", .append, in: folder) }
            #expect(error?.code == code)
            #expect(error?.description.contains(words) == true && error?.description.contains("Line 3") == true)
            #expect(try warehouse.rowCount(of: TableName("t")) == 2)
        }
    }

    @Test("A column that appears or widens late is there from the first row") func lateColumns() throws {
        try withWarehouse { warehouse, folder throws in
            let lines = (0..<300).map { #"{"n":\#($0)}"# } + [#"{"n":0.5,"late":"x"}"#]
            let report = try warehouse.load(lines: lines.joined(separator: "\n"), into: "t", in: folder)
            #expect(report.rows == 301)
            #expect(report.schema.columns == [.init("n", .real), .init("late", .text)])
            #expect(try warehouse.first("SELECT sum(n) FROM t") == .real(44850.5))
        }
    }

    @Test(
        "A damaged line names the file, and the old table stays",
        arguments: [
            #"{"a":1"#, #"{"a" 1}"#, #"{"a":01x}"#, "[1]", "7", #"{"a":"x}"#, #"{"a":1} x"#, #"{"a":NaN}"#,
            #"{"a":"\q"}"#, #"{"a":[1,}"#, #"{"a":{"b":[1,2}}"#, #"{"a":1.}"#, #"{"a":1e}"#, #"{a:1}"#,
            #"{"a":-}"#,
            #"{"a":"# + String(repeating: "[", count: 100_000),
        ])
    func damaged(line: String) throws {
        try withWarehouse { warehouse, folder throws in
            try warehouse.load(lines: Self.lines, into: "t", in: folder)
            let error = #expect(throws: (any Error).self) {
                try warehouse.load(lines: "{\"a\":1}\n" + line, into: "t", .truncate, in: folder)
            }
            #expect((error as? any Failure)?.description.contains("lines.jsonl") == true)
            #expect(try warehouse.rowCount(of: TableName("t")) == 2)
        }
    }

    @Test("Numbers and texts are read as Foundation reads them") func numbers() throws {
        var random = SeededGenerator(seed: 3)
        var lines: [String] = []
        var expected: [(Float, Double)] = []
        for _ in 0..<2000 {
            let bits = Float(bitPattern: UInt32.random(in: 0..<0x7f80_0000, using: &random))
            let double = Double(bitPattern: UInt64.random(in: 0..<0x7ff0_0000_0000_0000, using: &random))
            let sign: Float = Bool.random(using: &random) ? -1 : 1
            expected.append((bits * sign, double))
            lines.append("{\"v\":[\(bits * sign)],\"d\":\(double), \"t\":\"a\\u00e9\\n\\ud83d\\ude00\"}")
        }
        try withWarehouse { warehouse, folder throws in
            try warehouse.load(lines: lines.joined(separator: "\r\n"), into: "t", in: folder)
            let rows = try warehouse.query("SELECT v, d, t FROM t").rows
            for (row, (float, double)) in zip(rows, expected) {
                #expect(row == [.vector([float]), .real(double), .text("aé\n😀")])
            }
        }
    }

    @Test("A process killed in mid-load leaves the old table", .timeLimit(.minutes(1))) func killed() async throws
    {
        try await withAsyncTemporaryFolder { folder in
            let (path, database) = (folder + "/home", try TestEngine.database(named: folder + "/home"))
            let home = Home(path: path, settings: HomeSettings(database: database))
            try home.create()
            try AtomicFile.write(Array(Self.lines.utf8), to: folder + "/lines.jsonl")
            try Warehouse(home: home).load(
                JSONLineRows(path: folder + "/lines.jsonl"), into: TableName("t"), disposition: .failIfExists,
                from: anySource, at: anyDate)
            await #expect(processExitsWith: .signal(SIGKILL)) {
                [path = path as String, database = database as String?] in
                try Warehouse(home: Home(path: path, settings: HomeSettings(database: database))).load(
                    DeadlyRows(), into: TableName("t"), disposition: .truncate, from: Provenance(source: "x"),
                    at: Date())
            }
            let warehouse = try Warehouse(home: home)
            #expect(try warehouse.rowCount(of: TableName("t")) == 2)
            #expect(try warehouse.history(of: TableName("t")).count == 1)
        }
    }

    @Test("Provenance stays with the table") func provenance() throws {
        try withWarehouse { warehouse, _ throws in
            let provenance = Provenance(
                source: "v.jsonl", contentHash: ContentHash(of: [1, 2]),
                notes: ["network": "xception", "precision": "bf16"])
            try warehouse.load(
                [TableRow([.init("a", 1)])], into: TableName("t"), disposition: .truncate, from: provenance,
                at: anyDate)
            let history = try warehouse.history(of: TableName("t"))
            #expect(history.map(\.provenance) == [provenance])
            #expect(history.first?.loadedAt == anyDate)
        }
    }

    @Test("Columns that differ in case only are refused") func caseOnly() throws {
        try withWarehouse { warehouse, folder throws in
            #expect(
                failure { try warehouse.load(lines: #"{"a":1,"A":2}"#, into: "t", in: folder) }?.code
                    == .invalidName)
        }
    }
}

/// Ends the process after 50,000 rows, when much of the load has been written.
private struct DeadlyRows: RowSource {
    func forEachRow(_ body: (TableRow, Int) throws -> Void) throws {
        for number in 1...50_000 {
            try body(TableRow([.init("text", .text(String(repeating: "x", count: 500)))]), number)
        }
        kill(getpid(), SIGKILL)
    }
}
