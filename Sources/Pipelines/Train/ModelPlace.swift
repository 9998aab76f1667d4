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

    /// - Throws: `RegistryError` for a folder without a model, or with a damaged one.
    public static func open(_ name: String, _ context: StageContext) throws -> ModelFolder {
        try ModelFolder(path: resolve(context.home.localPath(of: name)))
    }
}
