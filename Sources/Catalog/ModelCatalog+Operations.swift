import Foundation
import GRDB

extension ModelCatalog {
    /// - Throws: ``CatalogError`` `notFound`.
    public func operation(_ id: String) throws -> CatalogOperation {
        try read { try Self.operation(id, $0) }
    }

    /// The newest first. Filter fields: `model`, `version`, `kind`, `done`.
    public func operations(_ page: PageRequest = PageRequest()) throws -> CatalogPage<CatalogOperation> {
        let filter = try CatalogFilter(page.filter, fields: ["model", "version", "kind", "done"])
        return try read { database in
            try Self.page(page, list: "operations", firstKey: "\(Int64.max)") { before in
                try Row.fetchCursor(
                    database, sql: "SELECT * FROM registry_operation WHERE number < ? ORDER BY number DESC",
                    arguments: [Int64(before) ?? 0])
            } item: { row in
                let operation = try Self.operation(row)
                let isWanted = filter.accepts { field in
                    switch field {
                    case "model": operation.model
                    case "version": operation.version
                    case "kind": operation.kind.rawValue
                    case "done": operation.isDone ? "true" : "false"
                    default: nil
                    }
                }
                return (isWanted ? operation : nil, key: "\(row["number"] as Int64)")
            }
        }
    }

    /// Asks an operation to stop; it may still succeed. Nothing happens to one that is done.
    @discardableResult
    public func cancelOperation(_ id: String) throws -> CatalogOperation {
        try write { database in
            _ = try Self.operation(id, database)
            try database.execute(
                sql: "UPDATE registry_operation SET cancel_requested = 1 WHERE id = ? AND outcome IS NULL",
                arguments: [id])
            return try Self.operation(id, database)
        }
    }

    /// Ends what dead processes left: versions they were making become failed, versions they were deleting go.
    ///
    /// For a server at its start, and now and then after it.
    ///
    /// - Returns: the operations that were ended.
    @discardableResult
    public func recover() throws -> [CatalogOperation] {
        let abandoned = try read { database in
            try Row.fetchAll(
                database, sql: "SELECT * FROM registry_operation WHERE outcome IS NULL AND lease_end < ?",
                arguments: [now().timeIntervalSince1970]
            ).map(Self.operation)
        }
        return try abandoned.map { operation in
            switch operation.kind {
            case .deleteVersion: try finishDeletion(operation)
            default:
                try finishCreation(
                    operation, files: [],
                    problem: .init(
                        .internalError, "Lightbox ended while the version was made. Delete it and make it again."))
            }
        }
    }
}

extension ModelCatalog {
    static func operation(_ id: String, _ database: Database) throws -> CatalogOperation {
        let row = try Row.fetchOne(
            database, sql: "SELECT * FROM registry_operation WHERE id = ?", arguments: [id])
        guard let row else { throw CatalogError(.notFound, "There is no operation \(id.prefix(128)).") }
        return try operation(row)
    }

    private static func operation(_ row: Row) throws -> CatalogOperation {
        guard let kind = CatalogOperation.Kind(rawValue: row["kind"]) else {
            throw CatalogError(.unusable, "catalog.db has an operation that this Lightbox does not know.")
        }
        return CatalogOperation(
            id: row["id"], kind: kind, model: row["model"], version: row["version"],
            created: Date(timeIntervalSince1970: row["created"]), ended: Column.date(row["ended"]),
            isCancellationRequested: row["cancel_requested"],
            outcome: try (row["outcome"] as String?).map { try Column.value($0) })
    }

    /// - Parameter outcome: nil for one that goes on under a lease.
    func insertOperation(
        _ kind: CatalogOperation.Kind, model: String, version: String? = nil,
        outcome: CatalogOperation.Outcome?, _ database: Database
    ) throws -> CatalogOperation {
        let time = now()
        let verb = kind.rawValue.prefix { $0.isLowercase }
        let subject = version.map { model + "_" + $0 } ?? model
        let last = try Int64.fetchOne(database, sql: "SELECT max(number) FROM registry_operation") ?? 0
        // The row's number makes it the only one, whatever the clock says.
        let id = "\(verb)_\(subject)-\(Int64(time.timeIntervalSince1970 * 1000))\(last + 1)"
        try database.execute(
            sql: """
                INSERT INTO registry_operation
                (id, kind, model, version, created, ended, outcome, lease_end) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                id, kind.rawValue, model, version, time.timeIntervalSince1970,
                outcome == nil ? nil : time.timeIntervalSince1970, try outcome.map { try Column.text($0) },
                outcome == nil ? time.timeIntervalSince1970 + leaseSeconds : nil,
            ])
        return try Self.operation(id, database)
    }

    func endOperation(_ id: String, _ outcome: CatalogOperation.Outcome, _ database: Database) throws {
        try database.execute(
            sql: """
                UPDATE registry_operation SET outcome = ?, ended = ?, lease_end = NULL WHERE id = ?
                """,
            arguments: [try Column.text(outcome), now().timeIntervalSince1970, id])
    }
}
