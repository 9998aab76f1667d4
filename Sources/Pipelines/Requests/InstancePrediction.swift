import Catalog
import Foundation
public import LightboxCore
import Serving

/// What a served model says of instances, as a request to the service would be answered.
public struct InstancePrediction: Sendable {
    /// A model of the registry, or the path of any model that can be served.
    public var model: String
    /// Of a model of the registry; nil for its default one.
    public var version: String?
    /// Empty for the only one, or `serving_default`.
    public var signature = ""

    public init(model: String) { self.model = model }

    /// - Parameter instances: JSON documents, or texts for a signature that takes one text.
    /// - Returns: an answer for each, in order.
    /// - Throws: `ServingError` when the model cannot be served, `CatalogError` when it is not known.
    public func run(_ instances: [Bytes], _ context: StageContext) async throws -> [BatchAnswer] {
        let place = try ModelPlace.served(model, version: version, context.home)
        let loaded = try await LoadedModel.load(ServableFile(at: place), name: model)
        return try await ServedBatchModel(loaded, signature: signature).predict(instances.map { .line($0) })
    }
}

extension ModelPlace {
    /// The files of a model that is named by its path or by its name in the registry.
    ///
    /// - Parameter version: of a model of the registry; nil for its default one.
    static func served(_ name: String, version: String?, _ home: Home) throws -> String {
        try found(name, version: version, home).folder
    }

    /// The same, with the version's name; nil for a path.
    static func found(
        _ name: String, version: String?, _ home: Home
    ) throws -> (folder: String, version: String?) {
        let path = try home.fetched(name)
        if version == nil, FileManager.default.fileExists(atPath: path) { return (resolve(path), nil) }
        let unknown = InputError(
            .notFound, "\(name): neither a path nor a model of the registry; see lightbox models list.")
        // Looking for a model makes no registry.
        guard home.settings.database != nil || FileManager.default.fileExists(atPath: home.catalog) else {
            throw unknown
        }
        let catalog = try ModelCatalog(home: home)
        do {
            let found = try catalog.servable(name, version: version)
            return (try catalog.folder(of: found), found.name)
        } catch let error as CatalogError where error.code == .notFound && version == nil {
            throw unknown
        }
    }
}
