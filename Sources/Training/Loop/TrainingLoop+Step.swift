import LightboxCore
import Torch

extension TrainingLoop {
    /// One batch: forward, backward, one step of the optimiser.
    func takeStep(from batches: any BatchStream) throws {
        let start = ContinuousClock.now
        let waitedBefore = profile[.data]
        guard let batch = try profile.measure(.data, { try batches.next() }) else {
            throw TrainingError(
                .unfitData, "training data", "epoch \(epoch) ended after \(state.step % stepsPerEpoch) batches",
                remedy: "It said there would be \(stepsPerEpoch): check that the files did not change.")
        }
        let rate = currentRate
        let loss = try profile.measure(.forward) {
            let seed = RunSeeds.dropout(seed: settings.seed, step: state.step)
            network.momentumLimit = momentumLimit
            let output = try network.forward(Self.input(batch.inputs, on: trainer.device), .training(seed: seed))
            let loss = try objective.loss(output, batch.targets, learned: state.learned, on: trainer.device)
            try moveLearnedTargets(output, batch.targets)
            return loss
        }
        try profile.measure(.backward) {
            try optimizer.clearGradients()
            try loss.backward()
        }
        try profile.measure(.optimizer) {
            try trainer.group?.averageGradients(network.parameters)
            try optimizer.step(learningRate: Float(rate))
        }
        state.step += 1
        profile.steps += 1
        profile.images += settings.batchSize
        pendingLosses.append((state.step, try loss.detached()))
        if pendingLosses.count >= lossInterval { try profile.measure(.backward) { try settleLosses() } }
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        pace.add(seconds: seconds, waiting: profile[.data] - waitedBefore)
        tell(rate: rate)
    }

    /// From random weights the moving statistics of norms begin as a plain mean of the first batches: with a
    /// momentum of 0.99 alone an eighth of their first value, 0 and 1, would still be in them after 200 steps, and
    /// a short run would be judged on statistics that no batch has.
    private var momentumLimit: Float {
        trainer.start == nil ? Float(1 + state.step) / Float(10 + state.step) : 1
    }

    /// The epoch of the last step, from 1.
    var epoch: Int { max(0, state.step - 1) / stepsPerEpoch + 1 }

    var currentRate: Double {
        settings.learningRate.rate(step: state.step, of: steps, after: monitored)
    }

    /// Steps between two times that losses are fetched: fetching one makes a GPU wait for its own end.
    private var lossInterval: Int { trainer.device == .cpu ? 1 : 10 }

    /// Fetches the losses of the last steps and writes them down.
    func settleLosses() throws {
        for (step, loss) in pendingLosses {
            let value = Double(try loss.item())
            guard value.isFinite else {
                throw TrainingError(
                    .diverged, "step \(step)", "the loss is no longer a number",
                    remedy: "Use a lower learning rate, a warm-up or --clip-norm 1; "
                        + "the last checkpoint is from before.")
            }
            state.lossSum += value
            state.lossCount += 1
            pace.add(loss: value)
            record?.stepped(
                step: step, loss: value,
                rate: settings.learningRate.rate(step: step - 1, of: steps, after: monitored),
                imagesPerSecond: pace.imagesPerSecond(batch: settings.batchSize))
        }
        pendingLosses.removeAll(keepingCapacity: true)
    }

    private func moveLearnedTargets(_ output: Tensor, _ targets: BatchTargets) throws {
        guard var learned = state.learned, case .states(let states) = targets else { return }
        let sums = learned.sums(logits: try output.array(), states: states)
        learned.moveTargets(try trainer.group?.sum(sums) ?? sums)
        state.learned = learned
    }

    private func tell(rate: Double) {
        guard let loss = pace.lastLoss, let smoothed = pace.smoothedLoss else { return }
        let left = steps - state.step
        let validations = trainer.validation == nil ? 0 : left / (settings.validationSteps ?? stepsPerEpoch)
        report(
            .step(
                StepProgress(
                    step: state.step, steps: steps, epoch: epoch,
                    epochs: (steps + stepsPerEpoch - 1) / stepsPerEpoch,
                    loss: loss, smoothedLoss: smoothed,
                    imagesPerSecond: pace.imagesPerSecond(batch: settings.batchSize),
                    secondsLeft: pace.secondsLeft(steps: left, validations: validations), learningRate: rate,
                    waitingShare: pace.waitingShare)))
    }

    /// Images get channels-last strides; vectors have none to choose.
    static func input(_ array: NDArray, on device: Device) throws -> Tensor {
        array.shape.count == 4 ? try Tensor.images(array, on: device) : try Tensor(array, on: device)
    }
}
