import Foundation
import GRDB
import GRDBSQLite

/// A column of a result.
public struct QueryColumn: Sendable, Hashable {
    public let name: String
    /// Known when the column is a table's; nil for an expression.
    public let type: ColumnType?
}

/// A result that fits in memory.
public struct QueryResult: Sendable, Hashable {
    public var columns: [QueryColumn] = []
    public var rows: [[SQLValue]] = []
    /// Whether there were more rows than the limit.
    public var isTruncated = false
}

/// When a query stops.
public struct QueryLimits: Sendable {
    /// Rows; nil for all.
    public var rows: Int?
    public var time: Duration?
    /// Asked every few milliseconds from the thread that runs the query.
    public var isCancelled: @Sendable () -> Bool

    public init(rows: Int? = nil, time: Duration? = nil, isCancelled: @escaping @Sendable () -> Bool = { false }) {
        self.rows = rows
        self.time = time
        self.isCancelled = isCancelled
    }
}

extension Warehouse {
    /// Runs one SELECT on a connection that cannot write.
    ///
    /// - Parameter parameters: what stands for `?`, in order.
    /// - Throws: ``WarehouseError``; for a name that does not exist it lists those that do.
    public func query(
        _ sql: String, _ parameters: [SQLValue] = [], limits: QueryLimits = QueryLimits()
    ) throws -> QueryResult {
        var result = QueryResult()
        var rows: [[SQLValue]] = []
        result.isTruncated = try query(
            sql, parameters, limits: limits, columns: { result.columns = $0 }, row: { rows.append($0) })
        result.rows = rows
        return result
    }

    /// The same, with each row given to `row` as it comes, so that the size of the result does not matter.
    ///
    /// - Parameter columns: called once, before the first row.
    /// - Returns: whether there were more rows than the limit.
    @discardableResult
    public func query(
        _ sql: String, _ parameters: [SQLValue] = [], limits: QueryLimits = QueryLimits(),
        columns: ([QueryColumn]) throws -> Void, row: ([SQLValue]) throws -> Void
    ) throws -> Bool {
        try Self.checkReads(sql)
        return try read { database in
            guard let connection = database.sqliteConnection else {
                throw WarehouseError(.storage, "No connection.")
            }
            let watch = QueryWatch(limits)
            watch.start(connection)
            defer { watch.stop(connection) }
            do {
                let statement = try prepare(sql, connection, database)
                try statement.bind(parameters)
                return try statement.run(limit: limits.rows, columns: columns, row: row)
            } catch let failure as SQLiteFailure {
                throw try watch.error ?? Self.explain(failure, sql, database)
            }
        }
    }

    private static func checkReads(_ sql: String) throws {
        let first = SQLToken.tokens(of: sql).first { $0.kind != .space && $0.text != "(" }
        guard let first else { throw WarehouseError(.invalidSQL, "There is no SQL statement in the text.") }
        guard ["select", "with", "values", "explain"].contains(first.text.lowercased()) else {
            throw WarehouseError(
                .readOnly, "A query starts with SELECT, WITH or VALUES; '\(first.text)' is not run here.")
        }
    }

    /// Prepares the statement as it is or, when SQLite does not understand it, with its dotted names quoted.
    private func prepare(
        _ sql: String, _ connection: OpaquePointer, _ database: Database
    ) throws -> SQLiteStatement {
        do {
            return try Self.prepareReading(sql, connection)
        } catch let failure as SQLiteFailure where failure.code == SQLITE_ERROR {
            let joined = try SQLToken.joiningDottedNames(sql, tables: Self.tableNames(database))
            guard joined != sql else { throw failure }
            return try Self.prepareReading(joined, connection)
        }
    }

    private static func prepareReading(_ sql: String, _ connection: OpaquePointer) throws -> SQLiteStatement {
        let statement = try SQLiteStatement(connection, sql)
        guard statement.isReadOnly else { throw WarehouseError(.readOnly, "A query cannot change the database.") }
        return statement
    }

