import GRDB

extension Warehouse {
    /// Adds to a table those of some columns that it lacks; its rows have NULL there. Nothing happens without the table.
    public func addColumns(_ columns: [TableSchema.Column], to table: TableName) throws {
        try write { database in
            guard let existing = try Self.schema(of: table, database) else { return }
            let known = Set(existing.columns.map { $0.name.lowercased() })
            for column in columns where !known.contains(column.name.lowercased()) {
                try database.execute(
                    sql:
                        "ALTER TABLE \(table.quoted) ADD COLUMN \(quotedIdentifier(column.name)) \(column.declaration)"
                )
            }
        }
    }
}
