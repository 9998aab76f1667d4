import Database
import Foundation

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
                try database.cursor(
                    "SELECT * FROM registry_operation WHERE number < ? ORDER BY number DESC",
                    [Int64(before) ?? 0])
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
                return (isWanted ? operation : nil, key: "\(try row.get("number") as Int64)")
            }
        }
    }

    /// Asks an operation to stop; it may still succeed. Nothing happens to one that is done.
    @discardableResult
    public func cancelOperation(_ id: String) throws -> CatalogOperation {
        try write { database in
            _ = try Self.operation(id, database)
            try database.execute(
                "UPDATE registry_operation SET cancel_requested = 1 WHERE id = ? AND outcome IS NULL",
                [id])
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
            try database.all(
                "SELECT * FROM registry_operation WHERE outcome IS NULL AND lease_end < ?",
                [leaseTime(database)]
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
    static func operation(_ id: String, _ database: SQLTransaction) throws -> CatalogOperation {
        let row = try database.first("SELECT * FROM registry_operation WHERE id = ?", [id])
        guard let row else { throw CatalogError(.notFound, "There is no operation \(id.prefix(128)).") }
        return try operation(row)
    }

    private static func operation(_ row: SQLRow) throws -> CatalogOperation {
        guard let kind = try CatalogOperation.Kind(rawValue: row.get("kind")) else {
            throw CatalogError(.unusable, "catalog.db has an operation that this Lightbox does not know.")
        }
        return try CatalogOperation(
            id: row.get("id"), kind: kind, model: row.get("model"), version: row.get("version"),
            created: Date(timeIntervalSince1970: row.get("created")), ended: Column.date(row.get("ended")),
            isCancellationRequested: row.get("cancel_requested"),
            outcome: (row.get("outcome") as String?).map { try Column.value($0) })
    }

    /// - Parameter outcome: nil for one that goes on under a lease.
    func insertOperation(
        _ kind: CatalogOperation.Kind, model: String, version: String? = nil,
        outcome: CatalogOperation.Outcome?, _ database: SQLTransaction
    ) throws -> CatalogOperation {
        let time = now()
        let verb = kind.rawValue.prefix { $0.isLowercase }
        let subject = version.map { model + "_" + $0 } ?? model
        let last: Int64 = try database.scalar("SELECT max(number) FROM registry_operation") ?? 0
        // The row's number makes it the only one, whatever the clock says.
        let id = "\(verb)_\(subject)-\(Int64(time.timeIntervalSince1970 * 1000))\(last + 1)"
        try database.execute(
            """
            INSERT INTO registry_operation
            (id, kind, model, version, created, ended, outcome, lease_end) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                id, kind.rawValue, model, version, time.timeIntervalSince1970,
                outcome == nil ? nil : time.timeIntervalSince1970, try outcome.map { try Column.text($0) },
                outcome == nil ? try leaseTime(database) + leaseSeconds : nil,
            ])
        return try Self.operation(id, database)
    }

    func endOperation(_ id: String, _ outcome: CatalogOperation.Outcome, _ database: SQLTransaction) throws {
        try database.execute(
            """
            UPDATE registry_operation SET outcome = ?, ended = ?, lease_end = NULL WHERE id = ?
            """,
            [try Column.text(outcome), now().timeIntervalSince1970, id])
    }
}
