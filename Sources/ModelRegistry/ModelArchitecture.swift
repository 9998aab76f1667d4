import KerasFiles
import LightboxCore
public import Networks
public import WireFormats

/// How a model's graph is built again.
public enum ModelArchitecture: Sendable, Codable, Equatable {
    /// A network of this package behind an image of `input` (height, width, channels).
    case network(name: String, input: [Int], top: Top)
    /// A model read from a Keras file: the configuration that stood in it.
    case keras(configuration: JSONValue)
    /// Only the model's own file, by its name in the folder, says what it computes.
    case file(name: String)

    /// What stands behind a network's last feature map.
    public enum Top: Sendable, Codable, Hashable {
        /// A classifier of one's own.
        case head(ClassifierHead)
        /// The classifier that the architecture's paper has.
        case classifier(classes: Int)
        /// Nothing: the feature map, or the map itself of a heat-map network.
        case map
    }

    /// Any graph, by its Keras configuration; the last layer is the output's activation.
    ///
    /// - Parameter frozen: layers that training leaves as they are.
    /// - Throws: an error for a graph that Keras has no layers for.
    public static func keras(_ graph: Graph, frozen: Set<String> = []) throws -> ModelArchitecture {
        let text = try KerasFile.configuration(of: graph, frozen: frozen, keepsNames: true)
        return .keras(configuration: try JSONValue(parsing: text, limits: JSONLimits(maximumDepth: 64)))
    }

    /// The graph with `activation` as its last step; nil where only a file knows it.
    ///
    /// - Throws: `NetworkError` for an unknown network or an input that does not fit, `ArchitectureError` for a
    ///   configuration that is refused.
    func graph(activation: Activation, preprocessing: Preprocessing) throws -> Graph? {
        switch self {
        case .network(let name, let input, let top):
            guard input.count == 3 else { return nil }
            let network = try Network.named(name)
            let (height, width, channels) = (input[0], input[1], input[2])
            switch top {
            case .head(var head):
                head.activation = activation
                return try network.graph(height: height, width: width, channels: channels, head: head)
            case .classifier(let classes):
                return try network.graph(
                    height: height, width: width, channels: channels,
                    output: .scores(classes: classes, activation: activation))
            case .map:
                return try network.graph(
                    height: height, width: width, channels: channels, output: .features(.none))
            }
        case .keras(let configuration):
            return try Self.read(configuration, preprocessing).graph
        case .file:
            return nil
        }
    }

    /// Layers that training leaves as they are.
    func frozenLayers(preprocessing: Preprocessing) throws -> Set<String> {
        guard case .keras(let configuration) = self else { return [] }
        return try Self.read(configuration, preprocessing).frozenLayers
    }

    private static func read(
        _ configuration: JSONValue, _ preprocessing: Preprocessing
    ) throws -> KerasArchitecture {
        try KerasArchitecture(
            configuration: String(decoding: try configuration.serialized(), as: UTF8.self),
            height: preprocessing.height, width: preprocessing.width, channels: preprocessing.channels)
    }
}
