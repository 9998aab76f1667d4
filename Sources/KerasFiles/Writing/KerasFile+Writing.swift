import LightboxCore
public import Networks
import WireFormats

extension KerasFile {
    /// Writes a graph and its weights as a whole Keras model, a `.h5` file for `keras.models.load_model` of
    /// Keras 2 (also inside TensorFlow) and Keras 3.
    ///
    /// The file appears whole or not at all. A `/` in a layer's name becomes `_`.
    ///
    /// - Parameter frozen: layers that are marked as not to be trained.
    /// - Throws: `WeightError` when the weights are not this graph's; `FileFailure` for the disk.
    public static func write(
        graph: Graph, weights: NetworkWeights, frozen: Set<String> = [], to path: String
    ) throws {
        try weights.check(against: graph, ignoringExtra: true)
        let configuration = KerasConfiguration(graph, frozen: frozen)
        var root = HDF5Content()
        root.attributes = versions + [("model_config", .text(try text(configuration)))]
        root.put(.group(modelWeights(graph, weights, configuration)), at: ["model_weights"])
        try HDF5Writer.write(root, to: path)
    }

    /// A graph as the JSON that Keras's `model_from_json` and ``KerasArchitecture`` read.
    ///
    /// - Parameters:
    ///   - frozen: layers that are marked as not to be trained.
    ///   - keepsNames: whether a `/` in a layer's name stays, which Keras 3 refuses.
    public static func configuration(
        of graph: Graph, frozen: Set<String> = [], keepsNames: Bool = false
    ) throws -> String {
        try text(KerasConfiguration(graph, frozen: frozen, keepsNames: keepsNames))
    }

    private static func text(_ configuration: KerasConfiguration) throws -> String {
        String(decoding: try configuration.json().serialized(), as: UTF8.self)
    }

    /// The generation of Keras whose layout this is: it decides how kernels are read.
    private static let versions: [(name: String, value: HDF5Content.Attribute)] = [
        ("backend", .text("tensorflow")), ("keras_version", .text("2.13.1")),
    ]

    /// A group per layer with the paths of its arrays: `conv1/conv1/kernel:0`.
    private static func modelWeights(
        _ graph: Graph, _ weights: NetworkWeights, _ configuration: KerasConfiguration
    ) -> HDF5Content {
        var content = HDF5Content()
        let listed = configuration.order.map { configuration.names[$0] }
        content.attributes = attributes("layer_names", listed) + versions
        for index in configuration.order {
            let (layer, name) = (graph.layers[index], configuration.names[index])
            let paths = layer.weights.map { "\(name)/\($0.name):0" }
            var group = HDF5Content()
            group.attributes = attributes("weight_names", paths)
            for (weight, array) in zip(layer.weights, weights.layers[layer.name] ?? []) {
                group.put(.array(array), at: [name, "\(weight.name):0"])
            }
            content.put(.group(group), at: [name])
        }
        return content
    }

    /// A list too long for one attribute is spread over `name0`, `name1`…, as Keras does.
    private static func attributes(
        _ name: String, _ texts: [String]
    ) -> [(name: String, value: HDF5Content.Attribute)] {
        let limit = 64_512
        let width = max(1, texts.map(\.utf8.count).max() ?? 0)
        guard texts.count * width > limit else { return [(name, .texts(texts))] }
        let size = max(1, limit / width)
        return stride(from: 0, to: texts.count, by: size).enumerated().map { part, start in
            ("\(name)\(part)", .texts(Array(texts[start..<min(start + size, texts.count)])))
        }
    }
}
