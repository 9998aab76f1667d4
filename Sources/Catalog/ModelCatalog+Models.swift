import Database
import Foundation
import LightboxCore

extension ModelCatalog {
    /// Makes a model without versions.
    ///
    /// - Throws: ``CatalogError`` `alreadyExists`, or `invalidArgument` for an unusable name or several regions.
    @discardableResult
    public func createModel(_ name: String, _ settings: Model.Settings = Model.Settings()) throws -> Model {
        try CatalogName.check(name, .model)
        var settings = settings
        guard settings.regions.count <= 1 else {
            throw CatalogError(.invalidArgument, "A model has only one region.")
        }
        if settings.regions.isEmpty { settings.regions = ["us-central1"] }
        return try write { database in
            let time = now()
            let count = try database.execute(
                """
                INSERT INTO registry_model (name, settings, created, revision) VALUES (?, ?, ?, ?)
                ON CONFLICT DO NOTHING
                """,
                [name, try Column.text(settings), time.timeIntervalSince1970, Revision.next(at: time)])
            guard count == 1 else {
                throw CatalogError(.alreadyExists, "There is a model '\(name)' already.")
            }
            return try Self.model(name, database)
        }
    }

    /// - Throws: ``CatalogError`` `notFound`.
    public func model(_ name: String) throws -> Model {
        try read { try Self.model(name, $0) }
    }

    /// In the order of their names. Filter fields: `name`, `description`, `labels.NAME`.
    public func models(_ page: PageRequest = PageRequest()) throws -> CatalogPage<Model> {
        let filter = try CatalogFilter(page.filter, fields: ["name", "description"])
        return try read { database in
            try Self.page(page, list: "models") { after in
                try database.cursor("SELECT * FROM registry_model WHERE name > ? ORDER BY name", [after])
            } item: { row in
                let model = try Self.model(row, database)
                let isWanted = filter.accepts { field in
                    switch field {
                    case "name": model.name
                    case "description": model.settings.description
                    default: model.settings.labels[String(field.dropFirst("labels.".count))]
                    }
                }
                return (isWanted ? model : nil, key: model.name)
            }
        }
    }

    /// Changes the fields that `mask` names to those of `settings`.
    ///
    /// - Parameters:
    ///   - mask: `description`, `labels`, `labels.NAME`, `onlinePredictionLogging`,
    ///     `onlinePredictionConsoleLogging`, `defaultVersion.name`, `etag`.
    ///   - defaultVersion: read for `defaultVersion.name`.
    ///   - etag: read for `etag`: the change is refused when the model has another.
    /// - Returns: an operation that is done, with the model.
    /// - Throws: ``CatalogError``: `aborted` for a stale etag, `failedPrecondition` for a version that is not ready.
    public func patchModel(
        _ name: String, mask: UpdateMask, to settings: Model.Settings, defaultVersion: String? = nil,
        etag: String? = nil
    ) throws -> CatalogOperation {
        try write { database in
            let model = try Self.model(name, database)
            var changed = model.settings
            try mask.each { path in
                switch path {
                case "description": changed.description = settings.description
                case "onlinePredictionLogging": changed.logsPredictions = settings.logsPredictions
                case "onlinePredictionConsoleLogging": changed.logsToConsole = settings.logsToConsole
                case "defaultVersion.name", "defaultVersion":
                    try makeDefault(defaultVersion ?? "", of: name, database)
                case "etag": try Self.check(etag, against: model.etag)
                default: return UpdateMask.applyLabels(path, to: &changed.labels, from: settings.labels)
                }
                return true
            }
            try database.execute(
                "UPDATE registry_model SET settings = ? WHERE name = ?",
                [try Column.text(changed), name])
            try touchModel(name, database)
            let outcome = CatalogOperation.Outcome.model(try Self.model(name, database))
            return try insertOperation(.updateModel, model: name, outcome: outcome, database)
        }
    }

    /// - Returns: an operation that is done.
    /// - Throws: ``CatalogError`` `failedPrecondition` while the model has versions.
    public func deleteModel(_ name: String) throws -> CatalogOperation {
        let operation = try write { database in
            _ = try Self.model(name, database)
            let versions: Int? = try database.scalar(
                "SELECT count(*) FROM registry_version WHERE model = ?", [name])
            guard versions == 0 else {
                throw CatalogError(
                    .failedPrecondition, "The model '\(name)' has \(versions ?? 0) versions. Delete these first.")
            }
            try database.execute("DELETE FROM registry_model WHERE name = ?", [name])
            return try insertOperation(.deleteModel, model: name, outcome: .done, database)
        }
        rmdir(home.models + "/" + name)  // only when nothing is in it
        return operation
    }
}

extension ModelCatalog {
    static func model(_ name: String, _ database: SQLTransaction) throws -> Model {
        let row = try database.first("SELECT * FROM registry_model WHERE name = ?", [name])
        guard let row else { throw CatalogError(.notFound, "There is no model \(name.prefix(128)).") }
        return try model(row, database)
    }

    private static func model(_ row: SQLRow, _ database: SQLTransaction) throws -> Model {
        let name: String = try row.get("name")
        let defaultVersion: String? = try row.get("default_version")
        return try Model(
            name: name, settings: Column.value(row.get("settings")),
            defaultVersion: defaultVersion.map { try version($0, of: name, database) },
            created: Date(timeIntervalSince1970: row.get("created")), etag: Revision.etag(row.get("revision")))
    }

    /// Gives the model another etag.
    func touchModel(_ name: String, _ database: SQLTransaction) throws {
        let revision: Int64? = try database.scalar("SELECT revision FROM registry_model WHERE name = ?", [name])
        try database.execute(
            "UPDATE registry_model SET revision = ? WHERE name = ?",
            [Revision.next(after: revision ?? 0, at: now()), name])
    }

    /// - Throws: ``CatalogError`` `aborted` unless `etag` is the present one.
    static func check(_ etag: String?, against present: String) throws {
        guard let etag, !etag.isEmpty else {
            throw CatalogError(.invalidArgument, "updateMask names etag, but none is given.")
        }
        guard etag == present else {
            throw CatalogError(.aborted, "It was changed since its etag was read. Read it again.")
        }
    }

    /// One page of a list.
    ///
    /// - Parameters:
    ///   - rows: those behind a key, in the list's order; the key is empty for the first page.
    ///   - item: the row's item, nil when the filter leaves it out, and its key.
    static func page<Item>(
        _ request: PageRequest, list: String, firstKey: String = "", rows: (String) throws -> SQLCursor,
        item: (SQLRow) throws -> (Item?, key: String)
    ) throws -> CatalogPage<Item> {
        let limit = try request.limit()
        let token = try PageToken(request.token, list: list, filter: request.filter)
        let cursor = try rows(token?.key ?? firstKey)
        var items: [Item] = []
        var lastKey = ""
        while let row = try cursor.next() {
            let (found, key) = try item(row)
            guard let found else { continue }
            guard items.count < limit else {
                let next = PageToken(key: lastKey).text(list: list, filter: request.filter)
                return CatalogPage(items: items, next: next)
            }
            items.append(found)
            lastKey = key
        }
        return CatalogPage(items: items, next: nil)
    }
}
