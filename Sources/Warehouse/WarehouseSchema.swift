public import Database

/// What a warehouse needs beside the user's tables.
enum WarehouseSchema {
    /// Names are those of both engines; with PostgreSQL the functions are made too, which SQLite has in this process.
    static var migrations: [SQLMigration] {
        [
            SQLMigration(
                "warehouse 1: loads",
                script: """
                    CREATE TABLE IF NOT EXISTS lightbox_provenance (
                        id INTEGER PRIMARY KEY, table_name TEXT NOT NULL, source TEXT NOT NULL, source_sha256 TEXT,
                        notes TEXT NOT NULL, loaded_at REAL NOT NULL, rows INTEGER NOT NULL);
                    """),
            SQLMigration("warehouse 2: functions") { transaction in
                guard transaction.engine == .postgres else { return }
                let own: String? = try transaction.scalar("SELECT current_schema()::text")
                let schema = tables(beside: own ?? "public")
                try transaction.script("CREATE SCHEMA IF NOT EXISTS \(SQLDialect.quoted(schema))")
                try PostgresFunctions.make(in: schema, transaction)
            },
            SQLMigration("warehouse 3: functions of GoogleSQL") { transaction in
                guard transaction.engine == .postgres else { return }
                let own: String? = try transaction.scalar("SELECT current_schema()::text")
                try PostgresGoogleFunctions.make(in: tables(beside: own ?? "public"), transaction)
            },
            SQLMigration(
                "warehouse 4: datasets",
                script: """
                    CREATE TABLE IF NOT EXISTS lightbox_datasets (
                        name TEXT PRIMARY KEY, made_at REAL NOT NULL, document TEXT NOT NULL);
                    """),
        ]
    }

    /// The PostgreSQL schema of the user's tables.
    static func tables(beside schema: String) -> String { schema + "_tables" }
}

extension Warehouse {
    /// What makes its own tables.
    public static var migrations: [SQLMigration] { WarehouseSchema.migrations }
}
