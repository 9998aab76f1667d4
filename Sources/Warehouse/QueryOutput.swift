/// How a result is written.
public enum QueryFormat: String, Sendable, Codable, CaseIterable {
    /// Aligned columns for people, vectors shortened.
    case table
    case csv
    /// One JSON array of objects.
    case json
    /// One JSON object a line.
    case jsonLines = "jsonl"
}

/// Writes a result row by row.
///
/// Call ``begin(_:)`` once, ``write(_:)`` for each row, ``end()`` once; `sink` gets the text in pieces. All but
/// the table, whose widths depend on every row, hold one row at a time.
public struct QueryWriter {
    private let format: QueryFormat
    private let sink: (String) throws -> Void
    private var columns: [QueryColumn] = []
    private var table = TextTable()
    private var count = 0

    public init(_ format: QueryFormat, sink: @escaping (String) throws -> Void) {
        self.format = format
        self.sink = sink
    }

    public mutating func begin(_ columns: [QueryColumn]) throws {
        self.columns = columns
        switch format {
        case .table: table = TextTable(header: columns.map(\.name))
        case .csv: try sink(columns.map { Self.csv($0.name) }.joined(separator: ",") + "\r\n")
        case .json: try sink("[")
        case .jsonLines: break
        }
    }

    public mutating func write(_ row: [SQLValue]) throws {
        switch format {
        case .table: table.add(row)
        case .csv: try sink(row.map(Self.csv).joined(separator: ",") + "\r\n")
        case .json: try sink((count > 0 ? ",\n " : "\n ") + object(row))
        case .jsonLines: try sink(object(row) + "\n")
        }
        count += 1
    }

    public mutating func end() throws {
        switch format {
        case .table: for line in table.lines() { try sink(line + "\n") }
        case .json: try sink(count > 0 ? "\n]\n" : "]\n")
        case .csv, .jsonLines: break
        }
    }

    private func object(_ row: [SQLValue]) -> String {
        let members = zip(columns, row).map { JSONText.quoted($0.name) + ":" + JSONText.of($1) }
        return "{" + members.joined(separator: ",") + "}"
    }

    /// RFC 4180; NULL is an empty field and an empty text `""`, a vector a JSON list.
    private static func csv(_ value: SQLValue) -> String {
        switch value {
        case .null: ""
        case .text(let text), .json(let text): csv(text)
        default: csv(JSONText.of(value))
        }
    }

    private static func csv(_ text: String) -> String {
        let needsQuotes = text.isEmpty || text.utf8.contains { [34, 44, 10, 13].contains($0) }
        return needsQuotes ? "\"" + text.replacing("\"", with: "\"\"") + "\"" : text
    }
}

extension Warehouse {
    /// Writes the names of the tables.
    public func writeTables(as format: QueryFormat, sink: @escaping (String) throws -> Void) throws {
        var writer = QueryWriter(format, sink: sink)
        try writer.begin([QueryColumn(name: "table", type: .text)])
        for table in try tables() { try writer.write([.text(table.description)]) }
        try writer.end()
    }

    /// Runs a query and writes its result.
    ///
    /// - Returns: rows written, and whether there were more than the limit.
    @discardableResult
    public func write(
        _ sql: String, _ parameters: [SQLValue] = [], as format: QueryFormat, limits: QueryLimits = QueryLimits(),
        sink: @escaping (String) throws -> Void
    ) throws -> (rows: Int, isTruncated: Bool) {
        var writer = QueryWriter(format, sink: sink)
        var rows = 0
        let isTruncated = try query(
            sql, parameters, limits: limits, columns: { try writer.begin($0) },
            row: {
                try writer.write($0)
                rows += 1
            })
        try writer.end()
        return (rows, isTruncated)
    }
}
