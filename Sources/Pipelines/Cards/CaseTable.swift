package import AnswerCards
package import LightboxCore
import Serving
package import Warehouse
import WireFormats

/// Reads known cases out of the warehouse.
///
/// | column | gives |
/// |---|---|
/// | the only one of vectors, or `feature_vector` | the vector |
/// | `id`, else `path`, else `instance` with its `frame` | the id |
/// | `file`, else `path` | where the picture is |
/// | `labels` or `label`; else those named like the model's labels, where they are 1 | the labels |
package struct CaseTable {
    let warehouse: Warehouse
    let source: CaseSource
    /// The model's own.
    let labels: [String]
    /// Bytes that the cases may take in memory.
    let limit: Int

    /// - Parameter labels: the model's own.
    /// - Throws: ``InputError`` for a home without tables.
    package init(_ source: CaseSource, labels: [String], home: Home, limit: Int = 2 << 30) throws {
        guard Warehouse.exists(in: home) else {
            throw InputError(
                .invalidInput,
                "The home has no tables yet. Make '\(source.table)' with `lightbox embed … --output sql:\(source.table)`."
            )
        }
        warehouse = try Warehouse(home: home)
        self.source = source
        self.labels = labels
        self.limit = limit
    }

    /// What the tables were made of; another one after every load.
    package func history() throws -> [[LoadRecord]] {
        try names.map { try warehouse.history(of: $0) }
    }

    private var names: [TableName] {
        get throws { try [source.table, source.labels].compactMap { try $0.map { try TableName($0) } } }
    }

    /// - Parameter length: numbers in the model's embedding; nil for as many as the table's vectors have.
    /// - Throws: ``InputError`` for a table that does not go with it.
    package func read(length: Int? = nil) throws -> KnownCases {
        let names = try names
        let (table, columns) = (names[0], try schema(of: names[0]).columns)
        let (vector, length) = try vectorColumn(columns, of: table, length: length)
        let rows = try warehouse.rowCount(of: table)
        // A number has 5 bytes, and beside them are some for each case's names.
        guard rows <= limit / (5 * length + 256) else {
            throw refusal(
                "its \(rows) vectors of \(length) numbers do not fit into \(limit >> 20) MiB",
                "Attach a table of fewer cases.")
        }
        let further = try names.dropFirst().first.map { try labelsByKey($0, beside: columns) }
        var index = CaseIndex(length: length, capacity: rows)
        let wanted = [vector] + columns.map(\.name).filter { isKey($0) || isLabel($0) }
        var number = 0
        try each(table, wanted) { row in
            number += 1
            guard case .vector(let values)? = row[vector] else { return }
            guard values.count == length else { throw lengthRefusal(values.count, length) }
            let labels = further.map { $0.labels[row.text($0.key) ?? ""] ?? [] } ?? self.labels(of: row)
            index.add(.init(id: row.id ?? "row \(number)", labels: labels, path: row.picturePath), values)
        }
        guard !index.cases.isEmpty else { throw refusal("it has no vectors", "Attach another table.") }
        return KnownCases(table: source.table, index)
    }

    // MARK: Columns

    private func schema(of table: TableName) throws -> TableSchema {
        // An unknown table is an error that names the others.
        if let schema = try warehouse.schema(of: table) { return schema }
        _ = try warehouse.rowCount(of: table)
        throw refusal("it is not there", "Make it with `lightbox embed`.")
    }

    /// The column of vectors, and the numbers in each.
    private func vectorColumn(
        _ columns: [TableSchema.Column], of table: TableName, length wanted: Int?
    ) throws -> (String, Int) {
        let vectors = columns.filter { $0.type == .vector }
        guard let column = vectors.count == 1 ? vectors[0] : vectors.first(where: { $0.name == "feature_vector" })
        else {
            throw refusal(
                vectors.isEmpty ? "it has no column of vectors" : "it has several columns of vectors",
                "Make it with `lightbox embed … --output sql:\(source.table)`.")
        }
        if let given = column.length, let wanted, given != wanted { throw lengthRefusal(given, wanted) }
        if let length = wanted ?? column.length { return (column.name, length) }
        var found: Int?
        try each(table, [column.name], limit: 1) { row in
            if case .vector(let values)? = row[column.name] { found = values.count }
        }
        guard let found else { throw refusal("it has no vectors", "Attach another table.") }
        return (column.name, found)
    }

    private func isKey(_ name: String) -> Bool { Row.keys.contains(name) }
    private func isLabel(_ name: String) -> Bool { ["label", "labels"].contains(name) || labels.contains(name) }

    private func labels(of row: Row) -> [String] {
        if let list = row["labels"] ?? row["label"] { return Self.list(list) }
        return labels.filter { row.isOne($0) }
    }

    /// A JSON list of texts, or one text.
    private static func list(_ value: SQLValue) -> [String] {
        switch value {
        case .text(let text), .json(let text):
            let elements = text.hasPrefix("[") ? (try? JSONValue(parsing: text))?.elements : nil
            return elements?.compactMap(\.string) ?? (text.isEmpty ? [] : [text])
        case .integer(let number): return ["\(number)"]
        default: return []
        }
    }

    /// The labels that another table says, by the column that both have.
    private func labelsByKey(
        _ table: TableName, beside columns: [TableSchema.Column]
    ) throws -> (key: String, labels: [String: [String]]) {
        let other = try schema(of: table).columns.map(\.name)
        let own = columns.map(\.name)
        guard let key = ["instance", "path", "id"].first(where: { own.contains($0) && other.contains($0) }) else {
            throw refusal("\(table) has neither instance nor path nor id in common with it", "Name another table.")
        }
        guard other.contains(where: isLabel) else {
            throw refusal("\(table) has no column of labels", "Name it label, or columns as the model's labels.")
        }
        var found: [String: [String]] = [:]
        try each(table, [key] + other.filter { isLabel($0) && $0 != key }) { row in
            if let text = row.text(key) { found[text] = labels(of: row) }
        }
        return (key, found)
    }

    private func each(
        _ table: TableName, _ columns: [String], limit: Int? = nil, _ body: (Row) throws -> Void
    ) throws {
        let names = columns.map { "\"" + $0.replacing("\"", with: "\"\"") + "\"" }.joined(separator: ", ")
        try warehouse.query(
            "SELECT \(names) FROM \"\(table)\"" + (limit.map { " LIMIT \($0)" } ?? ""), columns: { _ in },
            row: { values in
                var row = Row()
                for (name, value) in zip(columns, values) where value != .null { row.cells[name] = value }
                try body(row)
            })
    }

    // MARK: Refusals

    private func refusal(_ problem: String, _ remedy: String) -> InputError {
        InputError(.invalidInput, "The table of known cases '\(source.table)': \(problem). \(remedy)")
    }

    private func lengthRefusal(_ given: Int, _ wanted: Int) -> InputError {
        refusal(
            "its vectors have \(given) numbers, the model's embedding has \(wanted)",
            "Make it with `lightbox embed` and the model's network.")
    }
}

/// The cells of one case.
private struct Row {
    static let keys = ["id", "path", "instance", "frame", "file"]

    var cells: [String: SQLValue] = [:]

    subscript(_ name: String) -> SQLValue? { cells[name] }

    func text(_ name: String) -> String? {
        switch cells[name] {
        case .text(let text)?: text.isEmpty ? nil : text
        case .integer(let number)?: "\(number)"
        default: nil
        }
    }

    /// Whether a label's column says that it is there; tables write 1, 1.0 and true.
    func isOne(_ name: String) -> Bool {
        switch cells[name] {
        case .integer(let number)?: number == 1
        case .real(let number)?: number == 1
        case .boolean(let flag)?: flag
        case .text(let text)?: Double(text) == 1
        default: false
        }
    }

    var id: String? {
        if let text = text("id") ?? text("path") { return text }
        return text("instance").map { instance in text("frame").map { "\(instance) frame \($0)" } ?? instance }
    }

    /// nil for the later frames of a file: the first one is what would be shown.
    var picturePath: String? {
        guard ["1", nil].contains(text("frame")) else { return nil }
        return text("file") ?? text("path")
    }
}
