import LightboxCore
import Testing
import Warehouse

/// On either engine.
@Suite("Points of a table") struct PointTests {
    private static let lines = """
        {"path":"b.png","id":7,"x":1.5,"y":-2,"cluster":1}
        {"path":"a.png","id":9,"x":0.25,"y":4,"cluster":0}
        {"path":"c.png","id":8,"x":null,"y":1,"cluster":5}
        {"path":"\\"; DROP TABLE map; --","id":3,"x":3,"y":3,"cluster":2}
        {"path":null,"id":2,"x":1e300,"y":0,"cluster":9}
        """

    private func query(_ table: String = "map", keys: [String] = ["path", "id"]) throws -> PointQuery {
        PointQuery(try TableName(table), keys: keys, x: "x", y: "y")
    }

    private func withMap(_ body: (Warehouse, PointRows) throws -> Void) throws {
        try withWarehouse { warehouse, folder throws in
            try warehouse.load(lines: Self.lines, into: "map", in: folder)
            try body(warehouse, try warehouse.points(query()))
        }
    }

    @Test("Come sorted by their keys, without those that lie nowhere") func order() throws {
        try withMap { warehouse, points in
            #expect(points.count == 3 && points.leftOut == 2)
            #expect((0..<3).map { points.keys[0][$0] } == ["\"; DROP TABLE map; --", "a.png", "b.png"])
            #expect((0..<3).map { points.keys[1][$0] } == ["3", "9", "7"])
            #expect(points.positions == [3, 3, 0.25, 4, 1.5, -2])
            #expect(try warehouse.points(query()).version == points.version)
            var cells: [SQLValue] = []
            try warehouse.cells(of: .init("cluster", .integer), query(), version: points.version) { index, value in
                #expect(index == cells.count)
                cells.append(value)
            }
            #expect(cells == [2, 0, 1])
        }
    }

    @Test("A change of a key or a place is another version, a change of anything else is not") func version()
        throws
    {
        try withWarehouse { warehouse, folder throws in
            var versions: [String] = []
            let changes = [
                ("", ""), ("7", "6"), ("a.png", "d.png"), ("0.25", "0.5"), ("\"cluster\":1", "\"cluster\":4"),
            ]
            for (old, new) in changes {
                try warehouse.load(
                    lines: old.isEmpty ? Self.lines : Self.lines.replacing(old, with: new), into: "map", .truncate,
                    in: folder)
                versions.append(try warehouse.points(query()).version)
            }
            #expect(Set(versions).count == 4 && versions[0] == versions[4])
            let error = failure {
                try warehouse.cells(of: .init("cluster", .integer), query(), version: versions[1]) { _, _ in }
            }
            #expect(error?.code == .changed && error?.kind == .conflict)
            #expect(failure { _ = try warehouse.points(query("none")) }?.code == .noSuchTable)
        }
    }

    // MARK: Labels

    private func write(
        _ changes: [PointLabels.Change], column: String = "odd \"one\"", table: String = "marks",
        _ warehouse: Warehouse, version: String? = nil
    ) throws -> PointLabels.Report {
        let points = try warehouse.points(query())
        return try warehouse.write(
            PointLabels(table: TableName(table), column: column, changes: changes), of: query(),
            keys: ["path", "id"], version: version ?? points.version, at: anyDate)
    }

