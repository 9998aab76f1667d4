public import LightboxCore

/// Tables in an SQLite file or a PostgreSQL schema, for any number of threads, processes and, with PostgreSQL,
/// machines. Calls block.
public final class SQLDatabase: Sendable {
    /// What else may change what a transaction has read before it commits.
    public enum Isolation: Sendable {
        /// Nothing: a change is made as if it were the only one.
        case serializable
        /// Anything that no row lock keeps: for a change of rows that were locked (`FOR UPDATE`) or that is one
        /// statement. SQLite has one writer at a time whatever is said here.
        case readCommitted
    }

    protocol Backend: Sendable {
        var engine: SQLEngine { get }
        var place: String { get }
        var schema: String? { get }
        func read<Result>(_ body: (SQLTransaction) throws -> Result) throws -> Result
        func write<Result>(_ isolation: Isolation, _ body: (SQLTransaction) throws -> Result) throws -> Result
        func migrate(_ migrations: [SQLMigration]) throws -> [String]
        func facts() throws -> String
    }

    private let backend: any Backend

    /// The database of a home: PostgreSQL where its settings name one, else an SQLite file in it.
    ///
    /// - Parameter file: ``Home/catalog`` or ``Home/warehouse``.
    public convenience init(home: Home, file: String, options: SQLiteOptions = SQLiteOptions()) throws {
        if let address = home.settings.database {
            try self.init(postgres: address)
        } else {
            try self.init(file: file, options: options)
        }
    }

    /// Opens an SQLite file, and makes it when there is none, for this user only.
    public init(file: String, options: SQLiteOptions = SQLiteOptions()) throws {
        backend = try SQLiteBackend(file: file, options: options)
    }

    /// - Parameters:
    ///   - address: `postgres://USER@HOST/DATABASE?schema=NAME`. Nothing is connected to before it is needed.
    ///   - connections: at most.
    public init(postgres address: String, connections: Int = 8) throws {
        backend = try PostgresBackend(PostgresAddress(address), connections: connections)
    }

    public var engine: SQLEngine { backend.engine }
    /// The file, or the server, database and schema, without a password.
    public var place: String { backend.place }
    /// The schema that a PostgreSQL address names.
    public var schema: String? { backend.schema }

    /// Runs statements that see one state of the database and change nothing.
    ///
    /// - Parameter body: may be called again, from its beginning, after a connection broke.
    public func read<Result>(_ body: (SQLTransaction) throws -> Result) throws -> Result {
        try backend.read(body)
    }

    /// Runs one transaction, which is undone when `body` throws.
    ///
    /// - Parameter body: with PostgreSQL it is called again, from its beginning, when others got in its way or the
    ///   connection broke before the commit. What it does beside the database must bear that.
    /// - Throws: what `body` throws; ``DatabaseFailure``, of which `unknownOutcome` alone leaves open whether the change
    ///   was made.
    @discardableResult
    public func write<Result>(
        _ isolation: Isolation = .serializable, _ body: (SQLTransaction) throws -> Result
    ) throws -> Result {
        try backend.write(isolation, body)
    }

    /// Makes the tables that are missing.
    ///
    /// - Returns: the names of the migrations that were run now.
    @discardableResult
    public func migrate(_ migrations: [SQLMigration]) throws -> [String] { try backend.migrate(migrations) }

    /// The engine's version and what else is worth knowing, in a few words.
    public func facts() throws -> String { try backend.facts() }
}
