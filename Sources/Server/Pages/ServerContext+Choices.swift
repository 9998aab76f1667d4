import Catalog
import LightboxCore
import ModelRegistry
import Serving
import WebPages

extension ServerContext {
    /// The models that can be asked about images.
    ///
    /// - Parameter version: of the model `chosen`, to stand before the others.
    func predictChoices(_ chosen: String? = nil, version: String? = nil) async throws -> [PredictChoice] {
        let withCases = Set(cases.keys)
        return try await catalog { catalog in
            var models = try catalog.models(.init(size: 100)).items.map { ($0.name, nil as String?) }
            if let chosen, let version { models.insert((chosen, version), at: 0) }
            return try models.compactMap { try Self.choice($0, version: $1, catalog, withCases) }
        }
    }

    /// nil for a model without a version that can be asked about images.
    ///
    /// - Parameter withCases: models that known cases are attached to.
    private static func choice(
        _ model: String, version: String?, _ catalog: ModelCatalog, _ withCases: Set<String>
    ) throws -> PredictChoice? {
        guard let servable = try? catalog.servable(model, version: version) else { return nil }
        let file = try? catalog.file(ModelManifest.fileName, of: servable)
        guard let file, let manifest = try? ModelManifest(parsing: Bytes(MappedFile(path: file)), path: file)
        else {
            // Of another kind: what it takes is known once it is loaded, and the usual name is a good guess.
            return PredictChoice(model: model, version: version)
        }
        return PredictChoice(model: model, version: version, manifest.output, hasCases: withCases.contains(model))
    }
}
