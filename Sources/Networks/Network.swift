public import LightboxCore

/// How the last feature map becomes one vector per image.
public enum Pooling: String, Sendable, Hashable, Codable, CaseIterable {
    /// Mean over rows and columns.
    case average = "avg"
    /// Maximum over rows and columns.
    case max
    /// The feature map itself: height × width × channels.
    case none
}

/// An architecture with its facts: how to build it, what to feed it, where it comes from.
public struct Network: Sendable {
    /// As on the command line: `densenet121`, `mobilenet_v2_0.35`.
    public let name: String
    /// Other names people know it by.
    public let aliases: [String]
    /// Authors, year and where to read it.
    public let paper: String
    /// Of the public ImageNet weights.
    public let weightsLicence: String
    /// The usual input size, and the scaling the public weights were trained with.
    public let preprocessing: Preprocessing
    /// Smallest height and width, in pixels.
    public let minimumSize: Int
    /// Channels of the last feature map: numbers per image when pooled.
    public let featureCount: Int
    /// Classes of the public weights; 0 where the network has no classifier.
    public let classes: Int

    let body: @Sendable (Node) -> Node
    let head: @Sendable (Node, _ classes: Int, _ activation: Activation) -> Node

    /// What comes out.
    public enum Output: Sendable, Hashable {
        /// The last feature map, pooled.
        case features(Pooling)
        /// The classifier of the architecture with any number of classes (nil: its own).
        case scores(classes: Int? = nil, activation: Activation = .softmax)

        /// The classifier's values before its activation.
        public static func logits(classes: Int? = nil) -> Output { .scores(classes: classes, activation: .linear) }
    }

    /// The network for one input size.
    ///
    /// - Parameters:
    ///   - height: pixels; the network's usual size unless given.
    ///   - width: pixels; the network's usual size unless given.
    ///   - channels: 1 or 3; the network's usual number unless given.
    ///   - output: pooled features unless given.
    /// - Throws: ``NetworkError`` for an input that is too small or a head that the network has not.
    public func graph(
        height: Int? = nil, width: Int? = nil, channels: Int? = nil, output: Output = .features(.average)
    ) throws -> Graph {
        let shape = [
            height ?? preprocessing.height, width ?? preprocessing.width, channels ?? preprocessing.channels,
        ]
        guard min(shape[0], shape[1]) >= minimumSize, max(shape[0], shape[1]) <= Network.maximumSize else {
            throw error(
                "cannot take \(shape[0]) × \(shape[1]) pixels",
                remedy: "Use \(minimumSize) to \(Network.maximumSize) rows and columns.")
        }
        guard [1, 3].contains(shape[2]) else {
            throw error("cannot take \(shape[2]) channels", remedy: "Use 1 or 3 channels.")
        }
        if case .scores(let count, _) = output, count ?? classes < 1 {
            throw error("has no classifier", remedy: "Ask for its features.")
        }
        return try Graph(name: name, input: shape) { image in
            let features = body(image)
            switch output {
            case .features(.none): return features
            case .features(.average): return features.globalAverage("avg_pool")
            case .features(.max): return features.globalMax("max_pool")
            case .scores(let count, let activation): return head(features, count ?? classes, activation)
            }
        }
    }

    /// Rows or columns beyond which a request is a mistake, not an image.
    static let maximumSize = 16_384

    private func error(_ problem: String, remedy: String) -> NetworkError {
        NetworkError(kind: .invalidInput, network: name, problem: problem, remedy: remedy)
    }
}

extension Network {
    /// Keras's usual classifier: global average pooling and one dense layer.
    @Sendable static func denseHead(_ features: Node, classes: Int, activation: Activation) -> Node {
        features.globalAverage("avg_pool")
            .dense("predictions", classes)
            .activation(activation, "predictions_activation")
    }
}
