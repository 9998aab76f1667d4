package import Foundation
import GRDB
public import LightboxCore

/// Models, their versions, operations and jobs of a home folder: rows of its `catalog.db`.
///
/// Several processes may use it at once: a change is one transaction, and what takes long holds a lease, so that
/// another process can take it up when its own has died. The rules are those of Google's `ml` v1 service.
public final class ModelCatalog: Sendable {
    let pool: DatabasePool
    public let home: Home
    /// The time; tests give their own.
    let now: @Sendable () -> Date
    /// How long a lease holds without being renewed, in seconds.
    let leaseSeconds: Double

    /// Opens the catalogue of a home folder, and makes both when they are missing.
    public convenience init(home: Home) throws {
        try self.init(home: home, leaseSeconds: 15) { Date() }
    }

    /// The same, with a clock.
    package init(home: Home, leaseSeconds: Double, now: @escaping @Sendable () -> Date) throws {
        self.home = home
        self.now = now
        self.leaseSeconds = leaseSeconds
        try home.create()
        // SQLite gives the files beside it the same rights.
        let descriptor = open(home.catalog, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        if descriptor >= 0 {
            fchmod(descriptor, 0o600)
            close(descriptor)
        }
        var configuration = Configuration()
        configuration.busyMode = .timeout(30)
        configuration.foreignKeysEnabled = true
        do {
            pool = try DatabasePool(path: home.catalog, configuration: configuration)
            try pool.writeWithoutTransaction { database in
                // The pool has set NORMAL, under which a power loss takes back what was acknowledged.
                try database.execute(sql: "PRAGMA synchronous = FULL")
            }
            do {
                try CatalogSchema.migrator.migrate(pool)
            } catch is DatabaseError {
                // Another process made the tables between the look and the making.
                try CatalogSchema.migrator.migrate(pool)
            }
        } catch let error as DatabaseError {
            throw CatalogError(.unusable, "\(home.catalog): \(error.message ?? "SQLite cannot open it").")
        }
    }

    /// Runs one transaction; SQLite's own errors come out as ``CatalogError``.
    func write<Result>(_ body: (Database) throws -> Result) throws -> Result {
        do { return try pool.write(body) } catch let error as DatabaseError { throw unusable(error) }
    }

    func read<Result>(_ body: (Database) throws -> Result) throws -> Result {
        do { return try pool.read(body) } catch let error as DatabaseError { throw unusable(error) }
    }

    private func unusable(_ error: DatabaseError) -> CatalogError {
        CatalogError(.unusable, "\(home.catalog): \(error.message ?? "SQLite cannot use it").")
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
