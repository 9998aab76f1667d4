import LightboxCore
import Torch

/// The loss of a task: on the engine for a step, in 64 bits for a validation.
struct Objective {
    let task: TrainingTask
    let labels: LabelTargets?
    let classes: ClassTargets?

    /// - Parameter counts: of the training images; nil for maps.
    init(settings: TrainingSettings, counts: LabelCounts?) throws {
        task = settings.task
        guard let counts else {
            (labels, classes) = (nil, nil)
            return
        }
        switch settings.task {
        case .labels(let policy):
            labels = LabelTargets(
                rules: try policy.rules(for: counts.names),
                positiveWeights: try settings.classWeights.positiveWeights(counts))
            classes = nil
        case .classes(let hasExtraSlot):
            labels = nil
            classes = ClassTargets(
                classes: counts.names.count, hasExtraSlot: hasExtraSlot,
                classWeights: try settings.classWeights.imageWeights(counts))
        case .heatmap:
            (labels, classes) = (nil, nil)
        }
    }

    /// Values per sample that the network must give.
    var outputs: Int { labels?.rules.count ?? classes?.outputs ?? 1 }

    /// The loss of a batch.
    ///
    /// - Parameters:
    ///   - output: logits, or the map.
    ///   - learned: rules that have moved.
    func loss(_ output: Tensor, _ targets: BatchTargets, learned: LearnedRules?, on device: Device) throws
        -> Tensor
    {
        switch (targets, task) {
        case (.states(let states), .labels):
            let (target, weight) = current(learned).arrays(states)
            return try Loss.sigmoidCrossEntropy(
                logits: output, targets: Tensor(target, on: device), weights: Tensor(weight, on: device))
        case (.classes(let labels), .classes):
            let (target, weight) = classes!.arrays(labels)
            return try Loss.softmaxCrossEntropy(
                logits: output, targets: Tensor(target, on: device), weights: Tensor(weight, on: device))
        case (.maps(let values, let height, let width), .heatmap(let kind)):
            let shape = [targets.count, height, width, 1]
            let target = try Tensor(NDArray(shape: shape, values: values), on: device)
            switch kind {
            case .meanSquaredError: return try Loss.meanSquaredError(output, targets: target)
            case .crossEntropy: return try Loss.sigmoidCrossEntropy(logits: output, targets: target)
            }
        default: throw unfit(targets)
        }
    }

    /// The sum of the samples' losses in 64 bits, of what the network gave; divide by the number of samples.
    func lossSum(_ output: NDArray, _ targets: BatchTargets, learned: LearnedRules?) throws -> Double {
        switch (targets, task) {
        case (.states(let states), .labels):
            return current(learned).lossSum(logits: output, states: states) / Double(max(1, outputs))
        case (.classes(let labels), .classes): return classes!.lossSum(logits: output, labels: labels)
        case (.maps(let values, let height, let width), .heatmap(let kind)):
            var sum = 0.0
            for (found, wanted) in zip(output.values, values) {
                switch kind {
                case .meanSquaredError: sum += Double((found - wanted) * (found - wanted))
                case .crossEntropy: sum += CrossEntropy.sigmoid(logit: Double(found), target: Double(wanted))
                }
            }
            return sum / Double(max(1, height * width))
        default: throw unfit(targets)
        }
    }

    /// The label targets with the rules as they stand now.
    func current(_ learned: LearnedRules?) -> LabelTargets {
        var targets = labels!
        if let learned { targets.rules = learned.applied(to: targets.rules) }
        return targets
    }

    private func unfit(_ targets: BatchTargets) -> TrainingError {
        TrainingError(
            .unfitData, "data", "its targets do not suit a \(task.name) task",
            remedy: "Choose the task that the data was made for.")
    }
}
