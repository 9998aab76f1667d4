import Database
import LightboxCore

/// The user's tables in a schema of their own.
///
/// A name is kept in small letters, as PostgreSQL takes any name that is not quoted, and the spelling as a comment of the
/// table or column: `SELECT SOPInstanceUID` and `select sopinstanceuid` both find it, and results are headed as it was
/// spelled.
struct PostgresTables: TableEngine {
    /// Of the user's tables.
    let schema: String

    var mostColumns: Int { 1600 }

    private var place: String { SQLDialect.quoted(schema) }
    private func quoted(identifier: String) -> String { place + "." + SQLDialect.quoted(identifier) }

    func quoted(_ table: TableName) -> String { quoted(identifier: identifier(table.description)) }
    func identifier(_ column: String) -> String { PostgresName.identifier(column) }

    private func new(_ table: TableName) -> String {
        "lightbox_load_" + ContentHash(of: identifier(table.description).utf8).description.prefix(32)
    }

    func names(_ transaction: SQLTransaction) throws -> [String] {
        try transaction.all(
            """
            SELECT c.relname::text, obj_description(c.oid, 'pg_class') FROM pg_class c
            JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname = ? AND c.relkind IN ('r', 'v', 'm', 'p', 'f') AND c.relname NOT LIKE 'lightbox\\_%'
            ORDER BY c.relname COLLATE "C"
            """, [schema]
        ).map { PostgresName.spelling(of: try $0.get(0), try $0.get(1)) }
    }

    func schema(of table: TableName, _ transaction: SQLTransaction) throws -> TableSchema? {
        let rows = try transaction.all(
            """
            SELECT a.attname::text, t.typname::text, col_description(a.attrelid, a.attnum) FROM pg_attribute a
            JOIN pg_type t ON t.oid = a.atttypid
            WHERE a.attrelid = to_regclass(?) AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum
            """, [quoted(table)])
        guard !rows.isEmpty else { return nil }
        return try TableSchema(
            rows.map { row in
                try PostgresName.column(row.get(0), type: ColumnType(postgres: row.get(1)), comment: row.get(2))
            })
    }

    func lock(_ table: TableName, _ transaction: SQLTransaction) throws {
        try transaction.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(?, 0))", ["lightbox " + quoted(table)])
    }

    func create(_ table: TableName, _ schema: TableSchema, _ transaction: SQLTransaction) throws -> String {
        let name = quoted(identifier: new(table))
        let columns = schema.columns.map { SQLDialect.quoted(identifier($0.name)) + " " + $0.postgresDeclaration }
        let comments = schema.columns.map { column in
            comment(on: column, of: name)
                // A vector of numbers that differ in all their bits only costs time when it is compressed.
                + (column.type == .vector
                    ? "ALTER TABLE \(name) ALTER \(SQLDialect.quoted(identifier(column.name))) SET STORAGE EXTERNAL;"
                    : "")
        }
        // The vectors stand beside the table, so that it looks too small for a search on several cores.
        let options = schema.columns.contains { $0.type == .vector } ? " WITH (parallel_workers = 4)" : ""
        try transaction.script(
            "DROP TABLE IF EXISTS \(name); CREATE TABLE \(name) (\(columns.joined(separator: ", ")))\(options);"
                + comments.joined())
        return name
    }

    private func comment(on column: TableSchema.Column, of table: String) -> String {
        "COMMENT ON COLUMN \(table).\(SQLDialect.quoted(identifier(column.name))) IS "
            + PostgresName.literal(PostgresName.comment(column)) + ";"
    }

    /// Waits for those who read the old table.
    func publish(_ table: TableName, _ transaction: SQLTransaction) throws {
        let name = quoted(table)
        try transaction.script(
            """
            DROP TABLE IF EXISTS \(name);
            ALTER TABLE \(quoted(identifier: new(table))) RENAME TO \(SQLDialect.quoted(identifier(table.description)));
            COMMENT ON TABLE \(name) IS \(PostgresName.literal(table.description));
            """)
    }

    func drop(_ table: TableName, _ transaction: SQLTransaction) throws {
        try transaction.script("DROP TABLE IF EXISTS \(quoted(table))")
    }

    func add(_ column: TableSchema.Column, to table: TableName, _ transaction: SQLTransaction) throws {
        let name = SQLDialect.quoted(identifier(column.name))
        try transaction.script(
            "ALTER TABLE \(quoted(table)) ADD COLUMN \(name) \(column.postgresDeclaration);"
                + comment(on: column, of: quoted(table)))
    }

    func problem(of value: SQLValue) -> String? {
        switch value {
        case .text(let text) where text.utf8.contains(0), .json(let text) where text.utf8.contains(0):
            "holds a NUL character, which PostgreSQL cannot keep. Remove it from the source"
        default: nil
        }
    }
}

extension TableSchema.Column {
    /// Texts are compared and sorted by their bytes, as in SQLite; JSON stays the text that it was.
    var postgresDeclaration: String {
        switch type {
        case .text: "text COLLATE \"C\""
        case .integer: "bigint"
        case .real: "double precision"
        case .boolean: "boolean"
        case .json: "json"
        case .vector: "real[]"
        }
    }
}

extension ColumnType {
    /// - Parameter name: of a type of PostgreSQL's, which may be one that another program chose.
    init(postgres name: String) {
        switch name {
        case "int2", "int4", "int8": self = .integer
        case "float4", "float8", "numeric": self = .real
        case "bool": self = .boolean
        case "json", "jsonb": self = .json
        case "_float4", "_float8", "vector": self = .vector
        default: self = .text
        }
    }
}
