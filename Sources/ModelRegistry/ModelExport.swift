import LightboxCore
import Networks
import WireFormats

/// The forms in which a model leaves the registry.
public enum ModelExport {
    public enum Format: String, Sendable, Codable, CaseIterable {
        /// One file for any engine: image in, scores out.
        case onnx
        /// A whole Keras model.
        case kerasH5 = "keras-h5"
        /// The weights alone, named `layer/kernel`.
        case safetensors
        /// OpenVINO's intermediate representation: `model.xml` and `model.bin`.
        case openvino
    }

    static let inputName = "image"

    /// What goes in and out of the written model.
    ///
    /// - Throws: ``RegistryError`` when the graph's output has not the manifest's labels.
    static func signature(of graph: Graph, manifest: ModelManifest, path: String) throws -> ModelSignature {
        let shape = graph.outputShape
        let isFitting =
            manifest.output.kind == .heatmap ? shape.count == 3 : shape == [manifest.output.scoreCount]
        guard isFitting else {
            throw RegistryError(
                .inconsistent, path,
                "the network gives \(shape) values, the labels are \(manifest.output.scoreCount)",
                remedy: "Give one label for each score, and say whether there is an extra slot.")
        }
        return ModelSignature(
            inputs: [.init(name: inputName, shape: [nil] + graph.inputShape)],
            outputs: [.init(name: outputName(manifest.output), shape: [nil] + shape)])
    }

    private static func outputName(_ output: ModelOutput) -> String {
        output.kind == .heatmap ? "heatmap" : "scores"
    }

    /// The bytes of `model.onnx`: floats `[N, height, width, channels]` in, scores after their activation out.
    static func onnx(_ graph: Graph, weights: NetworkWeights, manifest: ModelManifest) throws -> Bytes {
        let options = ONNXOptions(inputName: inputName, outputName: outputName(manifest.output))
        var model = try graph.onnx(weights: weights, options: options)
        model.metadata = try manifest.metadata()
        model.documentation =
            (manifest.description.isEmpty ? manifest.name : manifest.description) + "\nNot a medical device."
        return Bytes(try model.serialized())
    }
}
