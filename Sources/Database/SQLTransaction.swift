/// Which program keeps the tables.
public enum SQLEngine: String, Sendable, CaseIterable {
    case sqlite = "SQLite"
    case postgres = "PostgreSQL"
}

/// What each engine does with a statement. One thread uses it at a time.
protocol SQLSession: AnyObject {
    var engine: SQLEngine { get }
    func execute(_ sql: String, _ arguments: [ColumnValue]) throws -> Int
    func all(_ sql: String, _ arguments: [ColumnValue], limit: Int) throws -> [SQLRow]
    func cursor(_ sql: String, _ arguments: [ColumnValue]) throws -> SQLCursor
    func script(_ sql: String) throws
    func copy(into table: String, columns: [String], _ body: (any SQLCopy) throws -> Void) throws -> Int
    func now() throws -> Double
    /// SQLite's own connection.
    var sqliteConnection: OpaquePointer? { get }
}

/// A transaction under way: what ``SQLDatabase/read(_:)`` and ``SQLDatabase/write(_:_:)`` give to their bodies.
///
/// Statements have `?`, or `?1` for one that stands several times, on both engines. They are prepared once a
/// connection and kept under their text, so that the text should not hold values. After a statement has failed,
/// PostgreSQL refuses all others of the transaction: let the error out.
public final class SQLTransaction {
    let session: any SQLSession

    init(_ session: any SQLSession) { self.session = session }

    public var engine: SQLEngine { session.engine }

    /// - Returns: how many rows were inserted, updated or deleted.
    @discardableResult
    public func execute(_ sql: String, _ arguments: SQLArguments = []) throws -> Int {
        try session.execute(sql, arguments.values)
    }

    public func first(_ sql: String, _ arguments: SQLArguments = []) throws -> SQLRow? {
        try session.all(sql, arguments.values, limit: 1).first
    }

    public func all(_ sql: String, _ arguments: SQLArguments = []) throws -> [SQLRow] {
        try session.all(sql, arguments.values, limit: .max)
    }

    /// The first column of the first row; nil where there is no row or NULL.
    public func scalar<Value: ColumnDecodable>(
        _ sql: String, _ arguments: SQLArguments = [], as type: Value.Type = Value.self
    ) throws -> Value? {
        try first(sql, arguments)?.get(0, as: Value?.self)
    }

    /// The first column of all rows.
    public func column<Value: ColumnDecodable>(
        _ sql: String, _ arguments: SQLArguments = [], as type: Value.Type = Value.self
    ) throws -> [Value] {
        try all(sql, arguments).map { try $0.get(0) }
    }

    /// For results that may be large.
    ///
    /// - Parameter count: how many rows there are at most, where that is known: PostgreSQL sends a few at once, by a
    ///   statement that it has compiled before.
    public func cursor(
        _ sql: String, _ arguments: SQLArguments = [], expecting count: Int? = nil
    ) throws -> SQLCursor {
        guard engine == .postgres, let count, count <= 1000 else {
            return try session.cursor(sql, arguments.values)
        }
        var rows = try session.all(sql, arguments.values, limit: .max)[...]
        return SQLCursor(rows.first?.columns ?? SQLColumns([])) { rows.popFirst() }
    }

    /// A statement that is run many times in this transaction, looked up once.
    public func statement(_ sql: String) -> SQLStatement { SQLStatement(session, sql) }

    /// Runs several statements without arguments, as a migration has them; see ``SQLDialect``.
    public func script(_ sql: String) throws {
        try session.script(engine == .postgres ? SQLDialect.postgres(sql) : sql)
    }

    /// Writes many rows: COPY in PostgreSQL, one prepared INSERT in SQLite.
    ///
    /// No other statement may run before `body` ends.
    ///
    /// - Parameters:
    ///   - table: as it stands in SQL, quotes included.
    ///   - body: gives the rows to its argument, each with a value for each column.
    /// - Returns: how many rows were written.
    @discardableResult
    public func copy(into table: String, columns: [String], _ body: (any SQLCopy) throws -> Void) throws -> Int {
        try session.copy(into: table, columns: columns, body)
    }

    /// Seconds since 1970 by the clock that all users of the database share: the server's, or this machine's.
    public func now() throws -> Double { try session.now() }

    /// SQLite's own connection, for what only its C interface does; nil with PostgreSQL.
    package var sqliteConnection: OpaquePointer? { session.sqliteConnection }
}

/// A statement of one transaction.
public final class SQLStatement {
    private let session: any SQLSession
    private let sql: String
    private let prepared: (any SQLPrepared)?

    fileprivate init(_ session: any SQLSession, _ sql: String) {
        (self.session, self.sql) = (session, sql)
        prepared = (session as? SQLiteSession).flatMap { try? $0.prepared(sql) }
    }

    @discardableResult
    public func execute(_ arguments: SQLArguments) throws -> Int {
        if let prepared { return try prepared.execute(arguments.values) }
        return try session.execute(sql, arguments.values)
    }

    public func first(_ arguments: SQLArguments) throws -> SQLRow? {
        if let prepared { return try prepared.all(arguments.values, limit: 1).first }
        return try session.all(sql, arguments.values, limit: 1).first
    }

    public func scalar<Value: ColumnDecodable>(
        _ arguments: SQLArguments, as type: Value.Type = Value.self
    ) throws -> Value? {
        try first(arguments)?.get(0, as: Value?.self)
    }
}

/// A statement that its engine has compiled.
protocol SQLPrepared: AnyObject {
    func execute(_ arguments: [ColumnValue]) throws -> Int
    func all(_ arguments: [ColumnValue], limit: Int) throws -> [SQLRow]
}

/// Takes rows that are written in bulk.
public protocol SQLCopy: AnyObject {
    /// - Parameter row: a value for each column.
    func add(_ row: [ColumnValue]) throws
}
