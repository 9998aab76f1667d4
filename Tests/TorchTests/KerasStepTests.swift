import Foundation
import LightboxCore
import Networks
import TestSupport
import Testing
import Torch

/// One training step of the large networks against Keras: loss, every gradient, the norms' statistics.
@Suite("Training steps against Keras") struct KerasStepTests {
    struct Sampled: Decodable {
        var norm: Double
        var entries: [Double]
    }

    struct Adam: Decodable {
        struct Weight: Decodable {
            var change: Double
            var norm: Double
            var float32: Double
        }
        var losses: [Double]
        var weights: [String: Weight]
    }

    struct Stored: Decodable {
        var input: [Int]
        var batch: Int
        var classes: Int
        var gain: Float
        var beta: Float
        var loss: Double
        var gradients: [String: Sampled]
        var faint: [String: Double]
        var largest: Double
        var statistics: [String: Sampled]
        var adam: Adam?
    }

    private struct Step {
        var stored: Stored
        var network: TrainableNetwork
        var images: Tensor
        var targets: Tensor
        var weights: Tensor

        init(_ name: String, on device: Device = .cpu) throws {
            let data = try Data(contentsOf: URL(fileURLWithPath: reference("training/step_\(name).json")))
            stored = try JSONDecoder().decode(Stored.self, from: data)
            let graph = try Network.named(name).graph(
                height: stored.input[0], width: stored.input[1], channels: stored.input[2],
                head: ClassifierHead(pooling: .max, classes: stored.classes))
            var formula = Formula.weights(for: graph, gain: stored.gain)
            for layer in graph.layers {
                guard let index = layer.weights.firstIndex(where: { $0.name == "beta" }) else { continue }
                for element in formula.layers[layer.name]![index].values.indices {
                    formula.layers[layer.name]![index].values[element] += stored.beta
                }
            }
            network = try TrainableNetwork(graph, weights: formula, on: device)
            images = try Tensor.images(Formula.images(count: stored.batch, shape: stored.input), on: device)
            let shape = [stored.batch, stored.classes]
            let count = stored.batch * stored.classes
            targets = try Tensor(
                NDArray(shape: shape, values: Formula.numbers("targets", count: count).map { ($0 + 1) / 2 }),
                on: device)
            weights = try Tensor(
                NDArray(shape: shape, values: Formula.numbers("weights", count: count).map { 1 + $0 / 2 }),
                on: device)
        }

        func loss() throws -> Tensor {
            let logits = try network.forward(images, .training(seed: 0))
            return try Loss.sigmoidCrossEntropy(logits: logits, targets: targets, weights: weights)
        }
    }

    private func norm(_ values: [Float]) -> Double {
        values.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
    }

    private func compare(_ found: NDArray, _ expected: Sampled, tolerance: Double, _ name: String) {
        #expect(abs(norm(found.values) - expected.norm) < tolerance * expected.norm, "\(name)")
        let typical = expected.norm / Double(found.count).squareRoot()
        for (index, entry) in expected.entries.enumerated() {
            let place = index == 5 ? found.count - 1 : found.count * index / 5
            let scale = max(abs(entry), typical)
            #expect(abs(Double(found.values[place]) - entry) < tolerance * scale, "\(name)[\(place)]")
        }
    }

    @Test(
        "Loss, gradients, statistics",
        arguments: [
            ("xception", true), ("inception_v3", true), ("densenet121", true), ("mobilenet_v2", true),
            ("mobilenet_v2", false),
        ])
    func step(name: String, hasOwnKernels: Bool) throws {
        try TorchLibrary.withOwnKernels(hasOwnKernels) { try compare(Step(name)) }
    }

    @Test(
        "The same on a GPU", .enabled(if: TorchLibrary.gpuCount > 0, "libtorch sees no GPU"),
        arguments: ["xception", "inception_v3", "densenet121", "mobilenet_v2"])
    func gpuStep(name: String) throws { try compare(Step(name, on: .gpu(0))) }

    private func compare(_ step: Step) throws {
        let (stored, network) = (step.stored, step.network)
        let loss = try step.loss()
        #expect(try abs(Double(loss.item()) / stored.loss - 1) < 1e-5)
        try loss.backward()
        #expect(network.parameters.count == stored.gradients.count + stored.faint.count)
        for parameter in network.parameters {
            let gradient = try #require(try parameter.gradient())
            if let expected = stored.gradients[parameter.name] {
                compare(gradient, expected, tolerance: 1e-3, parameter.name)
            } else {
                let faint = try #require(stored.faint[parameter.name])
                #expect(abs(norm(gradient.values) - faint) < 2e-6 * stored.largest, "\(parameter.name)")
            }
        }
        let weights = try network.weights()
        for (path, expected) in stored.statistics {
            let parts = path.split(separator: "/").map(String.init)
            let layer = try #require(network.graph.layers.first { $0.name == parts[0] })
            compare(try #require(weights[layer, parts[1]]), expected, tolerance: 1e-4, path)
        }
    }

    @Test("Three steps of Adam")
    func adam() throws {
        let step = try Step("mobilenet_v2")
        let expected = try #require(step.stored.adam)
        let before = try step.network.parameters.map { try $0.array() }
        let optimizer = try Optimizer(OptimizerSettings(), parameters: step.network.parameters)
        for index in 0..<3 {
            try optimizer.clearGradients()
            let loss = try step.loss()
            #expect(try abs(Double(loss.item()) / expected.losses[index] - 1) < 1e-3)
            try loss.backward()
            try optimizer.step(learningRate: 1e-3)
        }
        #expect(try abs(Double(step.loss().item()) / expected.losses[3] - 1) < 1e-2)
        for (parameter, old) in zip(step.network.parameters, before) {
            guard let weight = expected.weights[parameter.name] else { continue }
            let change = zip(try parameter.array().values, old.values).map { $0 - $1 }
            // Where a gradient is about 0, rounding decides its sign, and Adam makes a whole step of it.
            #expect(abs(norm(change) / weight.change - 1) < max(0.02, 2 * weight.float32), "\(parameter.name)")
        }
    }
}
