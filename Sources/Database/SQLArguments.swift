/// What stands for the `?` of a statement, in order; nil is NULL.
public struct SQLArguments: Sendable, ExpressibleByArrayLiteral {
    public private(set) var values: [ColumnValue]

    public init(arrayLiteral elements: (any ColumnEncodable)?...) {
        values = elements.map { $0?.columnValue ?? .null }
    }

    public init(_ elements: [(any ColumnEncodable)?]) { values = elements.map { $0?.columnValue ?? .null } }
    public init(_ elements: [any ColumnEncodable]) { values = elements.map(\.columnValue) }
    public init(values: [ColumnValue] = []) { self.values = values }

    public mutating func append(_ value: (any ColumnEncodable)?) { values.append(value?.columnValue ?? .null) }

    public static func + (left: SQLArguments, right: SQLArguments) -> SQLArguments {
        SQLArguments(values: left.values + right.values)
    }

    public static func += (left: inout SQLArguments, right: SQLArguments) { left.values += right.values }
}
