import Foundation
public import LightboxCore
public import Networks

/// The folder of one version of a model: `model.json`, `model.onnx`, `weights.safetensors`, or a foreign model's
/// files.
///
/// Nothing in it is executed. What is opened has been held against the manifest: every file is there, is no link,
/// and has the bytes that were written.
public struct ModelFolder: Sendable {
    public static let onnxName = "model.onnx"
    public static let weightsName = "weights.safetensors"

    public let path: String
    public private(set) var manifest: ModelManifest

    /// Where a version's folder stands: `models/<model>/<version>/` of the home folder.
    public static func path(home: Home, model: String, version: String) throws -> String {
        try home.model(model, version: version)
    }

    /// Opens and verifies a folder.
    ///
    /// - Parameter isVerified: false leaves out the hashes, for a folder that was verified before.
    /// - Throws: ``RegistryError`` that names the first file which is missing or changed.
    public init(path: String, limits: ModelLimits = ModelLimits(), isVerified: Bool = true) throws {
        self.path = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
        manifest = try ModelFolder.manifest(of: self.path, limits: limits)
        try check(limits: limits, hashing: isVerified)
    }

    /// Reads every file again and holds it against the manifest.
    public func verify(limits: ModelLimits = ModelLimits()) throws { try check(limits: limits, hashing: true) }

    /// The file that computes scores: `model.onnx`, or a foreign model's own.
    public var modelPath: String {
        if case .file(let name) = manifest.architecture { return path + "/" + name }
        return path + "/" + ModelFolder.onnxName
    }

    /// SHA-256 of the file that computes, or of the hashes of its files where there are several.
    public var contentHash: ContentHash {
        let main = modelPath.dropFirst(path.count + 1)
        let files = manifest.files.filter { $0.name == main || $0.name.hasPrefix(main + "/") }
        if files.count == 1 { return files[0].sha256 }
        return ContentHash(of: files.map { "\($0.sha256) \($0.name)\n" }.sorted().joined().utf8)
    }

    /// The network, with its activation, as it was trained.
    ///
    /// - Throws: ``RegistryError`` where only a model file is known.
    public func graph() throws -> Graph { try manifest.graph(path: path) }

    /// Layers that training leaves as they are: those that came in as `trainable=false`.
    public func frozenLayers() throws -> Set<String> {
        try manifest.architecture.frozenLayers(preprocessing: manifest.preprocessing)
    }

    /// Every layer's arrays, as they were trained.
    ///
    /// - Throws: ``RegistryError`` for a folder without weights, `WeightError` when they are not the graph's.
    public func weights() throws -> NetworkWeights {
        let graph = try graph()
        guard manifest.files.contains(where: { $0.name == ModelFolder.weightsName }) else {
            throw RegistryError(
                .unsupported, path, "there is no \(ModelFolder.weightsName)",
                remedy: "Only models that were trained here can be trained on.")
        }
        return try NetworkWeights(safetensors: path + "/" + ModelFolder.weightsName, for: graph)
    }

    private static func manifest(of folder: String, limits: ModelLimits) throws -> ModelManifest {
        let path = folder + "/" + ModelManifest.fileName
        var status = stat()
        guard lstat(path, &status) == 0 else {
            throw RegistryError(
                .notAModel, folder, "there is no \(ModelManifest.fileName)", remedy: "Give a model's folder.")
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw RegistryError(
                .unsafeName, path, "there is a link or something else than a file", remedy: "Copy the file itself."
            )
        }
        guard Int(status.st_size) <= limits.manifestBytes else {
            throw RegistryError(
                .limitExceeded, path, "it has over \(limits.manifestBytes) bytes", remedy: "Is this a model?")
        }
        return try ModelManifest(parsing: Bytes(MappedFile(path: path)), path: path, limits: limits)
    }

    private func check(limits: ModelLimits, hashing: Bool) throws {
        let entries = try manifest.files.map { try FolderEntry($0.name, in: path) }
        guard Set(entries.map(\.name)).count == entries.count else {
            throw RegistryError(
                .damagedManifest, path, "a file is listed twice", remedy: "Take the model from its source again.")
        }
        var total = 0
        for (entry, file) in zip(entries, manifest.files) {
            let size = try entry.size()
            guard size == file.bytes else { throw changed(entry) }
            total += size
            guard total <= limits.totalBytes else {
                throw RegistryError(
                    .limitExceeded, path, "its files have over \(limits.totalBytes) bytes",
                    remedy: "Is this a model?")
            }
        }
        let main = String(modelPath.dropFirst(path.count + 1))
        guard entries.contains(where: { $0.name == main || $0.name.hasPrefix(main + "/") }) else {
            throw RegistryError(
                .missingFile, path + "/" + main, "the manifest does not list the model's file",
                remedy: "Take the model from its source again.")
        }
        guard hashing else { return }
        for (entry, file) in zip(entries, manifest.files) where try ContentHash(ofFile: entry.path) != file.sha256
        {
            throw changed(entry)
        }
    }

    private func changed(_ entry: FolderEntry) -> RegistryError {
        RegistryError(
            .changedFile, entry.path, "the file is not the one that the manifest was written for",
            remedy: "Take the model from its source again.")
    }

    /// Writes a changed manifest in place of the present one, whole or not at all: a description, thresholds, a
    /// temperature, metrics.
    ///
    /// - Precondition: the list of files, the architecture and the labels stay.
    public mutating func update(_ change: (inout ModelManifest) throws -> Void) throws {
        var changed = manifest
        try change(&changed)
        precondition(
            changed.files == manifest.files && changed.architecture == manifest.architecture
                && changed.output.labels == manifest.output.labels, "what the files hold cannot change")
        let file = path + "/" + ModelManifest.fileName
        try changed.check(path: file, limits: ModelLimits())
        try AtomicFile.write(changed.serialized(), to: file)
        manifest = changed
    }
}

extension ModelManifest {
    /// The graph that the architecture names, with the output's activation.
    ///
    /// - Parameter path: named in errors.
    func graph(path: String) throws -> Graph {
        let graph = try architecture.graph(activation: output.activation, preprocessing: preprocessing)
        guard let graph else {
            throw RegistryError(
                .unsupported, path, "only its model file says what it computes",
                remedy: "Use the model file, or import the weights it was made from.")
        }
        return graph
    }
}
