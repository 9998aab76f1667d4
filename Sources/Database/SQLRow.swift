/// A row of a result.
///
/// One that a ``SQLCursor`` gives may be read until the cursor moves on; ``copied()`` can be kept.
public struct SQLRow {
    /// Where a row's values are.
    protocol Source {
        func value(at index: Int) throws -> ColumnValue
    }

    struct Copy: Source {
        let values: [ColumnValue]
        func value(at index: Int) -> ColumnValue { values[index] }
    }

    public let columns: SQLColumns
    private let source: any Source

    init(_ columns: SQLColumns, _ source: any Source) { (self.columns, self.source) = (columns, source) }

    public func value(at index: Int) throws -> ColumnValue {
        guard index >= 0, index < columns.names.count else {
            throw DatabaseFailure(.noSuchColumn, "The result has \(columns.names.count) columns, none \(index).")
        }
        return try source.value(at: index)
    }

    /// The value of a column, from 0.
    ///
    /// - Throws: ``DatabaseFailure`` `wrongType` where it is of another type; NULL is one of an optional only.
    @inlinable
    public func get<Value: ColumnDecodable>(_ index: Int, as type: Value.Type = Value.self) throws -> Value {
        let value = try value(at: index)
        guard let decoded = Value(columnValue: value) else { throw mismatch(value, at: index, "\(Value.self)") }
        return decoded
    }

    @usableFromInline
    func mismatch(_ value: ColumnValue, at index: Int, _ expected: String) -> DatabaseFailure {
        DatabaseFailure(
            .wrongType, "The column '\(columns.names[index])' holds \(value.type), where \(expected) is expected.")
    }

    public func get<Value: ColumnDecodable>(_ name: String, as type: Value.Type = Value.self) throws -> Value {
        try get(try columns.index(of: name))
    }

    /// All values, in the order of the columns.
    public func values() throws -> [ColumnValue] { try columns.names.indices.map { try source.value(at: $0) } }

    /// The same row for as long as it is wanted.
    public func copied() throws -> SQLRow {
        source is Copy ? self : SQLRow(columns, Copy(values: try values()))
    }
}

/// The columns of a result.
public final class SQLColumns: Sendable {
    public let names: [String]
    private let positions: [String: Int]

    init(_ names: [String]) {
        self.names = names
        positions = Dictionary(names.enumerated().map { ($1, $0) }) { first, _ in first }
    }

    public func index(of name: String) throws -> Int {
        guard let index = positions[name] else {
            throw DatabaseFailure(.noSuchColumn, "The result has no column '\(name)'.")
        }
        return index
    }
}

/// Walks the rows of a result, a few in memory at a time, within its transaction.
///
/// Other statements may run meanwhile.
public final class SQLCursor {
    public let columns: SQLColumns
    private let advance: () throws -> SQLRow?
    private let close: () -> Void
    private var isAtEnd = false

    init(_ columns: SQLColumns, close: @escaping () -> Void = {}, advance: @escaping () throws -> SQLRow?) {
        (self.columns, self.close, self.advance) = (columns, close, advance)
    }

    deinit { close() }

    /// nil at the end.
    public func next() throws -> SQLRow? {
        guard !isAtEnd else { return nil }
        let row = try advance()
        isAtEnd = row == nil
        return row
    }
}
