import Database
import Foundation
import LightboxCore

extension ModelCatalog {
    /// - Throws: ``CatalogError`` `notFound`.
    public func version(_ name: String, of model: String) throws -> ModelVersion {
        try read { try Self.version(name, of: model, $0) }
    }

    /// In the order of their names. Filter fields: `name`, `state`, `description`, `framework`, `labels.NAME`.
    public func versions(of model: String, _ page: PageRequest = PageRequest()) throws -> CatalogPage<ModelVersion>
    {
        let filter = try CatalogFilter(page.filter, fields: ["name", "state", "description", "framework"])
        return try read { database in
            _ = try Self.model(model, database)
            return try Self.page(page, list: "versions/\(model)") { after in
                try database.cursor(
                    "\(Self.selectVersion) WHERE v.model = ? AND v.name > ? ORDER BY v.name",
                    [model, after])
            } item: { row in
                let version = try Self.version(row)
                let isWanted = filter.accepts { field in
                    switch field {
                    case "name": version.name
                    case "state": version.state.rawValue
                    case "description": version.settings.description
                    case "framework": version.settings.framework
                    default: version.settings.labels[String(field.dropFirst("labels.".count))]
                    }
                }
                return (isWanted ? version : nil, key: version.name)
            }
        }
    }

    /// The version that is to answer a request.
    ///
    /// - Parameter version: nil for the default one.
    /// - Throws: ``CatalogError``: `notFound`, or `failedPrecondition` for one that is not ready, or when there is
    ///   no default version.
    public func servable(_ model: String, version: String? = nil) throws -> ModelVersion {
        try read { database in
            let found: ModelVersion
            if let version {
                found = try Self.version(version, of: model, database)
            } else if let standing = try Self.model(model, database).defaultVersion {
                found = standing
            } else {
                throw CatalogError(
                    .failedPrecondition, "The model '\(model)' has no version that is ready. Create one first.")
            }
            guard found.state == .ready else {
                throw CatalogError(
                    .failedPrecondition, "The version '\(found.name)' of '\(model)' is \(found.state.rawValue).")
            }
            return found
        }
    }

    /// Where the version's files are on this machine: where servers share them, copies that are brought first and
    /// compared with their hashes. It may wait for these.
    public func folder(of version: ModelVersion) throws -> String {
        let place = VersionFolder(path: try home.model(version.model, version: version.name))
        return try place.local(version.files, home: home)
    }

    /// One of its files on this machine, without the others where servers share them; nil when it has none of the name.
    public func file(_ name: String, of version: ModelVersion) throws -> String? {
        guard let file = version.files.first(where: { $0.name == name }) else { return nil }
        let place = VersionFolder(path: try home.model(version.model, version: version.name))
        return try place.local([file], home: home) + "/" + name
    }

    /// Where the version's files are, for people: their folder, or the address that servers share.
    public func place(of version: ModelVersion) throws -> String {
        RemoteFiles.shown(try home.model(version.model, version: version.name))
    }

    /// Makes it the version that answers where none is named.
    ///
    /// - Throws: ``CatalogError``: `notFound`, or `failedPrecondition` for one that is not ready.
    @discardableResult
    public func setDefault(_ name: String, of model: String) throws -> ModelVersion {
        try write { database in
            try makeDefault(name, of: model, database)
            try touchModel(model, database)
            return try Self.version(name, of: model, database)
        }
    }

    /// Changes the fields that `mask` names to those of `settings`.
    ///
    /// - Parameters:
    ///   - mask: `description`, `labels`, `labels.NAME`, `packageUris`, `predictionClass`, `autoScaling.minNodes`,
    ///     `autoScaling.maxNodes`, `manualScaling.nodes`, `requestLoggingConfig`, `etag`.
    ///   - etag: read for `etag`: the change is refused when the version has another.
    /// - Returns: an operation that is done, with the version.
    public func patchVersion(
        _ name: String, of model: String, mask: UpdateMask, to settings: ModelVersion.Settings, etag: String? = nil
    ) throws -> CatalogOperation {
        try write { database in
            let version = try Self.version(name, of: model, database)
            try Self.checkIsAtRest(version)
            var changed = version.settings
            try mask.each { path in
                if path == "etag" {
                    try Self.check(etag, against: version.etag)
                    return true
                }
                return Self.apply(path, to: &changed, from: settings)
            }
            try update(version, "settings = ?", [try Column.text(changed)], database)
            let outcome = CatalogOperation.Outcome.version(try Self.version(name, of: model, database))
            return try insertOperation(.updateVersion, model: model, version: name, outcome: outcome, database)
        }
    }

    private static func apply(
        _ path: String, to changed: inout ModelVersion.Settings, from given: ModelVersion.Settings
    ) -> Bool {
        switch path {
        case "description": changed.description = given.description
        case "packageUris": changed.packages = given.packages
        case "predictionClass": changed.predictionClass = given.predictionClass
        case "autoScaling.minNodes": changed.minimumNodes = given.minimumNodes
        case "autoScaling.maxNodes": changed.maximumNodes = given.maximumNodes
        case "autoScaling": (changed.minimumNodes, changed.maximumNodes) = (given.minimumNodes, given.maximumNodes)
        case "manualScaling.nodes", "manualScaling": changed.manualNodes = given.manualNodes
        case "requestLoggingConfig":
            changed.others["requestLoggingConfig"] = given.others["requestLoggingConfig"]
        default: return UpdateMask.applyLabels(path, to: &changed.labels, from: given.labels)
        }
        return true
    }

