import LightboxCore
import TestSupport
import Testing
import Warehouse

@Suite("Schema inference") struct SchemaInferenceTests {
    static func types(_ lines: String) throws -> [String] {
        try withWarehouse { warehouse, folder throws in
            try warehouse.load(lines: lines, into: "t", in: folder).schema.columns.map {
                "\($0.name) \($0.type)" + ($0.length.map { "(\($0))" } ?? "")
            }
        }
    }

    @Test(
        "Finds the type that holds every row",
        arguments: [
            (#"{"a":1}|{"a":2}"#, ["a integer"]), (#"{"a":1}|{"a":2.5}"#, ["a real"]),
            (#"{"a":2.5}|{"a":1}"#, ["a real"]),
            (#"{"a":true}|{"a":false}"#, ["a boolean"]), (#"{"a":"x"}|{"a":1}"#, ["a text"]),
            (#"{"a":1}|{"a":"x"}"#, ["a text"]),
            (#"{"a":true}|{"a":1}"#, ["a text"]), (#"{"a":null}|{"a":1}"#, ["a integer"]),
            (#"{"a":null}"#, ["a text"]),
            (#"{"a":[1,2]}|{"a":[0.5,1]}"#, ["a vector(2)"]), (#"{"a":[1,"x"]}"#, ["a json"]),
            (#"{"a":{"b":1}}|{"a":1}"#, ["a json"]),
            (#"{"a":[16777217]}"#, ["a json"]), (#"{"a":[1e39]}"#, ["a json"]), (#"{"a":[]}"#, ["a json"]),
            (#"{"b":1}|{"a":"x","b":2}|{"c":true}"#, ["b integer", "a text", "c boolean"]),
            (#"{"a":9223372036854775808}"#, ["a real"]), (#"{"a":-9e-3}"#, ["a real"]),
        ])
    func infers(lines: String, expected: [String]) throws {
        #expect(try Self.types(lines.replacing("|", with: "\n")) == expected)
    }

    @Test("A vector of another length is an error that names both lines") func vectorLength() throws {
        try withWarehouse { warehouse, folder throws in
            for late in [1, 500] {
                let lines = Array(repeating: #"{"v":[1,2,3]}"#, count: late) + [#"{"v":[1,2]}"#]
                let error = failure {
                    try warehouse.load(lines: lines.joined(separator: "\n"), into: "t", in: folder)
                }
                #expect(error?.code == .typeMismatch)
                let words = ["Line \(late + 1)", "'v'", "2 numbers", "line 1", "3 numbers"]
                #expect(words.allSatisfy { error?.description.contains($0) == true })
                #expect(try warehouse.tables().isEmpty)
            }
        }
    }

    @Test("A type that is given is kept, and rows have to fit it") func fixed() throws {
        try withWarehouse { warehouse, folder throws in
            let columns = [TableSchema.Column("id", .text), .init("v", .json), .init("extra", .real)]
            let lines = "{\"id\":7,\"v\":[1,2]}\n{\"id\":8,\"v\":[1]}"
            try warehouse.load(lines: lines, into: "t", columns: columns, in: folder)
            #expect(
                try warehouse.query("SELECT * FROM t").rows == [
                    [.text("7"), .json("[1,2]"), .null], [.text("8"), .json("[1]"), .null],
                ])
            let error = failure {
                try warehouse.load(lines: #"{"n":"x"}"#, into: "u", columns: [.init("n", .integer)], in: folder)
            }
            #expect(error?.code == .typeMismatch)
        }
    }

    @Test("Whatever the order of 300 random tables' rows, the types are the same and no value is lost")
    func randomTables() throws {
        var random = SeededGenerator(seed: 11)
        let values: [SQLValue] = [
            .null, .integer(3), .integer(-1 << 40), .real(0.5), .text("é\"\\\n"), .boolean(true),
            .json(#"{"a":[1]}"#),
        ]
        try withWarehouse { warehouse, _ throws in
            for _ in 0..<300 {
                var rows = (0..<Int.random(in: 1...8, using: &random)).map { _ in
                    TableRow(
                        ["a", "b", "c"].filter { _ in Bool.random(using: &random) }.map {
                            .init($0, values.randomElement(using: &random)!)
                        })
                }
                rows.append(TableRow(["a", "b", "c"].map { .init($0, .null) }))
                func load(_ rows: [TableRow]) throws -> LoadReport {
                    try warehouse.load(
                        rows, into: TableName("t"), disposition: .truncate, from: anySource, at: anyDate)
                }
                let forward = Dictionary(
                    uniqueKeysWithValues: try load(rows.reversed()).schema.columns.map { ($0.name, $0) })
                let report = try load(rows)
                #expect(Dictionary(uniqueKeysWithValues: report.schema.columns.map { ($0.name, $0) }) == forward)
                let counts = try warehouse.query("SELECT count(a), count(b), count(c) FROM t").rows[0]
                let expected = ["a", "b", "c"].map { name in
                    rows.count { $0.cells.contains { $0.column == name && $0.value != .null } }
                }
                #expect(counts == expected.map { .integer(Int64($0)) })
            }
        }
    }
}

@Suite("Table name") struct TableNameTests {
    @Test(
        "Takes the forms that people write",
        arguments: [
            ("features", "features"), ("my_dataset.features", "my_dataset.features"), ("p-1:d.t", "p-1.d.t"),
            ("p.d.t", "p.d.t"),
        ])
    func takes(text: String, name: String) throws {
        #expect(try TableName(text).description == name)
    }

    @Test(
        "Refuses the others",
        arguments: [
            "", ".", "a.", ".a", "a b", "a;b", "a\"b", "a.b.c.d", "sqlite_x", "lightbox_provenance", "LIGHTBOX_x",
            "-a", "tablé",
        ])
    func refuses(text: String) {
        #expect(failure { _ = try TableName(text) }?.code == .invalidName)
    }
}
