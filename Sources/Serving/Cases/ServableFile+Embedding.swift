import LightboxCore
import ModelRegistry
import Networks

extension ServableFile {
    /// Numbers in the `embedding` that this model gives beside its scores, without loading it; nil for a model that
    /// has none.
    ///
    /// - Throws: the error of whoever cannot read the file.
    public func embeddingLength() throws -> Int? {
        guard case .folder(let path) = self else { return nil }
        // Only shapes are read here; what computes is verified when it is loaded.
        let folder = try ModelFolder(path: path, isVerified: false)
        guard folder.manifest.output.kind != .heatmap, folder.modelPath.lowercased().hasSuffix(".onnx") else {
            return nil
        }
        try ONNXCheck.check(folder.modelPath)
        let model = try Bytes(MappedFile(path: folder.modelPath)).withUnsafeBytes { try ONNXModel(bytes: $0) }
        return ClassifierEnding(model)?.kernel.shape[0]
    }
}
