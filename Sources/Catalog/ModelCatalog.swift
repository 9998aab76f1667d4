import Database
package import Foundation
public import LightboxCore

/// Models, their versions, operations and jobs of a home folder: rows of its `catalog.db`, or of PostgreSQL.
///
/// Several processes, and with PostgreSQL several machines, may use it at once: a change is one transaction, and what
/// takes long holds a lease, so that another process can take it up when its own has died. The rules are those of
/// Google's `ml` v1 service.
public final class ModelCatalog: Sendable {
    let tables: SQLDatabase
    public let home: Home
    /// Tests give their own; nil for those of this machine and of the database.
    private let clock: (@Sendable () -> Date)?
    /// How long a lease holds without being renewed, in seconds.
    let leaseSeconds: Double

    /// Opens the catalogue of a home folder, and makes both when they are missing.
    public convenience init(home: Home) throws { try self.init(home: home, leaseSeconds: 15, now: nil) }

    /// The same, with a clock.
    package init(home: Home, leaseSeconds: Double, now clock: (@Sendable () -> Date)?) throws {
        self.home = home
        self.clock = clock
        self.leaseSeconds = leaseSeconds
        try home.create()
        do {
            tables = try SQLDatabase(home: home, file: home.catalog)
            try tables.migrate(CatalogSchema.migrations)
        } catch let failure as DatabaseFailure {
            throw CatalogError(.unusable, failure.description)
        }
    }

    /// Runs one transaction; the database's own errors come out as ``CatalogError``.
    @discardableResult
    func write<Result>(
        _ isolation: SQLDatabase.Isolation = .serializable, _ body: (SQLTransaction) throws -> Result
    ) throws -> Result {
        do {
            return try tables.write(isolation, body)
        } catch let failure as DatabaseFailure {
            throw CatalogError(.unusable, failure.description)
        }
    }

    func read<Result>(_ body: (SQLTransaction) throws -> Result) throws -> Result {
        do {
            return try tables.read(body)
        } catch let failure as DatabaseFailure {
            throw CatalogError(.unusable, failure.description)
        }
    }

    /// The time that rows show people.
    func now() -> Date { clock?() ?? Date() }

    /// The time by which leases begin and end, in seconds since 1970: the database server's where there is one.
    ///
    /// Only this one clock ever judges a lease, so that a machine whose own is fast takes nothing from a living owner,
    /// and one whose own is slow keeps nothing too long. What an owner writes down is this clock's time before its
    /// statement, never after: its lease ends for others no later than it counts on.
    func leaseTime(_ database: SQLTransaction) throws -> Double {
        try clock?().timeIntervalSince1970 ?? database.now()
    }
}

/// Numbers that grow with every change of a row, and the etags that are made of them.
enum Revision {
    /// Microseconds, so that a row that was deleted and made again has another etag.
    static func next(after previous: Int64 = 0, at time: Date) -> Int64 {
        max(previous + 1, Int64(time.timeIntervalSince1970 * 1_000_000))
    }

    static func etag(_ revision: Int64) -> String {
        withUnsafeBytes(of: revision.bigEndian) { Data($0).base64EncodedString() }
    }
}

/// Values that stand as JSON in one column.
enum Column {
    static func text(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    static func value<Value: Decodable>(_ text: String, as type: Value.Type = Value.self) throws -> Value {
        do {
            return try JSONDecoder().decode(type, from: Data(text.utf8))
        } catch {
            throw CatalogError(
                .unusable, "A row of catalog.db cannot be read. A newer Lightbox may have written it.")
        }
    }

    static func date(_ seconds: Double?) -> Date? { seconds.map { Date(timeIntervalSince1970: $0) } }
}
