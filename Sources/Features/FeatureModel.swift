import Foundation
import Inference
import KerasFiles
public import LightboxCore
public import Networks

/// A network with its weights, or a model file of the user's, and what to feed it: all but the precision.
public struct FeatureModel: Sendable {
    /// The network's name, or the model's file.
    public let name: String
    public let preprocessing: Preprocessing
    /// How the last feature map becomes one vector.
    public let pooling: Pooling
    /// Of the weight file, or of the model file: SHA-256.
    public let weightsHash: ContentHash

    let source: ModelSource
    /// The network's own floating-point model; nil for files that are not ONNX, which cannot be quantised here.
    let onnx: Bytes?

    /// A network of this package with the weights in a Keras file.
    ///
    /// - Parameters:
    ///   - weights: path of a `.h5`, `.weights.h5` or `.keras` file.
    ///   - preprocessing: another size, scaling or number of channels than the network's own.
    /// - Throws: `NetworkError`, or `WeightError` naming each layer that does not fit.
    public init(
        network: Network, weights path: String, pooling: Pooling = .average, preprocessing: Preprocessing? = nil
    ) throws {
        let graph = try FeatureModel.graph(network, pooling, preprocessing)
        try self.init(
            network: network, weights: KerasFile.weights(path, for: graph), hash: ContentHash(ofFile: path),
            pooling: pooling, preprocessing: preprocessing)
    }

    /// A network of this package with weights in memory.
    ///
    /// - Parameter hash: what the weights are known by.
    public init(
        network: Network, weights: NetworkWeights, hash: ContentHash, pooling: Pooling = .average,
        preprocessing: Preprocessing? = nil
    ) throws {
        let graph = try FeatureModel.graph(network, pooling, preprocessing)
        let bytes = Bytes(try graph.onnx(weights: weights).serialized())
        self.name = network.name
        self.preprocessing = preprocessing ?? network.preprocessing
        self.pooling = pooling
        self.weightsHash = hash
        self.source = .onnx(bytes, name: network.name)
        self.onnx = bytes
    }

    /// A model file of the user's: ONNX, OpenVINO `.xml`, SavedModel folder or `.tflite`, with one image input
    /// (channels first or last) of which the first output is used.
    ///
    /// - Parameters:
    ///   - pooling: for an output that is a feature map; an output of one vector per image is taken as it is.
    ///   - preprocessing: how the model's images were prepared in training.
    public init(file path: String, pooling: Pooling = .average, preprocessing: Preprocessing) throws {
        name = path
        self.preprocessing = preprocessing
        self.pooling = pooling
        weightsHash = try FeatureModel.hash(ofModel: path)
        source = .file(path)
        onnx = path.lowercased().hasSuffix(".onnx") ? Bytes(try MappedFile(path: path)) : nil
    }

    private static func graph(
        _ network: Network, _ pooling: Pooling, _ preprocessing: Preprocessing?
    ) throws -> Graph {
        let input = preprocessing ?? network.preprocessing
        return try network.graph(
            height: input.height, width: input.width, channels: input.channels, output: .features(pooling))
    }

    /// Of the file; of a folder, or of an `.xml` with its `.bin`, the hash of all files' hashes in order of name.
    private static func hash(ofModel path: String) throws -> ContentHash {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            throw InferenceError(code: .modelNotFound, model: path, remedy: "There is no such file or folder.")
        }
        var files = [path]
        if isFolder.boolValue {
            files = (FileManager.default.enumerator(atPath: path)?.compactMap { $0 as? String } ?? []).sorted()
                .map { path + "/" + $0 }
                .filter {
                    FileManager.default.fileExists(atPath: $0, isDirectory: &isFolder) && !isFolder.boolValue
                }
        } else if path.hasSuffix(".xml") {
            let weights = String(path.dropLast(4)) + ".bin"
            if FileManager.default.fileExists(atPath: weights) { files.append(weights) }
        }
        if files.count == 1 { return try ContentHash(ofFile: files[0]) }
        return ContentHash(
            of: try files.map { try ContentHash(ofFile: $0).description }.joined(separator: "\n").utf8)
    }
}
