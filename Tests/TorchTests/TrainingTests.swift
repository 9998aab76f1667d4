import LightboxCore
import Networks
import Testing
import Torch

/// Whole steps with the small network.
@Suite("Training the tiny network") struct TrainingTests {
    private static let graph: Graph = {
        do {
            return try Network.tiny.graph(
                height: 32, width: 32, channels: 1, head: ClassifierHead(dropout: 0.3, classes: 3))
        } catch { fatalError("\(error)") }
    }()

    /// One bright square; the class says in which third of the rows.
    private static func batch(seed: UInt64, count: Int = 12) -> (images: NDArray, targets: NDArray) {
        var random = SeededGenerator(seed: seed)
        var images = NDArray(shape: [count, 32, 32, 1])
        var targets = NDArray(shape: [count, 3])
        for image in 0..<count {
            let row = 1 + 11 * (image % 3) + Int(random.next() % 4)
            let column = Int(random.next() % 26)
            for y in row..<row + 5 {
                for x in column..<column + 5 { images.values[(image * 32 + y) * 32 + x] = 1 }
            }
            targets.values[image * 3 + image % 3] = 1
        }
        return (images, targets)
    }

    /// Trains and gives the losses and the weights.
    private static func train(
        steps: Int, precision: TrainingPrecision = .f32, isTrainable: (Graph.Layer) -> Bool = { _ in true }
    ) throws -> (losses: [Float], weights: NetworkWeights) {
        let network = try TrainableNetwork(
            graph, weights: .initial(for: graph, seed: 7), precision: precision, isTrainable: isTrainable)
        let optimizer = try Optimizer(OptimizerSettings(), parameters: network.parameters)
        var losses: [Float] = []
        for step in 0..<steps {
            let batch = batch(seed: UInt64(step % 4))
            try optimizer.clearGradients()
            let logits = try network.forward(Tensor.images(batch.images), .training(seed: UInt64(step)))
            let loss = try Loss.softmaxCrossEntropy(logits: logits, targets: Tensor(batch.targets))
            try loss.backward()
            try optimizer.step(learningRate: 1e-2)
            losses.append(try loss.item())
        }
        return (losses, try network.weights())
    }

    @Test("Lowers the loss", arguments: [TrainingPrecision.f32, .bf16])
    func learns(precision: TrainingPrecision) throws {
        let losses = try TrainingTests.train(steps: 60, precision: precision).losses
        #expect(losses[0] > 0.8)
        #expect(losses.suffix(5).reduce(0, +) / 5 < 0.4)
    }

    @Test("The same steps give the same bits", arguments: [TrainingPrecision.f32, .bf16])
    func determinism(precision: TrainingPrecision) throws {
        let (first, second) = (
            try TrainingTests.train(steps: 4, precision: precision),
            try TrainingTests.train(steps: 4, precision: precision)
        )
        #expect(first.losses == second.losses)
        #expect(first.weights == second.weights)
    }

    @Test("Frozen layers stay, their statistics included")
    func frozen() throws {
        let before = NetworkWeights.initial(for: TrainingTests.graph, seed: 7)
        let after = try TrainingTests.train(steps: 2, isTrainable: { $0.name == "predictions" }).weights
        for (name, arrays) in before.layers { #expect((after.layers[name] == arrays) == (name != "predictions")) }
    }

    @Test("Dropout follows the seed and rests outside of training")
    func dropout() throws {
        let graph = try Graph(name: "dropout", input: [1000]) { $0.dropout("dropout", rate: 0.25) }
        let network = try TrainableNetwork(graph, weights: NetworkWeights())
        let ones = try Tensor(NDArray(shape: [4, 1000], repeating: 1))
        let first = try network.forward(ones, .training(seed: 1)).array()
        #expect(try network.forward(ones, .training(seed: 1)).array() == first)
        #expect(try network.forward(ones, .training(seed: 2)).array() != first)
        #expect(Set(first.values).count == 2)
        #expect(abs(first.values.filter { $0 == 0 }.count - 1000) < 100)
        #expect(try network.forward(ones, .inference).array().values.allSatisfy { $0 == 1 })
    }

    @Test("Weights come out as they went in, and go in anew")
    func weights() throws {
        let graph = TrainingTests.graph
        let weights = NetworkWeights.initial(for: graph, seed: 7)
        let network = try TrainableNetwork(graph, weights: weights)
        #expect(try network.weights() == weights)
        let others = Formula.weights(for: graph)
        try network.load(others)
        #expect(try network.weights() == others)
        #expect(throws: WeightError.self) { try network.load(NetworkWeights()) }
    }

    @Test("An input of another shape is refused")
    func wrongInput() throws {
        let network = try TrainableNetwork(
            TrainingTests.graph, weights: .initial(for: TrainingTests.graph, seed: 7))
        #expect(throws: TorchError.self) {
            try network.forward(Tensor.images(NDArray(shape: [1, 32, 32, 3])), .inference)
        }
    }

    @Test("bfloat16 stays near 32 bits")
    func precision() throws {
        let graph = TrainingTests.graph
        let weights = Formula.weights(for: graph)
        let images = try Tensor.images(TrainingTests.batch(seed: 1).images)
        let outputs = try [TrainingPrecision.f32, .bf16].map {
            try TrainableNetwork(graph, weights: weights, precision: $0).forward(images, .inference).array().values
        }
        #expect(distance(outputs[1], outputs[0]) < 0.03)
    }
}
