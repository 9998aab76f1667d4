import Foundation
import LightboxCore
public import ModelRegistry

/// Finds the model that a command's `--model` names.
public enum ModelPlace {
    /// The folder with `model.json`: the one named, or `model` in the run's folder that is named.
    public static func resolve(_ path: String) -> String {
        for folder in [path, TrainingPlace.model(in: path)]
        where FileManager.default.fileExists(atPath: folder + "/" + ModelManifest.fileName) {
            return folder
        }
        return path
    }

    /// Opens a model's folder, the default version of a model of the registry, or a Keras file (`.h5`, `.keras`), of
    /// which a folder is made in the home's cache.
    ///
    /// - Parameter facts: what a Keras file does not say; a folder says it itself.
    /// - Throws: `RegistryError` for a folder without a model, or with a damaged one; `ArchitectureError` for a
    ///   Keras file with a `Lambda` or an unknown layer.
    public static func open(
        _ name: String, _ context: StageContext, facts: KerasModelFacts = KerasModelFacts()
    ) throws -> ModelFolder {
        let path = try context.home.fetched(name)
        guard isFile(path) else {
            guard facts.isEmpty else {
                throw InputError(
                    .invalidInput,
                    "--labels, --scaling and --shape describe a Keras file; \(name) says all that itself.")
            }
            return try ModelFolder(path: served(name, version: nil, context.home))
        }
        let place = try context.home.cache + "/models/" + key(path, facts)
        if let known = try? ModelFolder(path: place) { return known }
        return try WholeModel(file: path, facts).folder(at: place, facts)
    }

    static func isFile(_ path: String) -> Bool {
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && !isFolder.boolValue
    }

    /// The same for the same file with the same facts, under the same name.
    private static func key(_ path: String, _ facts: KerasModelFacts) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        let parts = [
            try ContentHash(ofFile: path).description, (path as NSString).lastPathComponent,
            String(decoding: try encoder.encode(facts), as: UTF8.self),
        ]
        return String(ContentHash(of: parts.joined(separator: "\n").utf8).description.prefix(32))
    }
}
