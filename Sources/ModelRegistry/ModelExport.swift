import Foundation
import KerasFiles
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

        /// What the file is called where only a folder is given.
        public var fileName: String {
            switch self {
            case .onnx: ModelFolder.onnxName
            case .kerasH5: "model.h5"
            case .safetensors: ModelFolder.weightsName
            case .openvino: "model.xml"
            }
        }
    }

    /// Writes a model in another form; each file appears whole or not at all.
    ///
    /// - Parameter path: of the file, or of a folder that is there; an OpenVINO `.bin` is put beside its `.xml`.
    /// - Returns: the paths that were written.
    /// - Throws: ``RegistryError`` for a form that the model cannot take.
    @discardableResult
    public static func write(_ folder: ModelFolder, as format: Format, to path: String) throws -> [String] {
        var isFolder: ObjCBool = false
        _ = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
        let target = isFolder.boolValue ? path + "/" + format.fileName : path
        switch format {
        case .onnx: return [try copy(ModelFolder.onnxName, of: folder, to: target)]
        case .safetensors: return [try copy(ModelFolder.weightsName, of: folder, to: target)]
        case .kerasH5:
            try KerasFile.write(
                graph: folder.graph(), weights: folder.weights(), frozen: folder.frozenLayers(), to: target)
            return [target]
        case .openvino: return try writeOpenVINO(folder, to: target)
        }
    }

    private static func copy(_ name: String, of folder: ModelFolder, to path: String) throws -> String {
        let source = try file(name, of: folder)
        try Bytes(MappedFile(path: source)).withUnsafeBytes { bytes in
            try AtomicFile.write(to: path) { try FileDescriptorIO.writeAll(bytes, to: $0) }
        }
        return path
    }

    private static func writeOpenVINO(_ folder: ModelFolder, to path: String) throws -> [String] {
        let model = try onnx(folder.graph(), weights: folder.weights(), manifest: folder.manifest)
        let document = try IRLowering(model, path: folder.path).document
        let weights = (path.hasSuffix(".xml") ? String(path.dropLast(4)) : path) + ".bin"
        let description = path.hasSuffix(".xml") ? path : path + ".xml"
        try AtomicFile.write(document.constants, to: weights)
        let notes = try folder.manifest.metadata()
        try AtomicFile.write(document.xml(name: folder.manifest.name, notes: notes), to: description)
        return [description, weights]
    }

    private static func file(_ name: String, of folder: ModelFolder) throws -> String {
        guard folder.manifest.files.contains(where: { $0.name == name }) else {
            throw RegistryError(
                .unsupported, folder.path, "it has no \(name)",
                remedy: "Only models that were trained here have it; give the model's own file on.")
        }
        return folder.path + "/" + name
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
        var last = Activation.linear
        if case .activation(let activation) = graph.layers[graph.output].operation { last = activation }
        guard last == manifest.output.activation else {
            throw RegistryError(
                .inconsistent, path,
                "the network ends in \(last.rawValue), the manifest says \(manifest.output.activation.rawValue)",
                remedy: "Give the network the activation that makes scores of its values.")
        }
        return ModelSignature(
            inputs: [.init(name: inputName, shape: [nil] + graph.inputShape)],
            outputs: [.init(name: outputName(manifest.output), shape: [nil] + shape)])
    }

    private static func outputName(_ output: ModelOutput) -> String {
        output.kind == .heatmap ? "heatmap" : "scores"
    }

    /// The content of `model.onnx`: floats `[N, height, width, channels]` in, scores after their activation out.
    static func onnx(_ graph: Graph, weights: NetworkWeights, manifest: ModelManifest) throws -> ONNXModel {
        let options = ONNXOptions(inputName: inputName, outputName: outputName(manifest.output))
        var model = try graph.onnx(weights: weights, options: options)
        model.metadata = try manifest.metadata()
        model.documentation =
            (manifest.description.isEmpty ? manifest.name : manifest.description) + "\nNot a medical device."
        return model
    }
}
