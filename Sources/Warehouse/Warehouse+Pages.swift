import Database

extension Warehouse {
    /// Rows of a table in the order in which they stand there, from one of them on.
    ///
    /// - Parameters:
    ///   - names: of columns; all of them where it is empty.
    ///   - start: rows that are passed over.
    public func rows(
        of table: TableName, named names: [String] = [], from start: Int, count: Int,
        limits: QueryLimits = QueryLimits(),
        columns: ([QueryColumn]) throws -> Void, row: ([SQLValue]) throws -> Void
    ) throws {
        guard let schema = try schema(of: table) else {
            throw try read { try engine.noTable(table.description, $0) }
        }
        for name in names where schema[name] == nil {
            throw WarehouseError(.noSuchColumn, NameAdvice.noColumn(name, among: schema.columns.map(\.name)))
        }
        let list = (names.isEmpty ? schema.columns.map(\.name) : names).map(quotedIdentifier)
        // Views have no such order.
        let order = try isView(table) ? "" : "ORDER BY " + (sqlEngine == .sqlite ? "rowid" : "ctid")
        try query(
            "SELECT \(list.joined(separator: ", ")) FROM \(quotedIdentifier(table.description)) \(order) LIMIT \(count) OFFSET \(start)",
            limits: limits, columns: columns, row: row)
    }

    private func isView(_ table: TableName) throws -> Bool { try read { try isView(table, $0) } }
}
