public import Warehouse

/// The type of a value in GoogleSQL.
public indirect enum DataType: Sendable, Hashable, CustomStringConvertible {
    case int64, float64, bool, string
    /// Kept as text in the form of ISO 8601.
    case date, datetime, timestamp
    case json
    /// Of FLOAT64 a vector; any other one a JSON text.
    case array(DataType)
    /// Of NULL alone, which goes with all others.
    case null

    public var description: String {
        switch self {
        case .int64: "INT64"
        case .float64: "FLOAT64"
        case .bool: "BOOL"
        case .string: "STRING"
        case .date: "DATE"
        case .datetime: "DATETIME"
        case .timestamp: "TIMESTAMP"
        case .json: "JSON"
        case .array(let element): "ARRAY<\(element)>"
        case .null: "NULL"
        }
    }

    /// As a statement or a parameter spells it, old names too; nil for one that is not run here.
    public init?(_ word: String) {
        switch word.uppercased() {
        case "INT64", "INT", "INTEGER", "BIGINT", "SMALLINT", "TINYINT", "BYTEINT": self = .int64
        case "FLOAT64", "FLOAT": self = .float64
        case "BOOL", "BOOLEAN": self = .bool
        case "STRING": self = .string
        case "DATE": self = .date
        case "DATETIME": self = .datetime
        case "TIMESTAMP": self = .timestamp
        case "JSON": self = .json
        default: return nil
        }
    }

    /// The type that a table's column has.
    public init(_ type: ColumnType) {
        switch type {
        case .text: self = .string
        case .integer: self = .int64
        case .real: self = .float64
        case .boolean: self = .bool
        case .json: self = .json
        case .vector: self = .array(.float64)
        }
    }

    /// The column that keeps it.
    public var column: ColumnType {
        switch self {
        case .int64: .integer
        case .float64: .real
        case .bool: .boolean
        case .array(.float64): .vector
        case .json, .array: .json
        case .string, .date, .datetime, .timestamp, .null: .text
        }
    }

    var isNumber: Bool { self == .int64 || self == .float64 || self == .null }
    var isText: Bool { self == .string || self == .null }
    var isTime: Bool { self == .date || self == .datetime || self == .timestamp }

    /// Whether values of it can be sorted and grouped.
    var isOrdered: Bool {
        switch self {
        case .json, .array: false
        default: true
        }
    }

    /// The type that both go into without a cast; nil where there is none.
    func joined(with other: DataType) -> DataType? {
        switch (self, other) {
        case (let one, let two) where one == two: one
        case (.null, let one), (let one, .null): one
        case (.int64, .float64), (.float64, .int64): .float64
        default: nil
        }
    }
}