    /// Removes a version and its files; a process that has it loaded can go on with what it has.
    ///
    /// - Returns: an operation that is done.
    /// - Throws: ``CatalogError`` `failedPrecondition` for the default version while there are others, and for one
    ///   that is being made or deleted.
    public func deleteVersion(_ name: String, of model: String) throws -> CatalogOperation {
        let operation = try write { database in
            let version = try Self.version(name, of: model, database)
            try Self.checkIsAtRest(version)
            let count: Int? = try database.scalar("SELECT count(*) FROM registry_version WHERE model = ?", [model])
            guard !version.isDefault || count == 1 else {
                throw CatalogError(
                    .failedPrecondition, "'\(name)' is the default version. Make another one the default first.")
            }
            try update(version, "state = 'deleting'", [], database)
            return try insertOperation(.deleteVersion, model: model, version: name, outcome: nil, database)
        }
        return try finishDeletion(operation)
    }

    func finishDeletion(_ operation: CatalogOperation) throws -> CatalogOperation {
        let (model, name) = (operation.model, operation.version ?? "")
        try VersionFolder(path: home.model(model, version: name)).remove()
        return try write { database in
            try database.execute(
                "UPDATE registry_model SET default_version = NULL WHERE name = ? AND default_version = ?",
                [model, name])
            try database.execute("DELETE FROM registry_version WHERE model = ? AND name = ?", [model, name])
            try touchModel(model, database)
            try endOperation(operation.id, .done, database)
            return try Self.operation(operation.id, database)
        }
    }

    /// Notes that a version has just answered; neither etag changes.
    public func noteUse(of name: String, of model: String) throws {
        try write(.readCommitted) { database in
            try database.execute(
                "UPDATE registry_version SET last_used = ? WHERE model = ? AND name = ?",
                [now().timeIntervalSince1970, model, name])
        }
    }

    /// Reads every file of a version again.
    ///
    /// - Returns: names of files that are missing or have other bytes than when the version was made.
    public func changedFiles(of version: ModelVersion) throws -> [String] {
        let folder = try home.model(version.model, version: version.name)
        return version.files.filter { (try? ContentHash(ofFile: folder + "/" + $0.name)) != $0.sha256 }.map(\.name)
    }
}

extension ModelCatalog {
    private static let selectVersion = """
        SELECT v.*, coalesce(m.default_version = v.name, FALSE) AS is_default
        FROM registry_version v JOIN registry_model m ON m.name = v.model
        """

    static func version(_ name: String, of model: String, _ database: SQLTransaction) throws -> ModelVersion {
        let row = try database.first("\(selectVersion) WHERE v.model = ? AND v.name = ?", [model, name])
        guard let row else {
            _ = try Self.model(model, database)
            throw CatalogError(.notFound, "The model \(model) has no version \(name.prefix(128)).")
        }
        return try version(row)
    }

    private static func version(_ row: SQLRow) throws -> ModelVersion {
        guard let state = try ModelVersion.State(rawValue: row.get("state")) else {
            throw CatalogError(.unusable, "catalog.db has a version in a state that this Lightbox does not know.")
        }
        return try ModelVersion(
            model: row.get("model"), name: row.get("name"), settings: Column.value(row.get("settings")),
            state: state,
            isDefault: row.get("is_default"), created: Date(timeIntervalSince1970: row.get("created")),
            lastUsed: Column.date(row.get("last_used")), errorMessage: row.get("error"),
            etag: Revision.etag(row.get("revision")), creator: row.get("creator"),
            files: Column.value(row.get("files")))
    }

    private static func checkIsAtRest(_ version: ModelVersion) throws {
        guard version.state == .ready || version.state == .failed else {
            throw CatalogError(
                .failedPrecondition, "The version is \(version.state.rawValue). Wait for its operation to end.")
        }
    }

    func makeDefault(_ name: String, of model: String, _ database: SQLTransaction) throws {
        let version = try Self.version(name, of: model, database)
        guard version.state == .ready else {
            throw CatalogError(
                .failedPrecondition,
                "The version is \(version.state.rawValue); only one that is ready can be the default.")
        }
        try database.execute("UPDATE registry_model SET default_version = ? WHERE name = ?", [name, model])
    }

    /// Changes columns of a version, and its etag.
    func update(
        _ version: ModelVersion, _ columns: String, _ values: [any ColumnEncodable], _ database: SQLTransaction
    ) throws {
        let key = [version.model, version.name]
        let revision: Int64? = try database.scalar(
            "SELECT revision FROM registry_version WHERE model = ? AND name = ?",
            SQLArguments(key))
        var arguments = values
        arguments.append(Revision.next(after: revision ?? 0, at: now()))
        try database.execute(
            "UPDATE registry_version SET \(columns), revision = ? WHERE model = ? AND name = ?",
            SQLArguments(arguments + key as [any ColumnEncodable]))
    }
}
