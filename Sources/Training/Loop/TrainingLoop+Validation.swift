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
            // A process may have no part in a batch; it must still ask and answer with the others.
            if let batch = try batches.next(), batch.count > 0 {
                let input = try Self.input(batch.inputs, on: trainer.device)
                let output = try network.forward(input, .inference).array()
                let loss = try objective.lossSum(output, batch.targets, learned: state.learned)
                scores.add(output, batch, lossSum: loss)
                if number == 0 { record?.keepSamples(batch, output, objective) }
            }
            report(.validating(completed: number + 1, total: data.batchCount))
            if try agreed(isCancelled()) { return nil }
        }
        if let group = trainer.group { try scores.combine { try group.sum($0) } }
        return scores
    }

    /// Since the last validation, over all processes.
    private func meanTrainingLoss() throws -> Double? {
        let sums =
            try trainer.group?.sum([state.lossSum, Double(state.lossCount)]) ?? [
                state.lossSum, Double(state.lossCount),
            ]
        return sums[1] > 0 ? sums[0] / sums[1] : nil
    }

}
