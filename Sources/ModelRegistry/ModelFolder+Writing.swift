import Foundation
public import LightboxCore
public import Networks

extension ModelFolder {
    /// Writes a trained model as a folder, whole or not at all.
    ///
    /// The graph is built from the manifest's architecture and output, so that what is written is what
    /// ``graph()`` gives back.
    ///
    /// - Parameters:
    ///   - manifest: ``ModelManifest/signature`` and ``ModelManifest/files`` are filled in.
    ///   - weights: of the whole graph, see `NetworkWeights.joined(withHead:for:)`. Layers without a place in the
    ///     graph are left out.
    ///   - attachments: more files by name, such as the label list or the evaluation.
    ///   - path: of the new folder; the one above is made where it is missing.
    ///   - isReplacing: whether a folder that stands there is replaced; without it, that is an error.
    /// - Returns: the folder, read back.
    @discardableResult
    public static func write(
        _ manifest: ModelManifest, weights: NetworkWeights, attachments: [String: Bytes] = [:], to path: String,
        isReplacing: Bool = false
    ) throws -> ModelFolder {
        let graph = try manifest.graph(path: path)
        var manifest = manifest
        manifest.signature = try ModelExport.signature(of: graph, manifest: manifest, path: path)
        let onnx = try ModelExport.onnx(graph, weights: weights, manifest: manifest)
        return try write(manifest, to: path, isReplacing: isReplacing) { staging in
            try staging.write(Bytes(onnx.serialized()), named: onnxName)
            try staging.write(weights.safetensors(for: graph), named: weightsName)
            for (name, bytes) in attachments.sorted(by: { $0.key < $1.key }) {
                try staging.write(bytes, named: name)
            }
        }
    }

    /// Writes a foreign model as a folder, whole or not at all: an ONNX file, a SavedModel, an OpenVINO IR.
    ///
    /// - Parameters:
    ///   - manifest: its architecture is `.file`, one of `files` or a folder of some;
    ///     the signature is kept as it is.
    ///   - files: names in the folder, and the paths that are copied from.
    @discardableResult
    public static func write(
        _ manifest: ModelManifest, copying files: [String: String], to path: String, isReplacing: Bool = false
    ) throws -> ModelFolder {
        try write(manifest, to: path, isReplacing: isReplacing) { staging in
            for (name, source) in files.sorted(by: { $0.key < $1.key }) {
                try staging.write(Bytes(MappedFile(path: source)), named: name)
            }
        }
    }

    private static func write(
        _ manifest: ModelManifest, to path: String, isReplacing: Bool, _ body: (inout StagingFolder) throws -> Void
    ) throws -> ModelFolder {
        try manifest.check(path: path, limits: ModelLimits())
        var staging = try StagingFolder(for: path, isReplacing: isReplacing)
        do {
            try body(&staging)
            var manifest = manifest
            manifest.format = ModelManifest.currentFormat
            manifest.files = staging.files.sorted { $0.name < $1.name }
            try staging.write(manifest: manifest)
            // What is not to be opened is not to be written either.
            _ = try ModelFolder(path: staging.path, isVerified: false)
            try staging.commit()
        } catch {
            staging.remove()
            throw error
        }
        return try ModelFolder(path: staging.destination, isVerified: false)
    }
}
