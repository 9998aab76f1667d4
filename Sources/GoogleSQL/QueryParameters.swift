public import Warehouse

/// What stands for the `@names` or the `?` of a statement.
public struct QueryParameters: Sendable {
    public struct Value: Sendable {
        public let type: DataType
        /// One; of an array any number.
        public let values: [SQLValue]

        /// - Parameter values: each goes with `type`, or with its element for an array.
        public init(type: DataType, values: [SQLValue]) { (self.type, self.values) = (type, values) }
    }

    /// By their names in small letters.
    public var named: [String: Value] = [:]
    public var positional: [Value] = []

    public init() {}
}
