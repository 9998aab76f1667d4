import Evaluation
import LightboxCore
import Torch

extension TrainingLoop {
    /// Validates when an epoch, the agreed number of steps or the run has ended here and it has not been done yet.
    ///
    /// - Returns: whether it was cut short; then nothing has changed.
    func validateIfDue() throws -> Bool {
        guard trainer.validation != nil, state.step > 0, state.validations.last?.step != state.step else {
            return false
        }
        let interval = settings.validationSteps ?? stepsPerEpoch
        guard state.step % interval == 0 || state.step >= steps else { return false }
        try settleLosses()
        return try profile.measure(.validation) { try !validate() }
    }

    /// - Returns: false when it was cut short.
    private func validate() throws -> Bool {
        let begun = ContinuousClock.now
        guard let scores = try scoresOfValidation() else { return false }
        let evaluation = scores.evaluation(objective, labels: state.identity.labels)
        let areas = evaluation?.labels.map(\.auc.value) ?? []
        let defined = areas.compactMap(\.self)
        let record = ValidationRecord(
            step: state.step, epoch: epoch, images: scores.samples, loss: scores.loss,
            meanAUC: defined.isEmpty ? nil : defined.reduce(0, +) / Double(defined.count), areas: areas,
            accuracy: scores.accuracy(objective),
            learningRate: settings.learningRate.rate(step: state.step - 1, of: steps, after: monitored),
            trainingLoss: try meanTrainingLoss())
        guard record.loss.isFinite else {
            throw TrainingError(
                .diverged, "validation after step \(state.step)", "the loss is not a number",
                remedy: "Use a lower learning rate; the last checkpoint is from before.")
        }
        try moveLearnedWeights()
        state.validations.append(record)
        (state.lossSum, state.lossCount) = (0, 0)
        let isBest = EarlyStopping.best(of: monitored) == state.validations.count - 1
        if settings.earlyStopping?.shouldStop(after: monitored) == true { state.isComplete = true }
        pace.add(validation: (ContinuousClock.now - begun) / .seconds(1))
        if isBest, self.record != nil { pendingBest = (try network.weights(), evaluation) }
        hasValidated = true
        self.record?.validated(record, labels: state.identity.labels, learned: state.learned)
        report(.validated(record, isBest: isBest))
        return true
    }

    /// nil when it was cut short.
    private func scoresOfValidation() throws -> ValidationScores? {
        let data = trainer.validation!
        var scores = ValidationScores(count: data.count, objective: objective)
        let batches = try data.batches(epoch: 0, from: 0)
        for number in 0..<data.batchCount {
            guard let batch = try batches.next() else { break }
            if batch.count > 0 {
                let output = try network.forward(Self.input(batch.inputs, on: settings.device), .inference).array()
                let loss = try objective.lossSum(output, batch.targets, learned: state.learned)
                scores.add(output, batch, lossSum: loss)
                if number == 0 { record?.keepSamples(batch, output, objective) }
            }
            report(.validating(completed: number + 1, total: data.batchCount))
            if agreed(isCancelled()) { return nil }
        }
        if let group = trainer.group { scores.combine { group.sum($0) } }
        return scores
    }

    /// Since the last validation, over all processes.
    private func meanTrainingLoss() throws -> Double? {
        let sums =
            trainer.group?.sum([state.lossSum, Double(state.lossCount)]) ?? [
                state.lossSum, Double(state.lossCount),
            ]
        return sums[1] > 0 ? sums[0] / sums[1] : nil
    }

    /// One step of the weights of uncertain labels, see ``LearnedRules``.
    private func moveLearnedWeights() throws {
        guard var learned = state.learned, let labels = objective.labels else { return }
        let count = labels.rules.count
        guard
            let kernel = network.parameters.last(where: {
                $0.tensor.shape.count == 2 && $0.tensor.shape[1] == count
            })
        else { return }
        var sums = [Double](repeating: 0, count: 3 * count)
        var certain = labels
        certain.rules = labels.rules.map { UncertaintyRule(u: $0.u, w: 0) }
        var uncertain = labels
        uncertain.rules = learned.applied(to: labels.rules).map { UncertaintyRule(u: $0.u, w: 1) }
        let first = try gradient(of: certain, isOfUncertain: false, in: kernel)
        let second = try gradient(of: uncertain, isOfUncertain: true, in: kernel)
        for (index, (g, h)) in zip(first, second).enumerated() {
            let label = index % count
            sums[3 * label] += g * h
            sums[3 * label + 1] += g * g
            sums[3 * label + 2] += h * h
        }
        learned.moveWeights(
            (0..<count).map { label in
                let scale = (sums[3 * label + 1] * sums[3 * label + 2]).squareRoot()
                return scale > 0 ? sums[3 * label] / scale : nil
            })
        state.learned = learned
    }

    /// The gradient, in the last layer's kernel `[features, labels]`, of the loss of the certain or of the
    /// uncertain labels over the first validation batches, summed over the processes.
    private func gradient(of targets: LabelTargets, isOfUncertain: Bool, in kernel: Parameter) throws -> [Double] {
        let data = trainer.validation!
        let batches = try data.batches(epoch: 0, from: 0)
        var sum = [Double](repeating: 0, count: kernel.tensor.shape.reduce(1, *))
        for _ in 0..<min(Self.alignmentBatches, data.batchCount) {
            guard let batch = try batches.next() else { break }
            guard batch.count > 0, case .states(let states) = batch.targets else { continue }
            var (target, weight) = targets.arrays(states)
            for (row, states) in states.enumerated() {
                for (label, state) in states.enumerated() where (state == .uncertain) != isOfUncertain {
                    weight.values[row * states.count + label] = 0
                }
            }
            optimizer.clearGradients()
            let output = try network.forward(Self.input(batch.inputs, on: settings.device), .inference)
            try Loss.sigmoidCrossEntropy(
                logits: output, targets: Tensor(target, on: settings.device),
                weights: Tensor(weight, on: settings.device)
            ).backward()
            guard let gradient = kernel.tensor.gradient?.array() else { continue }
            for (index, value) in gradient.values.enumerated() {
                sum[index] += Double(value) * Double(batch.count)
            }
        }
        optimizer.clearGradients()
        return trainer.group?.sum(sum) ?? sum
    }

    /// Validation batches that decide on the weights of uncertain labels.
    private static let alignmentBatches = 8
}
