import Foundation
import LightboxCore

/// A schema of a PostgreSQL database.
final class PostgresBackend: SQLDatabase.Backend {
    private let pool: PostgresPool
    private let address: PostgresAddress
    let place: String
    var engine: SQLEngine { .postgres }
    var schema: String? { address.schema }

    init(_ address: PostgresAddress, connections: Int) throws {
        self.address = address
        place = "PostgreSQL" + (address.schema.map { " (schema \($0))" } ?? "")
        pool = PostgresPool(address, place: place, limit: max(1, connections))
    }

    func read<Result>(_ body: (SQLTransaction) throws -> Result) throws -> Result {
        try transaction("ISOLATION LEVEL REPEATABLE READ READ ONLY", body)
    }

    func write<Result>(
        _ isolation: SQLDatabase.Isolation, _ body: (SQLTransaction) throws -> Result
    ) throws -> Result {
        try transaction(isolation == .serializable ? "ISOLATION LEVEL SERIALIZABLE" : "", body)
    }

    /// Runs a transaction until it is committed or fails for good.
    private func transaction<Result>(_ mode: String, _ body: (SQLTransaction) throws -> Result) throws -> Result {
        let deadline = ContinuousClock.now + .seconds(PostgresPool.patience)
        var attempt = 0
        var reconnections = 0
        while true {
            let connection = try pool.take(isNew: reconnections > 0)
            defer { pool.giveBack(connection) }
            switch run(mode, on: connection, body) {
            case .success(let result): return result
            case .failed(let error): throw error
            case .broken(let error):
                // Nothing was committed. A server that restarts ends all connections at once.
                reconnections += 1
                guard reconnections <= 2 else { throw error }
            case .conflict(let error):
                guard ContinuousClock.now < deadline else { throw error }
                attempt += 1
                // At random, so that those who met do not meet again: up to 4, 8, 16 … 256 ms.
                let longest = 4 << min(attempt, 6)
                Thread.sleep(forTimeInterval: Double.random(in: 0.001...Double(longest) / 1000))
            }
        }
    }

    private enum Outcome<Result> {
        case success(Result)
        case failed(any Error)
        /// The connection is gone, and the transaction with it.
        case broken(any Error)
        /// Others were in the way.
        case conflict(any Error)
    }

    private func run<Result>(
        _ mode: String, on connection: PostgresConnection, _ body: (SQLTransaction) throws -> Result
    ) -> Outcome<Result> {
        let result: Result
        do {
            try connection.begin(mode)
            result = try body(SQLTransaction(PostgresSession(connection)))
            // A body that went on after a failure has nothing that could be committed.
            if let failure = connection.failure { throw failure }
        } catch {
            if connection.isBroken { return .broken(connection.failure ?? error) }
            return Self.undo(connection, error)
        }
        // A statement that only read was ended early; the transaction goes with its connection.
        if connection.isSpent { return .success(result) }
        do {
            let tag = try connection.run("COMMIT")
            guard tag == "COMMIT" else {
                return .failed(DatabaseFailure(.invalidSQL, "\(place): the transaction was rolled back."))
            }
            return .success(result)
        } catch {
            if connection.isBroken {
                return .failed(
                    DatabaseFailure(
                        .unknownOutcome,
                        "\(place): the connection broke during a commit. The change may have been made or not: look."
                    ))
            }
            return Self.undo(connection, error)
        }
    }

    private static func undo<Result>(_ connection: PostgresConnection, _ error: any Error) -> Outcome<Result> {
        let isWorthARetry = connection.failure?.isWorthARetry == true || connection.isOutdated
        _ = try? connection.run("ROLLBACK")
        if connection.isOutdated { try? connection.forget() }
        return isWorthARetry ? .conflict(error) : .failed(error)
    }

    // MARK: Tables

    private static let lock = 0x4C42_4F58  // "LBOX"

    func migrate(_ migrations: [SQLMigration]) throws -> [String] {
        let done = try read { try Self.applied($0) }
        if migrations.allSatisfy({ done.contains($0.name) }) { return [] }
        return try write(.readCommitted) { transaction in
            let schema: String = try address.schema ?? transaction.scalar("SELECT current_schema()") ?? "public"
            // One server at a time; the others wait here and then find everything done.
            try transaction.script("SET LOCAL lock_timeout = 0")
            try transaction.execute("SELECT pg_advisory_xact_lock(\(Self.lock), hashtext(?))", [schema])
            if let schema = address.schema {
                let isThere: Bool? = try transaction.scalar(
                    "SELECT EXISTS (SELECT 1 FROM pg_namespace WHERE nspname = ?)", [schema])
                if isThere != true {
                    try transaction.execute("CREATE SCHEMA \(SQLDialect.quoted(schema))")
                }
            }
            try transaction.execute(
                "CREATE TABLE IF NOT EXISTS lightbox_migrations (identifier TEXT COLLATE \"C\" PRIMARY KEY)")
            let done = try Self.applied(transaction)
            var made: [String] = []
            for migration in migrations where !done.contains(migration.name) {
                try migration.run(transaction)
                try transaction.execute("INSERT INTO lightbox_migrations VALUES (?)", [migration.name])
                made.append(migration.name)
            }
            return made
        }
    }

    private static func applied(_ transaction: SQLTransaction) throws -> Set<String> {
        let table: Bool? = try transaction.scalar("SELECT to_regclass('lightbox_migrations') IS NOT NULL")
        guard table == true else { return [] }
        return Set(try transaction.column("SELECT identifier FROM lightbox_migrations"))
    }

    func facts() throws -> String {
        try read { transaction in
            let version: String = try transaction.scalar("SELECT current_setting('server_version')") ?? ""
            let vector: String? = try transaction.scalar(
                "SELECT extversion::text FROM pg_extension WHERE extname = 'vector'")
            let number = version.prefix { $0 != " " }
            return "PostgreSQL \(number), " + (vector.map { "pgvector \($0)" } ?? "without pgvector")
        }
    }
}
