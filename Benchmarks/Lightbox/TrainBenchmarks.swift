import Foundation
import LightboxCore
import Networks
import Torch

/// Whole steps of DenseNet121 at 320 × 320 × 1, fourteen labels: forward, loss, backward, Adam. `peers/train.py`
/// takes the same steps with PyTorch.
enum TrainBenchmarks {
    static let batch = 8
    static let size = 320

    /// Weights and images are made up: the speed does not depend on them.
    static func run(for duration: Double, threads: Int, precision: TrainingPrecision) throws {
        try TorchLibrary.setThreads(threads)
        let graph = try Network.densenet121.graph(
            height: size, width: size, channels: 1, head: ClassifierHead(classes: 14))
        let network = try TrainableNetwork(graph, weights: .initial(for: graph, seed: 1), precision: precision)
        let optimizer = try Optimizer(OptimizerSettings(.adam), parameters: network.parameters)
        var random = SeededGenerator(seed: 1)
        let pixels = (0..<batch * size * size).map { _ in Float(random.uniform()) }
        let images = try Tensor.images(NDArray(shape: [batch, size, size, 1], values: pixels))
        let targets = try Tensor(
            NDArray(shape: [batch, 14], values: (0..<batch * 14).map { _ in random.uniform() > 0.5 ? 1 : 0 }))
        var times: [Double] = []
        while times.count < 4 || times.reduce(0, +) < duration {
            times.append(
                try seconds {
                    try optimizer.clearGradients()
                    let logits = try network.forward(images, .training(seed: UInt64(times.count)))
                    let loss = try Loss.sigmoidCrossEntropy(logits: logits, targets: targets)
                    try loss.backward()
                    try optimizer.step(learningRate: 1e-3)
                    _ = try loss.item()
                })
        }
        // The first steps choose kernels; of the others the quickest: other programs only ever make a step slower.
        let best = times.dropFirst(2).min() ?? .infinity
        report("train densenet121 \(precision.rawValue)", Double(batch) / best, "images/s")
        report("train densenet121 \(precision.rawValue) peak memory", try peakMegabytes(), "MB")
    }
}
