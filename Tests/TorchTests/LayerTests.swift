import LightboxCore
import Networks
import Testing
import Torch

/// Single layers and their gradients against Keras's.
@Suite("Layers against Keras") struct LayerTests {
    // swift-format-ignore
    static let cases: [String: @Sendable (Node) -> Node] = [
        "conv_same_stride2": { $0.conv(4, kernel: 3, stride: 2, padding: .same, bias: true) },
        "conv_same_even": { $0.conv(4, kernel: 2, padding: .same) },
        "conv_wide": { $0.conv(4, kernel: Extent(1, 7), padding: .same) },
        "conv_valid_stride": { $0.conv(2, kernel: 3, stride: Extent(2, 1), bias: true) },
        "depthwise_multiplier": { $0.depthwise(stride: 2, multiplier: 2, bias: true) },
        "separable": { $0.separable("separable", 5, bias: true) },
        "max_same": { $0.maxPool(3, stride: 2, padding: .same) },
        "max_valid": { $0.maxPool(2, stride: 2) },
        "average_same_stride2": { $0.averagePool(3, stride: 2, padding: .same) },
        "average_same_even": { $0.averagePool(2, stride: 1, padding: .same) },
        "average_same": { $0.averagePool(3, stride: 1, padding: .same) },
        "zero_padding": { $0.padded(Edges(top: 1, left: 2, bottom: 0, right: 3)) },
        "dense": { $0.flattened().dense("dense", 4) },
        "reshape": { $0.reshaped(nil, [14, 4, 3]).conv(2, kernel: 3) },
        "global_max": { $0.globalMax() },
        "global_average_kept": { $0.globalAverage(keepsDimensions: true).conv(2, kernel: 1) },
        "norm_relu": { $0.norm(Norm(momentum: 0.9)).relu() },
        "norm_relu6": { $0.norm(Norm(momentum: 0.9)).relu6() },
        "norm_plain": { $0.norm(Norm(momentum: 0.9)) },
        "norm_without_scale": { $0.norm(Norm(momentum: 0.9, hasScale: false)) },
        "norm_without_offset": { $0.norm(Norm(momentum: 0.9, hasOffset: false)).relu() },
        "norm_of_vectors": { $0.flattened().dense("dense", 5, bias: false).norm(Norm(epsilon: 1, momentum: 0.9)) },
        "frozen_norm": { $0.norm(Norm(momentum: 0.9)).relu() },
        "softmax": { $0.activation(.softmax) },
        "tanh_sigmoid": { $0.activation(.tanh).activation(.sigmoid) },
    ]

    static func weights(_ name: String, for graph: Graph) -> NetworkWeights {
        var layers: [String: [NDArray]] = [:]
        var index = 0
        for layer in graph.layers where !layer.weights.isEmpty {
            layers[layer.name] = layer.weights.map { weight in
                let count = weight.shape.reduce(1, *)
                let middle: Float = weight.name == "moving_variance" ? 1.5 : 0
                defer { index += 1 }
                return NDArray(
                    shape: weight.shape,
                    values: Formula.numbers("\(name)/\(index)", count: count).map { $0 + middle })
            }
        }
        return NetworkWeights(layers)
    }

    @Test("Values, gradients and what norms remember", arguments: cases.keys.sorted(), [true, false])
    func layer(name: String, hasOwnKernels: Bool) throws {
        try TorchLibrary.withOwnKernels(hasOwnKernels) {
            let expected = try #require(EngineReference.stored.layers[name])
            let graph = try Graph(name: name, input: [7, 8, 3], build: #require(LayerTests.cases[name]))
            let network = try TrainableNetwork(
                graph, weights: LayerTests.weights(name, for: graph), isTrainable: { _ in name != "frozen_norm" })
            let image = try Tensor.images(
                NDArray(shape: [2, 7, 8, 3], values: Formula.numbers("image", count: 336)))
            try image.requireGradient()

            let output = try network.forward(image, .training(seed: 0))
            #expect(output.shape == expected.shape)
            let probe = NDArray(
                shape: expected.shape, values: Formula.numbers("probe", count: expected.output.count))
            try (output * Tensor(probe)).sum().backward()

            #expect(distance(try output.array().values, expected.output) < 1e-5)
            #expect(distance(try #require(try image.gradient?.array()).values, expected.image) < 1e-5)
            #expect(network.parameters.count == expected.weights.count)
            for (parameter, gradient) in zip(network.parameters, expected.weights) {
                let found = try #require(try parameter.gradient())
                #expect(distance(found.values, gradient) < 2e-5, "\(parameter.name)")
            }
            let moving = try network.weights().layers.values.flatMap { $0.suffix(2) }
            if name.contains("norm"), name != "norm_of_vectors" {
                for (found, remembered) in zip(moving, expected.remembered.suffix(2)) {
                    #expect(distance(found.values, remembered) < 1e-5)
                }
            }
        }
    }

    @Test("Two layers that join and add, each read twice")
    func branches() throws {
        let graph = try Graph(name: "branches", input: [4, 4, 2]) { image in
            let a = image.conv("a", 2, kernel: 1)
            let b = a.adding(image).relu()
            return a.joined(with: b, a)
        }
        let kernel = NDArray(shape: [1, 1, 2, 2], values: [1, 0, 0, -2])
        let network = try TrainableNetwork(graph, weights: NetworkWeights(["a": [kernel]]))
        let image = NDArray(shape: [1, 4, 4, 2], repeating: 1)
        let output = try network.forward(Tensor.images(image), .training(seed: 0))
        #expect(try Array(output.array().values.prefix(6)) == [1, -2, 2, 0, 1, -2])
        try output.sum().backward()
        #expect(try network.parameters[0].gradient()?.values == [48, 32, 48, 32])
    }
}
