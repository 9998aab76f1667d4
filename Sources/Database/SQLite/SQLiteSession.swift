import Foundation
import GRDB
import GRDBSQLite

/// A transaction on one of the pool's connections.
final class SQLiteSession: SQLSession {
    private let database: Database
    let place: String
    var engine: SQLEngine { .sqlite }
    var sqliteConnection: OpaquePointer? { database.sqliteConnection }

    init(_ database: Database, _ place: String) { (self.database, self.place) = (database, place) }

    /// GRDB keeps compiled statements by their text; one that a cursor is walking is compiled a second time.
    func prepared(_ sql: String) throws -> SQLiteStatement {
        do {
            let statement = try database.cachedStatement(sql: sql)
            if sqlite3_stmt_busy(statement.sqliteStatement) == 0 { return SQLiteStatement(statement, self) }
            return SQLiteStatement(try database.makeStatement(sql: sql), self)
        } catch let error as DatabaseError {
            throw DatabaseFailure(
                sqlite: error.extendedResultCode.rawValue, error.message ?? "SQLite cannot use it", place)
        }
    }

    func failure(_ code: Int32) -> DatabaseFailure {
        guard let connection = database.sqliteConnection else {
            return DatabaseFailure(.unavailable, "\(place): the connection is closed.")
        }
        return DatabaseFailure(
            sqlite: sqlite3_extended_errcode(connection), String(cString: sqlite3_errmsg(connection)), place)
    }

    func changes() -> Int { database.sqliteConnection.map { Int(sqlite3_changes($0)) } ?? 0 }

    func execute(_ sql: String, _ arguments: [ColumnValue]) throws -> Int { try prepared(sql).execute(arguments) }

    func all(_ sql: String, _ arguments: [ColumnValue], limit: Int) throws -> [SQLRow] {
        try prepared(sql).all(arguments, limit: limit)
    }

    func cursor(_ sql: String, _ arguments: [ColumnValue]) throws -> SQLCursor {
        let statement = try prepared(sql)
        try statement.bind(arguments)
        return SQLCursor(statement.columns, close: { statement.reset() }, advance: { try statement.step() })
    }

    func script(_ sql: String) throws {
        do {
            try database.execute(sql: sql)
        } catch let error as DatabaseError {
            throw DatabaseFailure(
                sqlite: error.extendedResultCode.rawValue, error.message ?? "SQLite cannot use it", place)
        }
    }

    func copy(into table: String, columns: [String], _ body: (any SQLCopy) throws -> Void) throws -> Int {
        let names = columns.map(SQLDialect.quoted).joined(separator: ", ")
        let marks = Array(repeating: "?", count: columns.count).joined(separator: ", ")
        let copy = SQLiteCopy(
            try prepared("INSERT INTO \(table) (\(names)) VALUES (\(marks))"), columns: columns.count)
        try body(copy)
        return copy.count
    }

    func now() throws -> Double { Date().timeIntervalSince1970 }
}

private final class SQLiteCopy: SQLCopy {
    private let statement: SQLiteStatement
    private let columns: Int
    var count = 0

    init(_ statement: SQLiteStatement, columns: Int) { (self.statement, self.columns) = (statement, columns) }

    func add(_ row: [ColumnValue]) throws {
        precondition(row.count == columns, "a row has a value for each column")
        _ = try statement.execute(row)
        count += 1
    }
}
