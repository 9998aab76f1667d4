import Database

/// Each of the user's tables is a table of the file, under the name that it was given.
struct SQLiteTables: TableEngine {
    var mostColumns: Int { 2000 }

    func names(_ transaction: SQLTransaction) throws -> [String] {
        try transaction.column(
            """
            SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
            AND name NOT LIKE 'lightbox\\_%' ESCAPE '\\' AND name NOT LIKE 'grdb\\_%' ESCAPE '\\' ORDER BY lower(name)
            """)
    }

    func schema(of table: TableName, _ transaction: SQLTransaction) throws -> TableSchema? {
        let rows = try transaction.all(
            "SELECT name, type FROM pragma_table_info(?) ORDER BY cid", [table.description])
        guard !rows.isEmpty else { return nil }
        return try TableSchema(
            rows.map { try TableSchema.Column(name: $0.get("name"), declaration: $0.get("type")) })
    }

    func quoted(_ table: TableName) -> String { quotedIdentifier(table.description) }
    func identifier(_ column: String) -> String { column }

    /// SQLite has one writer at a time.
    func lock(_ table: TableName, _ transaction: SQLTransaction) {}

    /// Others go on reading the state of the file before the transaction.
    func create(_ table: TableName, _ schema: TableSchema, _ transaction: SQLTransaction) throws -> String {
        try drop(table, transaction)
        let columns = schema.columns.map { quotedIdentifier($0.name) + " " + $0.declaration }
        try transaction.execute("CREATE TABLE \(quoted(table)) (\(columns.joined(separator: ", ")))")
        return quoted(table)
    }

    func publish(_ table: TableName, _ transaction: SQLTransaction) {}

    func drop(_ table: TableName, _ transaction: SQLTransaction) throws {
        try transaction.execute("DROP TABLE IF EXISTS \(quoted(table))")
    }

    func add(_ column: TableSchema.Column, to table: TableName, _ transaction: SQLTransaction) throws {
        try transaction.execute(
            "ALTER TABLE \(quoted(table)) ADD COLUMN \(quotedIdentifier(column.name)) \(column.declaration)")
    }
}