    @Test("Labels stand in a table of their own, take others' place, and can be undone") func labels() throws {
        try withMap { warehouse, points in
            let first = try write([.init(value: "yes", points: [0..<2])], warehouse)
            #expect(first.rows == 2 && first.changed == 2)
            #expect(first.previous == [.init(value: nil, points: [0..<2])])
            let second = try write([.init(value: "no", points: [1..<3])], warehouse)
            #expect(second.rows == 3 && second.changed == 2)
            #expect(second.previous == [.init(value: "yes", points: [1..<2]), .init(value: nil, points: [2..<3])])
            let joined =
                #"SELECT path, id, x, "odd ""one""" AS mark FROM map JOIN marks USING (path, id) ORDER BY path"#
            #expect(
                try warehouse.query(joined).rows == [
                    ["\"; DROP TABLE map; --", 3, 3.0, "yes"], ["a.png", 9, 0.25, "no"], ["b.png", 7, 1.5, "no"],
                ])
            // Another column beside it leaves it alone.
            _ = try write([.init(value: "x", points: [2..<3])], column: "kind", warehouse)
            _ = try write(second.previous, warehouse)
            #expect(
                try warehouse.query("SELECT id, \"odd \"\"one\"\"\", kind FROM marks ORDER BY id").rows == [
                    [3, "yes", .null], [7, .null, "x"], [9, "yes", .null],
                ])
            _ = try write(first.previous, warehouse)
            #expect(try warehouse.rowCount(of: TableName("marks")) == 1)
            let last = try write([.init(value: nil, points: [0..<3])], column: "KIND", warehouse)
            #expect(last.rows == 0)
            #expect(try warehouse.schema(of: TableName("marks")) == nil)
            #expect(try warehouse.points(query()).version == points.version, "the map itself is as it was")
        }
    }

    @Test("Only tables of such labels are written to, and no column of the keys") func foreign() throws {
        try withWarehouse { warehouse, folder throws in
            try warehouse.load(lines: Self.lines, into: "map", in: folder)
            try warehouse.load(lines: #"{"path":"a.png","id":9,"label":"mine"}"#, into: "marks", in: folder)
            let change = [PointLabels.Change(value: "yes", points: [0..<1])]
            #expect(failure { _ = try write(change, column: "label", warehouse) }?.code == .tableExists)
            #expect(failure { _ = try write(change, table: "map", warehouse) }?.code == .tableExists)
            #expect(try warehouse.query("SELECT label FROM marks").rows == [["mine"]])
            for column in ["PATH", "id"] {
                #expect(
                    failure { _ = try write(change, column: column, table: "own", warehouse) }?.code
                        == .invalidName)
            }
            #expect(failure { _ = try write(change, column: "", table: "own", warehouse) }?.code == .invalidName)
            #expect(failure { _ = try write(change, table: "own", warehouse, version: "0") }?.code == .changed)
            #expect(
                failure { _ = try write([.init(value: "yes", points: [2..<9])], table: "own", warehouse) }?.code
                    == .changed)
            #expect(try warehouse.tables().map(\.description) == ["map", "marks"])
            // A table that was loaded anew under the name of labels is nobody's to change.
            _ = try write(change, table: "own", warehouse)
            try warehouse.load(lines: #"{"path":"a.png","id":9}"#, into: "own", .truncate, in: folder)
            #expect(failure { _ = try write(change, table: "own", warehouse) }?.code == .tableExists)
        }
    }

    @Test("A selection is a new table, which only its maker's word removes") func selection() throws {
        try withMap { warehouse, points in
            func select(_ ranges: [Range<Int>]) throws -> Int {
                try warehouse.write(
                    selection: ranges, of: query(), keys: ["path", "id"], version: points.version,
                    into: TableName("part"), mark: "word", at: anyDate)
            }
            #expect(try select([0..<1, 2..<3]) == 2)
            #expect(
                try warehouse.query("SELECT * FROM part").rows == [["\"; DROP TABLE map; --", 3], ["b.png", 7]])
            #expect(failure { _ = try select([0..<1]) }?.code == .tableExists)
            #expect(failure { try warehouse.dropSelection(TableName("part"), mark: "") }?.code == .changed)
            #expect(failure { try warehouse.dropSelection(TableName("map"), mark: "word") }?.code == .changed)
            try warehouse.dropSelection(TableName("part"), mark: "word")
            #expect(try warehouse.tables().map(\.description) == ["map"])
        }
    }

    @Test("Fragments are found in any case, and NULL is none") func search() {
        var texts = PackedTexts()
        for text in ["Scan/One.PNG", nil, "", "öne", "two", nil] { texts.append(text) }
        func found(_ fragment: String) -> [Int] {
            var numbers: [Int] = []
            texts.forEach(containing: fragment) { numbers.append($0) }
            return numbers
        }
        #expect(texts.count == 6 && texts[1] == nil && texts[2] == "" && texts[3] == "öne")
        #expect(found("one") == [0] && found("NE") == [0, 3] && found("twoo") == [] && found("") == [])
        #expect(found("g") == [0], "not across two texts")
    }
}
