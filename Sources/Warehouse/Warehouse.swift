public import Database
import Foundation
import GRDBSQLite
public import LightboxCore

/// Tables of metadata, vectors, labels and predictions for SQL, in an SQLite file or in PostgreSQL.
///
/// Any number of threads and processes may read while one writes. What a load or a statement has reported as done is on
/// the disk.
public final class Warehouse: Sendable {
    let database: SQLDatabase
    let engine: any TableEngine

    /// Opens the warehouse of a home, and makes it when there is none: in PostgreSQL where the home's settings say so,
    /// else in its file.
    public convenience init(home: Home) throws {
        if let address = home.settings.database {
            try self.init(postgres: address)
        } else {
            try self.init(path: home.warehouse)
        }
    }

    /// Opens a place in PostgreSQL.
    ///
    /// - Parameter address: as ``HomeSettings/database``.
    public convenience init(postgres address: String) throws {
        try self.init(Self.translatingErrors { try SQLDatabase(postgres: address) })
    }

    /// Opens an SQLite file, and makes it when there is none.
    public convenience init(path: String) throws {
        try self.init(Self.translatingErrors { try SQLDatabase(file: path, options: Self.options) })
    }

    /// - Parameter database: an SQLite file of its own, or a place in PostgreSQL, which may hold other things too.
    private init(_ database: SQLDatabase) throws {
        self.database = database
        engine = try Self.translatingErrors {
            try database.migrate(Self.migrations)
            guard database.engine == .postgres else { return SQLiteTables() }
            let own = try database.schema ?? database.read { try $0.scalar("SELECT current_schema()::text") }
            return PostgresTables(schema: WarehouseSchema.tables(beside: own ?? "public"))
        }
    }

    /// Brings a warehouse up to date, and makes PostgreSQL's functions for vectors anew: they use pgvector from then on
    /// when the server has got it, and do without when it has gone.
    ///
    /// - Returns: the names of the migrations that were run now.
    public static func migrate(_ home: Home) throws -> [String] {
        guard let address = home.settings.database else {
            return try translatingErrors {
                try SQLDatabase(file: home.warehouse, options: options).migrate(migrations)
            }
        }
        let made = try translatingErrors { try SQLDatabase(postgres: address).migrate(migrations) }
        let warehouse = try Warehouse(postgres: address)
        if case let engine as PostgresTables = warehouse.engine {
            try warehouse.write { try PostgresFunctions.renew(in: engine.schema, $0) }
        }
        return made
    }

    /// Whether a home has a warehouse, which opening it would make.
    public static func exists(in home: Home) -> Bool {
        home.settings.database != nil || FileManager.default.fileExists(atPath: home.warehouse)
    }

    private static var options: SQLiteOptions {
        // Larger pages hold a vector of 2,048 in one piece, so that functions read it without a copy.
        var options = SQLiteOptions(
            pragmas: "PRAGMA page_size = 32768; PRAGMA cache_size = -65536; PRAGMA mmap_size = 0x7fff0000")
        options.prepare = { connection, isReadOnly in
            StatisticsFunctions.register(on: connection)
            VectorFunctions.register(on: connection)
            GoogleFunctions.register(on: connection)
            // A query has no business with other files.
            guard isReadOnly else { return }
            sqlite3_limit(connection, SQLITE_LIMIT_ATTACHED, 0)
            // One text that a query puts together may not take all memory.
            sqlite3_limit(connection, SQLITE_LIMIT_LENGTH, 1 << 28)
        }
        return options
    }

    /// Which program keeps the tables, and so whose words a query is written in.
    public var sqlEngine: SQLEngine { database.engine }

    /// The user's tables in the order of their names.
    public func tables() throws -> [TableName] {
        try read { try engine.names($0).compactMap { try? TableName($0) } }
    }

    /// The columns of a table; nil when there is no such table.
    public func schema(of table: TableName) throws -> TableSchema? {
        try read { try engine.schema(of: table, $0) }
    }

    public func rowCount(of table: TableName) throws -> Int {
        try read { transaction in
            guard try engine.schema(of: table, transaction) != nil else {
                throw try engine.noTable(table.description, transaction)
            }
            return try transaction.scalar("SELECT count(*) FROM \(engine.quoted(table))") ?? 0
        }
    }

    public func drop(_ table: TableName) throws {
        try write { transaction in
            guard try engine.schema(of: table, transaction) != nil else {
                throw try engine.noTable(table.description, transaction)
            }
            try engine.drop(table, transaction)
            try Self.forgetLoads(of: table, transaction)
        }
    }

    /// Adds to a table those of some columns that it lacks; its rows have NULL there. Nothing happens without the table.
    public func addColumns(_ columns: [TableSchema.Column], to table: TableName) throws {
        try write { transaction in
            guard let existing = try engine.schema(of: table, transaction) else { return }
            let known = Set(existing.columns.map { $0.name.lowercased() })
            for column in columns where !known.contains(column.name.lowercased()) {
                try engine.add(column, to: table, transaction)
            }
        }
    }
}

extension Warehouse {
    func read<Result>(_ body: (SQLTransaction) throws -> Result) throws -> Result {
        try Self.translatingErrors { try database.read(body) }
    }

    /// What is changed is locked, so that no more isolation is needed.
    @discardableResult
    func write<Result>(_ body: (SQLTransaction) throws -> Result) throws -> Result {
        try Self.translatingErrors { try database.write(.readCommitted, body) }
    }

    static func translatingErrors<Result>(_ body: () throws -> Result) throws -> Result {
        do {
            return try body()
        } catch let failure as DatabaseFailure {
            throw WarehouseError(failure)
        } catch let error as SQLiteFailure {
            throw WarehouseError(sqlite: error.code, error.message)
        }
    }
}

extension WarehouseError {
    /// A failure of the database that no name in a statement is to blame for.
    init(_ failure: DatabaseFailure) {
        switch failure.code {
        case .busy: self.init(.busy, "\(failure.description) Try again when the others are done.")
        case .readOnly: self.init(.readOnly, failure.description)
        case .storage, .unavailable, .unknownOutcome, .invalidAddress: self.init(.storage, failure.description)
        case .cancelled: self.init(.timeLimit, failure.description)
        case .noSuchTable: self.init(.noSuchTable, failure.description)
        case .noSuchColumn: self.init(.noSuchColumn, failure.description)
        case .wrongType, .uniqueViolation, .foreignKeyViolation, .constraintViolation:
            self.init(.typeMismatch, failure.description)
        case .invalidSQL: self.init(.invalidSQL, failure.description)
        }
    }

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
