import Database
import GRDBSQLite

extension SQLiteTables {
    /// On a connection that cannot write, by SQLite's own interface.
    func query(_ query: WarehouseQuery, _ transaction: SQLTransaction) throws -> Bool {
        guard let connection = transaction.sqliteConnection else {
            throw WarehouseError(.storage, "No connection.")
        }
        let watch = QueryWatch(query.limits)
        watch.start(connection)
        defer { watch.stop(connection) }
        do {
            let statement = try prepare(query.sql, connection, transaction)
            try statement.bind(query.parameters)
            return try statement.run(limit: query.limits.rows, columns: query.columns, row: query.row)
        } catch let failure as SQLiteFailure {
            throw try watch.error ?? explain(failure, query.sql, transaction)
        }
    }

    /// Prepares the statement as it is or, when SQLite does not understand it, with its dotted names quoted.
    private func prepare(
        _ sql: String, _ connection: OpaquePointer, _ transaction: SQLTransaction
    ) throws -> SQLiteStatement {
        do {
            return try prepareReading(sql, connection)
        } catch let failure as SQLiteFailure where failure.code == SQLITE_ERROR {
            let joined = try SQLToken.joiningDottedNames(sql, tables: names(transaction))
            guard joined != sql else { throw failure }
            return try prepareReading(joined, connection)
        }
    }

    private func prepareReading(_ sql: String, _ connection: OpaquePointer) throws -> SQLiteStatement {
        let statement = try SQLiteStatement(connection, sql)
        guard statement.isReadOnly else { throw WarehouseError(.readOnly, "A query cannot change the database.") }
        return statement
    }

    /// Puts SQLite's words into ones that help.
    private func explain(
        _ failure: SQLiteFailure, _ sql: String, _ transaction: SQLTransaction
    ) throws -> WarehouseError {
        guard failure.code == SQLITE_ERROR else { return WarehouseError(sqlite: failure.code, failure.message) }
        func rest(_ prefix: String) -> String? {
            failure.message.hasPrefix(prefix) ? String(failure.message.dropFirst(prefix.count)) : nil
        }
        if let name = rest("no such table: ") { return try noTable(name, transaction) }
        if let name = rest("no such column: ") { return try noColumn(name, in: sql, transaction) }
        guard let offset = failure.offset, offset < sql.utf8.count else {
            return WarehouseError(.invalidSQL, "SQL: \(failure.message).")
        }
        let place = String(decoding: sql.utf8.dropFirst(offset).prefix(40), as: UTF8.self)
        return WarehouseError(.invalidSQL, "SQL: \(failure.message), at character \(offset + 1): \(place)")
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

/// Has SQLite ask whether to go on.
private final class QueryWatch {
    private let deadline: QueryDeadline
    private(set) var error: WarehouseError?

    init(_ limits: QueryLimits) { deadline = QueryDeadline(limits) }

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
        error = deadline.error()
        return error != nil
    }
}
