import GRDB
import GRDBSQLite

/// Tables of metadata, vectors, labels and predictions in one SQLite file, for SQL.
///
/// Any number of threads and processes may read while one writes (write-ahead log). What a load or a
/// statement has reported as done is on the disk.
public final class Warehouse: Sendable {
    let pool: DatabasePool

    /// Opens the file, and makes it when there is none.
    public init(path: String) throws {
        var configuration = Configuration()
        configuration.busyMode = .timeout(30)
        configuration.foreignKeysEnabled = true
        configuration.prepareDatabase { database in
            // Larger pages hold a vector of 2,048 in one piece, so that functions read it without a copy.
            try database.execute(sql: "PRAGMA page_size = 32768; PRAGMA cache_size = -65536")
            try database.execute(sql: "PRAGMA mmap_size = 0x7fff0000")
            StatisticsFunctions.register(on: database)
            if let connection = database.sqliteConnection { VectorFunctions.register(on: connection) }
            if database.configuration.readonly, let connection = database.sqliteConnection {
                // A query has no business with other files.
                sqlite3_limit(connection, SQLITE_LIMIT_ATTACHED, 0)
            }
        }
        do {
            pool = try DatabasePool(path: path, configuration: configuration)
            try pool.writeWithoutTransaction { database in
                // The pool has set NORMAL, under which a power loss takes back the last commits.
                try database.execute(sql: "PRAGMA synchronous = FULL")
            }
            try pool.write { try Self.createProvenance($0) }
        } catch let error as DatabaseError {
            throw WarehouseError(
                .storage, "\(path): \(error.message ?? "SQLite error \(error.resultCode.rawValue)").")
        }
    }

    /// The user's tables in the order of their names.
    public func tables() throws -> [TableName] {
        try read { try Self.tableNames($0).compactMap { try? TableName($0) } }
    }

    /// The columns of a table; nil when there is no such table.
    public func schema(of table: TableName) throws -> TableSchema? {
        try read { try Self.schema(of: table, $0) }
    }

    public func rowCount(of table: TableName) throws -> Int {
        try read { database in
            guard try Self.schema(of: table, database) != nil else { throw try Self.noSuchTable(table, database) }
            return try Int.fetchOne(database, sql: "SELECT count(*) FROM \(table.quoted)") ?? 0
        }
    }

    public func drop(_ table: TableName) throws {
        try write { database in
            guard try Self.schema(of: table, database) != nil else { throw try Self.noSuchTable(table, database) }
            try Self.drop(table, database)
        }
    }
}

extension Warehouse {
    static func tableNames(_ database: Database) throws -> [String] {
        try String.fetchAll(
            database,
            sql: """
                SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
                AND name NOT LIKE 'lightbox\\_%' ESCAPE '\\' AND name NOT LIKE 'grdb\\_%' ESCAPE '\\' ORDER BY lower(name)
                """)
    }

    static func schema(of table: TableName, _ database: Database) throws -> TableSchema? {
        let rows = try Row.fetchAll(
            database, sql: "SELECT name, type FROM pragma_table_info(?) ORDER BY cid",
            arguments: [table.description])
        guard !rows.isEmpty else { return nil }
        return try TableSchema(rows.map { TableSchema.Column(name: $0["name"], declaration: $0["type"]) })
    }

    static func drop(_ table: TableName, _ database: Database) throws {
        try database.execute(sql: "DROP TABLE IF EXISTS \(table.quoted)")
        try database.execute(
            sql: "DELETE FROM lightbox_provenance WHERE table_name = ? COLLATE NOCASE",
            arguments: [table.description])
    }

    static func noSuchTable(_ table: TableName, _ database: Database) throws -> WarehouseError {
        try WarehouseError(.noSuchTable, NameAdvice.noTable(table.description, among: tableNames(database)))
    }

    func read<Result>(_ body: (Database) throws -> Result) throws -> Result {
        try translatingErrors { try pool.read(body) }
    }

    func write<Result>(_ body: (Database) throws -> Result) throws -> Result {
        try translatingErrors { try pool.write(body) }
    }

    private func translatingErrors<Result>(_ body: () throws -> Result) throws -> Result {
        do {
            return try body()
        } catch let error as DatabaseError {
            throw WarehouseError(sqlite: error.resultCode.rawValue, error.message ?? "")
        } catch let error as SQLiteFailure {
            throw WarehouseError(sqlite: error.code, error.message)
        }
    }
}

extension WarehouseError {
    /// A failure of SQLite that the statement is not to blame for.
    init(sqlite code: Int32, _ message: String) {
        switch code & 0xff {
        case SQLITE_BUSY, SQLITE_LOCKED:
            self.init(
                .busy,
                "Another process has been writing to the database for 30 seconds. Try again when it is done.")
        case SQLITE_READONLY: self.init(.readOnly, "The database cannot be written: \(message).")
        case SQLITE_FULL: self.init(.storage, "The disk is full. Nothing of this load was kept.")
        case SQLITE_CORRUPT, SQLITE_NOTADB:
            self.init(.storage, "The database file is damaged (\(message)). Restore it, or load the tables anew.")
        default: self.init(.invalidSQL, message.isEmpty ? "SQLite error \(code)." : "SQL: \(message).")
        }
    }
}
