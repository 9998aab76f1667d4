public import Foundation

/// One value on its way into a database or out of it.
public enum ColumnValue: Sendable, Hashable {
    case null
    case integer(Int64)
    case real(Double)
    case text(String)
    case blob([UInt8])
    /// For a BOOLEAN column; SQLite keeps 0 or 1 and gives back `integer`.
    case boolean(Bool)
    /// `real[]` in PostgreSQL, a BLOB of little-endian Float32 in SQLite, which gives back `blob`.
    case vector([Float])

    /// What it is, for people.
    var type: String {
        switch self {
        case .null: "NULL"
        case .integer: "an integer"
        case .real: "a number"
        case .text: "a text"
        case .blob: "bytes"
        case .boolean: "a boolean"
        case .vector: "a vector"
        }
    }
}

/// What can stand for a `?` of a statement.
public protocol ColumnEncodable {
    var columnValue: ColumnValue { get }
}

/// What a column can be read as.
public protocol ColumnDecodable {
    /// nil where the value is of another type.
    init?(columnValue: ColumnValue)
}

public typealias ColumnCodable = ColumnEncodable & ColumnDecodable

extension ColumnValue: ColumnCodable {
    public var columnValue: ColumnValue { self }
    @inlinable public init?(columnValue: ColumnValue) { self = columnValue }
}

extension Int64: ColumnCodable {
    public var columnValue: ColumnValue { .integer(self) }

    @inlinable public init?(columnValue: ColumnValue) {
        switch columnValue {
        case .integer(let number): self = number
        case .boolean(let flag): self = flag ? 1 : 0
        case .real(let number):
            guard let exact = Int64(exactly: number) else { return nil }
            self = exact
        default: return nil
        }
    }
}

extension Int: ColumnCodable {
    public var columnValue: ColumnValue { .integer(Int64(self)) }
    @inlinable public init?(columnValue: ColumnValue) {
        guard let number = Int64(columnValue: columnValue) else { return nil }
        self = Int(number)
    }
}

extension Bool: ColumnDecodable {
    @inlinable public init?(columnValue: ColumnValue) {
        switch columnValue {
        case .boolean(let flag): self = flag
        case .integer(let number): self = number != 0
        default: return nil
        }
    }
}

extension Double: ColumnCodable {
    public var columnValue: ColumnValue { .real(self) }

    @inlinable public init?(columnValue: ColumnValue) {
        switch columnValue {
        case .real(let number): self = number
        case .integer(let number): self = Double(number)
        default: return nil
        }
    }
}

extension String: ColumnCodable {
    public var columnValue: ColumnValue { .text(self) }
    @inlinable public init?(columnValue: ColumnValue) {
        guard case .text(let text) = columnValue else { return nil }
        self = text
    }
}

extension Substring: ColumnEncodable {
    public var columnValue: ColumnValue { .text(String(self)) }
}

extension [UInt8]: ColumnCodable {
    public var columnValue: ColumnValue { .blob(self) }
    @inlinable public init?(columnValue: ColumnValue) {
        guard case .blob(let bytes) = columnValue else { return nil }
        self = bytes
    }
}

extension Data: ColumnCodable {
    public var columnValue: ColumnValue { .blob(Array(self)) }
    @inlinable public init?(columnValue: ColumnValue) {
        guard case .blob(let bytes) = columnValue else { return nil }
        self = Data(bytes)
    }
}

extension Optional: ColumnDecodable where Wrapped: ColumnDecodable {
    @inlinable public init?(columnValue: ColumnValue) {
        if columnValue == .null {
            self = Wrapped?.none
        } else if let value = Wrapped(columnValue: columnValue) {
            self = Wrapped?.some(value)
        } else {
            return nil
        }
    }
}