    /// Puts SQLite's words into ones that help.
    private static func explain(_ failure: SQLiteFailure, _ sql: String, _ database: Database) throws
        -> WarehouseError
    {
        guard failure.code == SQLITE_ERROR else { return WarehouseError(sqlite: failure.code, failure.message) }
        func rest(_ prefix: String) -> String? {
            failure.message.hasPrefix(prefix) ? String(failure.message.dropFirst(prefix.count)) : nil
        }
        if let name = rest("no such table: ") {
            return WarehouseError(.noSuchTable, NameAdvice.noTable(name, among: try tableNames(database)))
        }
        if let name = rest("no such column: ") {
            let columns = try columnsNamed(in: sql, database)
            return WarehouseError(
                .noSuchColumn,
                columns.isEmpty ? "There is no column '\(name)'." : NameAdvice.noColumn(name, among: columns))
        }
        guard let offset = failure.offset, offset < sql.utf8.count else {
            return WarehouseError(.invalidSQL, "SQL: \(failure.message).")
        }
        let place = String(decoding: sql.utf8.dropFirst(offset).prefix(40), as: UTF8.self)
        return WarehouseError(.invalidSQL, "SQL: \(failure.message), at character \(offset + 1): \(place)")
    }

    /// The columns of the tables that a statement speaks of.
    private static func columnsNamed(in sql: String, _ database: Database) throws -> [String] {
        let tables = try tableNames(database)
        let names = Set(
            SQLToken.tokens(of: SQLToken.joiningDottedNames(sql, tables: tables)).compactMap {
                $0.name?.lowercased()
            })
        return try tables.filter { names.contains($0.lowercased()) }
            .flatMap { try schema(of: TableName($0), database)?.columns.map(\.name) ?? [] }
    }
}

extension SQLiteStatement {
    fileprivate func bind(_ parameters: [SQLValue]) throws {
        guard parameterCount == parameters.count else {
            throw WarehouseError(
                .invalidSQL, "The statement has \(parameterCount) parameters; \(parameters.count) were given.")
        }
        for (index, value) in parameters.enumerated() { try bind(value, at: Int32(index + 1)) }
    }

    /// - Returns: whether the limit cut the result.
    fileprivate func run(
        limit: Int?, columns report: ([QueryColumn]) throws -> Void, row: ([SQLValue]) throws -> Void
    ) throws -> Bool {
        // Only the first step notices that another process has changed the table, and prepares anew.
        var hasRow = try step()
        let columns = (0..<columnCount).map { QueryColumn(name: columnName($0), type: columnType($0)) }
        try report(columns)
        var count = 0
        while hasRow {
            if let limit, count >= limit { return true }
            try row(columns.indices.map { value($0, declared: columns[$0].type) })
            count += 1
            hasRow = try step()
        }
        return false
    }
}

/// Ends a query that runs too long or is no longer wanted.
private final class QueryWatch {
    private let limits: QueryLimits
    private let deadline: ContinuousClock.Instant?
    private(set) var error: WarehouseError?

    init(_ limits: QueryLimits) {
        self.limits = limits
        deadline = limits.time.map { ContinuousClock.now + $0 }
    }

    func start(_ connection: OpaquePointer) {
        let context = Unmanaged.passUnretained(self).toOpaque()
        let body: @convention(c) (UnsafeMutableRawPointer?) -> Int32 = { context in
            guard let context else { return 0 }
            return Unmanaged<QueryWatch>.fromOpaque(context).takeUnretainedValue().mustStop() ? 1 : 0
        }
        sqlite3_progress_handler(connection, 1000, body, context)
    }

    func stop(_ connection: OpaquePointer) { sqlite3_progress_handler(connection, 0, nil, nil) }

    private func mustStop() -> Bool {
        if limits.isCancelled() {
            error = WarehouseError(.cancelled, "The query was cancelled.")
        } else if let deadline, ContinuousClock.now > deadline {
            let time = limits.time.map { "\($0)" } ?? ""
            error = WarehouseError(
                .timeLimit, "The query took longer than \(time). Narrow it, or allow more time.")
        }
        return error != nil
    }
}
