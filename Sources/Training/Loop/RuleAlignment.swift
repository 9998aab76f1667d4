import LightboxCore
import Networks
import Torch

/// Whether learning the uncertain labels helps the certain ones, per label: the cosine between the gradients of
/// the two losses in the last dense layer's weights of that label.
///
/// For that layer the gradient of a label is the sum over the images of (prediction - target) × features, so the
/// features before it are all that is needed, and nothing has to be differentiated.
struct RuleAlignment {
    private let network: TrainableNetwork
    private let kernel: NDArray
    private let bias: [Float]
    private let rules: [UncertaintyRule]
    /// Per label and feature, then one for the bias.
    private(set) var certain: [Double]
    private(set) var uncertain: [Double]

    private var features: Int { kernel.shape[0] }
    private var labels: Int { kernel.shape[1] }

    /// - Parameters:
    ///   - weights: of the graph, as they stand now.
    ///   - rules: as they stand now.
    /// - Returns: nil when the graph does not end in a dense layer.
    init?(
        graph: Graph, weights: NetworkWeights, rules: [UncertaintyRule], on device: Device,
        precision: TrainingPrecision
    ) throws {
        guard case .dense(_, let hasBias) = graph.layers[graph.output].operation,
            let arrays = weights.layers[graph.layers[graph.output].name],
            let before = try graph.withoutOutputLayer()
        else { return nil }
        let names = Set(before.layers.map(\.name))
        let kept = NetworkWeights(weights.layers.filter { names.contains($0.key) })
        network = try TrainableNetwork(
            before, weights: kept, on: device, precision: precision, isTrainable: { _ in false })
        kernel = arrays[0]
        bias = hasBias ? arrays[1].values : Array(repeating: 0, count: arrays[0].shape[1])
        self.rules = rules
        certain = Array(repeating: 0, count: (arrays[0].shape[0] + 1) * arrays[0].shape[1])
        uncertain = certain
    }

    mutating func add(_ input: Tensor, _ states: [[LabelState]]) throws {
        let values = try network.forward(input, .inference).array().values
        for (row, states) in states.enumerated() {
            let own = values[row * features..<(row + 1) * features]
            for (label, state) in states.enumerated() {
                var logit = Double(bias[label])
                for (feature, value) in own.enumerated() {
                    logit += Double(value) * Double(kernel.values[feature * labels + label])
                }
                let target =
                    switch state {
                    case .notMentioned, .negative: 0.0
                    case .uncertain: rules[label].u
                    case .positive: 1.0
                    }
                let error = sigmoid(logit) - target
                let sums = Array(own).map { error * Double($0) } + [error]
                let place = label * sums.count
                for (offset, value) in sums.enumerated() {
                    if state == .uncertain {
                        uncertain[place + offset] += value
                    } else {
                        certain[place + offset] += value
                    }
                }
            }
        }
    }

    /// Adds what the other processes have seen.
    mutating func combine(_ sum: ([Double]) throws -> [Double]) rethrows {
        let all = try sum(certain + uncertain)
        certain = Array(all.prefix(certain.count))
        uncertain = Array(all.dropFirst(certain.count))
    }

    /// Per label; nil where there was nothing of one kind.
    var cosines: [Double?] {
        (0..<labels).map { label in
            var (product, first, second) = (0.0, 0.0, 0.0)
            for place in label * (features + 1)..<(label + 1) * (features + 1) {
                product += certain[place] * uncertain[place]
                first += certain[place] * certain[place]
                second += uncertain[place] * uncertain[place]
            }
            let scale = (first * second).squareRoot()
            return scale > 0 ? product / scale : nil
        }
    }
}

extension TrainingLoop {
    /// Validation batches that decide on the weights of uncertain labels.
    private static let alignmentBatches = 8

    /// One step of the weights of uncertain labels, see ``LearnedRules``.
    func moveLearnedWeights() throws {
        guard var learned = state.learned, let labels = objective.labels, let data = trainer.validation,
            var alignment = try RuleAlignment(
                graph: graph, weights: try network.weights(), rules: learned.applied(to: labels.rules),
                on: trainer.device, precision: network.precision)
        else { return }
        let batches = try data.batches(epoch: 0, from: 0)
        for _ in 0..<min(Self.alignmentBatches, data.batchCount) {
            guard let batch = try batches.next() else { break }
            guard batch.count > 0, case .states(let states) = batch.targets else { continue }
            try alignment.add(Self.input(batch.inputs, on: trainer.device), states)
        }
        if let group = trainer.group { try alignment.combine { try group.sum($0) } }
        learned.moveWeights(alignment.cosines)
        state.learned = learned
    }
}
