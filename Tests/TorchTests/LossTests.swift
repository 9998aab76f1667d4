import LightboxCore
import Testing
import Torch

@Suite("Losses against TensorFlow") struct LossTests {
    private static let logits = Formula.numbers("logits", count: 15).map { 4 * $0 }
    private static let targets = Formula.numbers("targets", count: 15).map { ($0 + 1) / 2 }
    private static let weights = Formula.numbers("weights", count: 15).map { $0 + 1 }

    private func tensor(_ values: [Float]) throws -> Tensor {
        try Tensor(NDArray(shape: values.count == 15 ? [5, 3] : [values.count], values: values))
    }

    private func expect(_ loss: Tensor, _ name: String) throws {
        let expected = try #require(EngineReference.stored.losses[name])
        #expect(abs(Double(try loss.item()) - expected) < 1e-6)
    }

    @Test("Sigmoid cross-entropy, its weights, and probabilities")
    func sigmoid() throws {
        let (x, z) = (try tensor(LossTests.logits), try tensor(LossTests.targets))
        try expect(Loss.sigmoidCrossEntropy(logits: x, targets: z), "sigmoid")
        try expect(
            Loss.sigmoidCrossEntropy(logits: x, targets: z, weights: tensor(LossTests.weights)), "sigmoid_weighted"
        )
        try expect(Loss.binaryCrossEntropy(probabilities: x.sigmoid(), targets: z), "binary")
        try expect(Loss.meanSquaredError(x, targets: z), "squared")
    }

    @Test("Softmax cross-entropy with weights of rows")
    func softmax() throws {
        let x = try tensor(LossTests.logits)
        var shares = LossTests.targets
        for row in 0..<5 {
            let sum = shares[row * 3..<row * 3 + 3].reduce(0, +)
            for column in 0..<3 { shares[row * 3 + column] /= sum }
        }
        try expect(Loss.softmaxCrossEntropy(logits: x, targets: tensor(shares)), "softmax")
        let weights = try tensor(Array(LossTests.weights.prefix(5)))
        try expect(
            Loss.softmaxCrossEntropy(logits: x, targets: tensor(shares), weights: weights), "softmax_weighted")
    }

    @Test("Targets and weights have gradients as well")
    func learnedTargets() throws {
        let x = try tensor([2])
        let z = try tensor([0.25])
        let w = try tensor([3])
        for tensor in [x, z, w] { try tensor.requireGradient() }
        try Loss.sigmoidCrossEntropy(logits: x, targets: z, weights: w).backward()
        #expect(try distance([#require(x.gradient).item()], [3 * (0.8807971 - 0.25)]) < 1e-6)
        #expect(try distance([#require(z.gradient).item()], [-6]) < 1e-6)
        #expect(try distance([#require(w.gradient).item()], [2.126928 - 0.5]) < 1e-6)
    }

    @Test("Far logits stay finite")
    func extremes() throws {
        let loss = try Loss.sigmoidCrossEntropy(logits: tensor([200, -200]), targets: tensor([1, 1]))
        #expect(try loss.item() == 100)
    }
}
