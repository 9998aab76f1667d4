public import LightboxCore

/// The arrays of every layer that has some, under the layer's name, in Keras's order and layout.
///
/// Convolution: `kernel` height × width × in × out, `bias`. Norm: `gamma`, `beta`, `moving_mean`,
/// `moving_variance`, without those the layer lacks.
public struct NetworkWeights: Sendable, Equatable {
    public var layers: [String: [NDArray]]

    public init(_ layers: [String: [NDArray]] = [:]) { self.layers = layers }

    /// The array called `weight` of a layer of that graph.
    public subscript(_ layer: Graph.Layer, _ weight: String) -> NDArray? {
        guard let index = layer.weights.firstIndex(where: { $0.name == weight }) else { return nil }
        return layers[layer.name].flatMap { index < $0.count ? $0[index] : nil }
    }

    /// Holds these weights against a graph.
    ///
    /// - Parameter ignoringExtra: whether layers that the graph lacks are allowed: the classifier in a file
    ///   that is used for features.
    /// - Throws: ``WeightError``, naming every layer that is missing, extra or misshapen.
    public func check(against graph: Graph, ignoringExtra: Bool = false) throws {
        let wanted = graph.layers.filter { !$0.weights.isEmpty }
        var problems: [WeightError.Problem] = []
        for layer in wanted {
            let shapes = layer.weights.map(\.shape)
            guard let arrays = layers[layer.name] else {
                problems.append(.missing(layer: layer.name, expected: shapes))
                continue
            }
            if arrays.map(\.shape) != shapes {
                problems.append(.misshapen(layer: layer.name, expected: shapes, found: arrays.map(\.shape)))
            }
        }
        if !ignoringExtra {
            let known = Set(wanted.map(\.name))
            for name in layers.keys.sorted() where !known.contains(name) {
                problems.append(.extra(layer: name, found: layers[name, default: []].map(\.shape)))
            }
        }
        if !problems.isEmpty { throw WeightError(network: graph.name, problems: problems) }
    }

    /// What training starts from: each array by its initialiser.
    public static func initial(for graph: Graph, seed: UInt64) -> NetworkWeights {
        var layers: [String: [NDArray]] = [:]
        for layer in graph.layers where !layer.weights.isEmpty {
            layers[layer.name] = layer.weights.map { weight in
                var random = SeededGenerator(seed: seed, stream: layer.name + "/" + weight.name)
                return weight.initializer.array(shape: weight.shape, random: &random)
            }
        }
        return NetworkWeights(layers)
    }
}

extension Initializer {
    func array(shape: [Int], random: inout SeededGenerator) -> NDArray {
        switch self {
        case .zeros: return NDArray(shape: shape)
        case .ones: return NDArray(shape: shape, repeating: 1)
        case .glorotUniform(let fanIn, let fanOut):
            let limit = (6 / Double(fanIn + fanOut)).squareRoot()
            let values = (0..<shape.reduce(1, *)).map { _ in Float((random.uniform() * 2 - 1) * limit) }
            return NDArray(shape: shape, values: values)
        }
    }
}
