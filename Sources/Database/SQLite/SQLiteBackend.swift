import Foundation
import GRDB
import GRDBSQLite
import LightboxCore

/// An SQLite file: one writer at a time, any number of readers.
final class SQLiteBackend: SQLDatabase.Backend {
    private let pool: DatabasePool
    let place: String
    var engine: SQLEngine { .sqlite }
    var schema: String? { nil }

    init(file: String, options: SQLiteOptions) throws {
        place = file
        // SQLite gives the files beside it the same rights. The file must not be opened here: closing it would drop the
        // locks that this process holds on it by other connections, and the next to close would remove the log from
        // under them (sqlite.org/howtocorrupt.html, 2.2).
        _ = mknod(file, S_IFREG | 0o600, 0)
        chmod(file, 0o600)
        var configuration = Configuration()
        configuration.busyMode = .timeout(options.busySeconds)
        configuration.foreignKeysEnabled = true
        configuration.prepareDatabase { database in
            if !options.pragmas.isEmpty { try database.execute(sql: options.pragmas) }
            if let connection = database.sqliteConnection {
                try options.prepare?(connection, database.configuration.readonly)
            }
        }
        pool = try Self.translating(file) {
            let pool = try DatabasePool(path: file, configuration: configuration)
            try pool.writeWithoutTransaction { database in
                // The pool has set NORMAL, under which a power loss takes back what was acknowledged.
                try database.execute(sql: "PRAGMA synchronous = FULL")
            }
            return pool
        }
    }

    func read<Result>(_ body: (SQLTransaction) throws -> Result) throws -> Result {
        try Self.translating(place) { try pool.read { try body(SQLTransaction(SQLiteSession($0, place))) } }
    }

    func write<Result>(
        _ isolation: SQLDatabase.Isolation, _ body: (SQLTransaction) throws -> Result
    ) throws -> Result {
        try Self.translating(place) { try pool.write { try body(SQLTransaction(SQLiteSession($0, place))) } }
    }

    func migrate(_ migrations: [SQLMigration]) throws -> [String] {
        var migrator = DatabaseMigrator()
        for migration in migrations {
            migrator.registerMigration(migration.name) { [place] in
                try migration.run(SQLTransaction(SQLiteSession($0, place)))
            }
        }
        return try Self.translating(place) {
            let done = try Set(pool.read { try migrator.appliedIdentifiers($0) })
            if migrations.allSatisfy({ done.contains($0.name) }) { return [] }
            do {
                try migrator.migrate(pool)
            } catch is DatabaseError {
                // Another process made the tables between the look and the making.
                try migrator.migrate(pool)
            } catch is DatabaseFailure {
                try migrator.migrate(pool)
            }
            return migrations.map(\.name).filter { !done.contains($0) }
        }
    }

    func facts() throws -> String { "SQLite \(String(cString: sqlite3_libversion()))" }

    /// GRDB's errors, of beginnings and commits, as those of statements.
    private static func translating<Result>(_ place: String, _ body: () throws -> Result) throws -> Result {
        do {
            return try body()
        } catch let error as DatabaseError {
            throw DatabaseFailure(
                sqlite: error.extendedResultCode.rawValue, error.message ?? "SQLite cannot use it", place)
        }
    }
}

extension DatabaseFailure {
    /// - Parameters:
    ///   - code: SQLite's extended result code.
    ///   - message: SQLite's words, which name tables and columns only.
    init(sqlite code: Int32, _ message: String, _ place: String) {
        let kind: Code =
            switch (code, code & 0xff) {
            // SQLITE_CONSTRAINT_PRIMARYKEY, _UNIQUE, _ROWID and _FOREIGNKEY, which are macros that Swift cannot see
            case (1555, _), (2067, _), (2579, _): .uniqueViolation
            case (787, _): .foreignKeyViolation
            case (_, SQLITE_CONSTRAINT): .constraintViolation
            case (_, SQLITE_BUSY), (_, SQLITE_LOCKED): .busy
            case (_, SQLITE_READONLY): .readOnly
            case (_, SQLITE_FULL), (_, SQLITE_CORRUPT), (_, SQLITE_NOTADB), (_, SQLITE_IOERR): .storage
            case (_, SQLITE_CANTOPEN), (_, SQLITE_PERM), (_, SQLITE_AUTH): .unavailable
            case (_, SQLITE_INTERRUPT): .cancelled
            case (_, SQLITE_MISMATCH), (_, SQLITE_TOOBIG): .wrongType
            default:
                message.hasPrefix("no such table")
                    ? .noSuchTable : message.hasPrefix("no such column") ? .noSuchColumn : .invalidSQL
            }
        self.init(kind, "\(place): \(message).", engineCode: "\(code)")
    }
}
