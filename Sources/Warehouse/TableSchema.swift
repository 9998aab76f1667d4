/// The columns of a table, in order.
public struct TableSchema: Sendable, Hashable, Codable {
    public struct Column: Sendable, Hashable, Codable {
        public let name: String
        public let type: ColumnType
        /// How many numbers each vector has; nil for the other types and for vectors of any length.
        public let length: Int?

        public init(_ name: String, _ type: ColumnType, length: Int? = nil) {
            self.name = name
            self.type = type
            self.length = length
        }
    }

    public var columns: [Column]

    /// - Throws: ``WarehouseError`` when a name is empty, too long or there twice (without regard to case).
    public init(_ columns: [Column]) throws {
        var seen: [String: String] = [:]
        for column in columns {
            guard (1...300).contains(column.name.utf8.count), !column.name.utf8.contains(0) else {
                throw WarehouseError(.invalidName, "A column's name is empty or longer than 300 bytes. Rename it.")
            }
            if let other = seen.updateValue(column.name, forKey: column.name.lowercased()) {
                throw WarehouseError(
                    .invalidName,
                    "Columns '\(other)' and '\(column.name)' differ in case only. Rename one of them.")
            }
        }
        self.columns = columns
    }

    public subscript(_ name: String) -> Column? { columns.first { $0.name == name } }
}

extension TableSchema.Column {
    /// The type as SQLite declares it. The words choose its affinity (sqlite.org/datatype3.html, 3.1): JSON
    /// stays text, a vector's BLOB is never converted.
    var declaration: String {
        switch type {
        case .text: "TEXT"
        case .integer: "INTEGER"
        case .real: "REAL"
        case .boolean: "BOOLEAN"
        case .json: "JSON TEXT"
        case .vector: length.map { "VECTOR(\($0))" } ?? "VECTOR"
        }
    }

    init(name: String, declaration: String) {
        let upper = declaration.uppercased()
        if upper.hasPrefix("VECTOR") {
            let digits = upper.drop { !$0.isNumber }.prefix { $0.isNumber }
            self.init(name, .vector, length: Int(digits))
        } else {
            self.init(name, ColumnType(declaration: upper) ?? .text)
        }
    }
}

extension ColumnType {
    init?(declaration: String) {
        switch declaration {
        case let text where text.hasPrefix("VECTOR"): self = .vector
        case let text where text.hasPrefix("JSON"): self = .json
        case let text where text.hasPrefix("BOOL"): self = .boolean
        case let text where text.contains("INT"): self = .integer
        case let text where text.contains("CHAR") || text.contains("TEXT"): self = .text
        case let text where text.contains("REAL") || text.contains("FLOA") || text.contains("DOUB"): self = .real
        default: return nil
        }
    }
}
