import Foundation
import LightboxCore
import ModelRegistry
import Networks

/// A model of the tiny network with three labels, with weights of a seed.
struct Sample {
    var manifest: ModelManifest
    let weights: NetworkWeights

    init(output: ModelOutput = .classes(["daisy", "rose", "tulip"]), seed: UInt64 = 1) throws {
        let head = ClassifierHead(hiddenUnits: 5, dropout: 0.5, classes: output.scoreCount)
        let network = try Network.named("tiny")
        manifest = ModelManifest(
            name: "flowers", description: "Flowers & \"others\" <of a meadow>",
            architecture: .network(name: "tiny", input: [32, 32, 3], top: .head(head)),
            preprocessing: network.preprocessing, output: output,
            provenance: .init(lightbox: "0.2", created: Date(timeIntervalSince1970: 1_700_000_000)))
        weights = .varied(for: try network.graph(head: head), seed: seed)
    }
}

extension NetworkWeights {
    /// Every array between -0.5 and 0.5, so that norms and biases do something; variances above 0.5.
    ///
    /// - Parameter gain: a factor on all kernels; 1.4 keeps the size of what flows through ReLUs (He et al. 2015),
    ///   and is too much where sums of many layers are not normalised again.
    static func varied(for graph: Graph, seed: UInt64, gain: Double = 1.4) -> NetworkWeights {
        var layers: [String: [NDArray]] = [:]
        for layer in graph.layers where !layer.weights.isEmpty {
            layers[layer.name] = layer.weights.map { weight in
                var random = SeededGenerator(seed: seed, stream: layer.name + "/" + weight.name)
                let middle = ["gamma", "moving_variance"].contains(weight.name) ? 1.0 : 0
                let fanIn = weight.shape.prefix(weight.name == "depthwise_kernel" ? 2 : 3).dropLast(
                    weight.shape.count == 2 ? 1 : 0
                ).reduce(1, *)
                let spread = weight.name.hasSuffix("kernel") ? gain * (12 / Double(fanIn)).squareRoot() : 0.4
                let values = (0..<weight.shape.reduce(1, *)).map { _ in
                    Float(middle + spread * (random.uniform() - 0.5))
                }
                return NDArray(shape: weight.shape, values: values)
            }
        }
        return NetworkWeights(layers)
    }
}

/// Random images as a network takes them, -1...1.
func images(_ count: Int, shape: [Int], seed: UInt64 = 9) -> NDArray {
    var random = SeededGenerator(seed: seed)
    let values = (0..<count * shape.reduce(1, *)).map { _ in Float(random.uniform() * 2 - 1) }
    return NDArray(shape: [count] + shape, values: values)
}

/// The largest distance between two arrays' elements; infinite for different shapes.
func distance(_ left: NDArray, _ right: NDArray) -> Float {
    guard left.shape == right.shape else { return .infinity }
    return zip(left.values, right.values).reduce(0) { max($0, abs($1.0 - $1.1)) }
}
