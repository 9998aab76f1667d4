import Inference
import KerasFiles
import LightboxCore
import ModelRegistry
import Networks

/// A model file opened by its kind: the calls that it offers.
struct OpenedModel {
    let calls: [any ServedCall]
    var manifest: ModelManifest?

    init(_ file: ServableFile, name: String, settings: LoadedModel.Settings) throws {
        switch file {
        case .folder(let path):
            let folder = try ModelFolder(path: path)
            calls = try FolderModel.calls(folder, name: name, settings: settings)
            manifest = folder.manifest
        case .onnx(let path):
            try ONNXCheck.check(path)
            calls = [try ArrayCall(.file(path), name: name, settings: settings)]
        case .openVINO(let path), .tfLite(let path):
            calls = [try ArrayCall(.file(path), name: name, settings: settings)]
        case .keras(let path):
            calls = [try ArrayCall(Self.onnx(ofKeras: path), name: name, settings: settings)]
        case .savedModel(let path):
            calls = try Self.savedModelCalls(path, name: name, settings: settings)
        }
    }

    /// A Keras file's model under the names of its first and last layer.
    private static func onnx(ofKeras path: String) throws -> ModelSource {
        let model = try KerasFile(path: path).model()
        let graph = model.graph
        var last = graph.layers[graph.output]
        // The activation of a layer stands behind it under a name that Keras does not know.
        if case .activation = last.operation, !last.isNamed { last = graph.layers[last.inputs[0]] }
        let options = ONNXOptions(inputName: graph.layers[0].name, outputName: last.name)
        let bytes = try graph.onnx(weights: model.weights, options: options).serialized()
        return .onnx(Bytes(bytes), name: path)
    }
}

extension LoadedModel.Settings {
    var engine: Engine.Settings {
        var settings = Engine.Settings()
        settings.threads = threads
        settings.precision = precision
        settings.batching = batching
        return settings
    }
}
