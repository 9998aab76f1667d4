/// What a trained classifier puts behind a network's last feature map: pooling, a hidden layer if wished,
/// dropout, and one value per class.
///
/// The same head stands behind the features of a whole network (``Network/graph(height:width:channels:head:)``)
/// and by itself behind vectors computed earlier (``graph(features:)``); its layers carry the same names in
/// both, so weights trained in one fit the other.
public struct ClassifierHead: Sendable, Hashable, Codable {
    /// Of the feature map; vectors computed earlier are pooled already.
    public var pooling: Pooling
    /// Units of a dense layer with ReLU; nil for none.
    public var hiddenUnits: Int?
    /// Share of the values dropped while training, 0..<1, before the last layer.
    public var dropout: Float
    public var classes: Int
    /// ``Activation/linear`` while training, whose losses take logits.
    public var activation: Activation

    public init(
        pooling: Pooling = .average, hiddenUnits: Int? = nil, dropout: Float = 0, classes: Int,
        activation: Activation = .linear
    ) {
        self.pooling = pooling
        self.hiddenUnits = hiddenUnits
        self.dropout = dropout
        self.classes = classes
        self.activation = activation
    }

    /// The head by itself, on vectors of so many numbers.
    public func graph(features: Int) throws -> Graph {
        try Graph(name: "head", input: [features]) { layers(behind: $0) }
    }

    func layers(behind features: Node) -> Node {
        var node = features
        if let hiddenUnits { node = node.dense("head_hidden", hiddenUnits).relu("head_hidden_relu") }
        if dropout > 0 { node = node.dropout("head_dropout", rate: dropout) }
        return node.dense("predictions", classes).activation(activation, "predictions_activation")
    }
}

extension Network {
    /// The network with a classifier of one's own behind its pooled features.
    ///
    /// - Throws: ``NetworkError`` for an input that is too small or too large.
    public func graph(
        height: Int? = nil, width: Int? = nil, channels: Int? = nil, head: ClassifierHead
    ) throws -> Graph {
        let features = try graph(height: height, width: width, channels: channels, output: .features(head.pooling))
        return try Graph(name: name, input: features.inputShape) { image in
            var pooled = body(image)
            switch head.pooling {
            case .average: pooled = pooled.globalAverage("avg_pool")
            case .max: pooled = pooled.globalMax("max_pool")
            case .none: pooled = pooled.flattened("flatten")
            }
            return head.layers(behind: pooled)
        }
    }
}
