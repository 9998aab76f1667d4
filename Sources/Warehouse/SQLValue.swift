/// One cell of a table, or one argument of a query.
public enum SQLValue: Sendable, Hashable {
    case null
    case integer(Int64)
    case real(Double)
    case text(String)
    case boolean(Bool)
    /// A JSON text of any kind, kept as it is.
    case json(String)
    /// Kept as a BLOB of little-endian Float32.
    case vector([Float])

    /// What the value asks of its column; nil for NULL, which any column takes.
    public var type: ColumnType? {
        switch self {
        case .null: nil
        case .integer: .integer
        case .real: .real
        case .text: .text
        case .boolean: .boolean
        case .json: .json
        case .vector: .vector
        }
    }
}

extension SQLValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral {
    public init(stringLiteral value: String) { self = .text(value) }
    public init(integerLiteral value: Int64) { self = .integer(value) }
    public init(floatLiteral value: Double) { self = .real(value) }
}

/// What a column holds.
public enum ColumnType: String, Sendable, Hashable, Codable, CaseIterable {
    case text, integer, real, boolean, json, vector
}

/// One row on its way into a table: cells under their columns' names, in any order, absent ones NULL.
public struct TableRow: Sendable, Hashable {
    public struct Cell: Sendable, Hashable {
        public let column: String
        public let value: SQLValue

        public init(_ column: String, _ value: SQLValue) {
            self.column = column
            self.value = value
        }
    }

    public var cells: [Cell]

    public init(_ cells: [Cell]) { self.cells = cells }
}

/// Rows that can be walked more than once: a file, a list, another query's result.
public protocol RowSource {
    /// Calls `body` with each row in order and its number from 1 (the line, in a file of lines).
    func forEachRow(_ body: (_ row: TableRow, _ number: Int) throws -> Void) throws
    /// All columns, when the source knows them without a look at the rows; nil to have them inferred.
    var declaredColumns: [TableSchema.Column]? { get }
}

extension RowSource {
    public var declaredColumns: [TableSchema.Column]? { nil }
}

extension [TableRow]: RowSource {
    public func forEachRow(_ body: (TableRow, Int) throws -> Void) throws {
        for (index, row) in enumerated() { try body(row, index + 1) }
    }
}
