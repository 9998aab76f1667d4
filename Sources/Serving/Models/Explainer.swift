import Foundation
import Inference
import LightboxCore
import Networks
import Synchronization
import WireFormats

/// Computes what lies in front of a classifier's last layer: the vector it sees, and where in the image each label's
/// score comes from (class activation mapping, Zhou et al. 2016, arXiv:1512.04150).
///
/// It is compiled when it is first asked.
final class Explainer: Sendable {
    struct Explanation: Sendable {
        /// `[n, features]`.
        let embedding: NDArray
        /// For each image the map of its class, `[rows, columns]`, of any range.
        let maps: [NDArray]
    }

    /// Kernel of the last layer, `[features, scores]`.
    private let kernel: NDArray
    /// Whether scores have a place in the image.
    let hasMap: Bool
    private let file: String
    private let settings: LoadedModel.Settings
    private let opened: ONNXModel
    private let compiling = Mutex<Task<Engine, any Error>?>(nil)
    private let compiledBytes = Atomic<Int>(0)

    /// Bytes, estimated; 0 before the first question.
    var memory: Int { compiledBytes.load(ordering: .relaxed) }

    /// nil for a model that does not end in a dense layer, or is not written as ours are.
    init?(_ model: ONNXModel, file: String, settings: LoadedModel.Settings) {
        guard let ending = ClassifierEnding(model) else { return nil }
        kernel = ending.kernel
        hasMap = ending.map != nil
        opened = ending.opened(model)
        self.file = file
        self.settings = settings
    }

    /// - Parameters:
    ///   - images: `[n, height, width, channels]`, scaled.
    ///   - classes: for each the score that the map is of.
    func explain(
        _ images: NDArray, classes: [Int], wantsMap: Bool, isAlone: Bool, deadline: ContinuousClock.Instant?
    ) async throws -> Explanation {
        guard hasMap || !wantsMap else {
            throw ServingError(
                .unavailableExtra, field: "extras",
                "this model has no global average pooling in front of its last layer, so that its scores have no place",
                remedy: "Leave heatmap out, or train with an average pooled head.")
        }
        let rows = images.shape[0]
        let outputs = try await engine().predict(
            [Tensor(images)], rows: rows, isAlone: isAlone, deadline: deadline)
        let embedding = outputs[1].array
        guard wantsMap else { return Explanation(embedding: embedding, maps: []) }
        let features = outputs[2].array
        return Explanation(
            embedding: embedding,
            maps: classes.enumerated().map { features.activation(image: $0, score: $1, kernel: kernel) })
    }

    private func engine() async throws -> Engine {
        let task = compiling.withLock { task in
            if let task { return task }
            let new = Task.detached { [opened, file, settings] in
                try await blocking {
                    try Engine(.onnx(Bytes(try opened.serialized()), name: file), settings: settings.engine)
                }
            }
            task = new
            return new
        }
        let engine = try await task.value
        if memory == 0 {
            let bytes = try await blocking { [file] in try ServableFile.onnx(file).size() }
            compiledBytes.store(LoadedModel.memory(ofFiles: bytes), ordering: .relaxed)
        }
        return engine
    }
}

/// The last layers of a classifier that was written as ONNX here.
struct ClassifierEnding {
    /// Of the last dense layer.
    let kernel: NDArray
    /// The name of the values that it reads.
    let embedding: String
    /// The name of the feature map whose mean that is, channels first; nil where there is another pooling.
    let map: String?

    init?(_ model: ONNXModel) {
        let graph = model.proto.graph
        guard let output = graph.output.first?.name else { return nil }
        func producer(of name: String) -> ONNXNodeProto? { graph.node.first { $0.output.first == name } }
        var last = producer(of: output)
        if let activation = last, ["Softmax", "Sigmoid", "Identity"].contains(activation.opType) {
            last = activation.input.first.flatMap(producer)
        }
        guard let dense = last, dense.opType == "Gemm", dense.attribute.isEmpty, dense.input.count >= 2,
            let weights = graph.initializer.first(where: { $0.name == dense.input[1] }),
            weights.dims.count == 2, weights.dataType == Int32(ONNXTensorProto.DataType.float.rawValue),
            weights.rawData.count == 4 * Int(weights.dims[0] * weights.dims[1])
        else { return nil }
        let values = weights.rawData.withUnsafeBytes { bytes in
            (0..<(bytes.count / 4)).map { bytes.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self) }
        }
        kernel = NDArray(shape: weights.dims.map { Int($0) }, values: values)
        embedding = dense.input[0]
        var pooled = producer(of: embedding)
        while let node = pooled, ["Flatten", "Reshape", "Squeeze", "Identity", "Dropout"].contains(node.opType) {
            pooled = node.input.first.flatMap(producer)
        }
        map = pooled?.opType == "GlobalAveragePool" ? pooled?.input.first : nil
    }

    /// The model with the vector and the map as further outputs.
    func opened(_ model: ONNXModel) -> ONNXModel {
        var model = model
        model.proto.graph.output.append(ONNXValueInfoProto(name: embedding, shape: [nil, kernel.shape[0]]))
        if let map {
            var info = ONNXValueInfoProto(name: map, shape: [nil, kernel.shape[0]])
            // Rows and columns are the model's own affair.
            info.type.tensorType.clearShape()
            model.proto.graph.output.append(info)
        }
        return model
    }
}
