import LightboxCore
public import Torch

/// Everything about a run except its data, its network and the weights it starts from. Saved beside the results.
public struct TrainingSettings: Sendable, Codable, Hashable {
    public var task: TrainingTask
    /// Rounds over the data.
    public var epochs = 3
    /// Ends the run earlier, or later than `epochs` would: then these count alone. nil for none.
    public var maxSteps: Int?
    /// Images of a step in all processes together, as the data was made with.
    public var batchSize = 32
    /// Of the weights, the order of the data, dropout and augmentation.
    public var seed: UInt64 = 0
    public var learningRate = LearningRate()
    public var optimizer = OptimizerSettings()
    public var precision = TrainingPrecision.auto
    /// Threads of the engine; nil: the engine's own choice for images, one for vectors. Another number may change
    /// the last digits.
    public var threads: Int?
    public var trainable = TrainableLayers.all
    public var classWeights = ClassWeights.equal
    /// Steps between two validations; nil for one after every epoch.
    public var validationSteps: Int?
    /// Decides what is best, what is a plateau and when to stop early.
    public var monitor = Monitor.loss
    /// nil runs to the end.
    public var earlyStopping: EarlyStopping?
    /// Seconds after which a checkpoint is written even without a validation.
    public var checkpointSeconds = 600.0
    /// Validation images shown with their predictions in the log and on the page; 0 for none.
    public var shownImages = 8

    public init(task: TrainingTask) { self.task = task }

    /// Steps of the whole run.
    ///
    /// - Parameter batches: per epoch.
    public func steps(batches: Int) -> Int { maxSteps ?? epochs * batches }

    func check(training: any TrainingData, validation: (any TrainingData)?) throws {
        func refuse(_ place: String, _ problem: String, _ remedy: String) -> TrainingError {
            TrainingError(.badSetting, place, problem, remedy: remedy)
        }
        guard training.batchCount > 0 else {
            throw TrainingError(
                .unfitData, "training data", "\(training.count) samples do not fill one batch of \(batchSize)",
                remedy: "Use a smaller batch.")
        }
        guard maxSteps ?? epochs > 0 else {
            throw refuse(maxSteps == nil ? "--epochs" : "--max-steps", "nothing to do", "Give a positive number.")
        }
        guard validationSteps ?? 1 > 0 else {
            throw refuse("--validate-every", "\(validationSteps ?? 0) steps", "Give a positive number.")
        }
        if let validation, validation.inputShape != training.inputShape {
            throw TrainingError(
                .unfitData, "validation data",
                "its samples are \(validation.inputShape), those to train on \(training.inputShape)",
                remedy: "Prepare both alike.")
        }
        if validation == nil {
            let needs: (String, Bool)? =
                if earlyStopping != nil { ("--patience", true) } else if case .plateau = learningRate.schedule {
                    ("--schedule plateau", true)
                } else { nil }
            if let needs { throw refuse(needs.0, "there is no validation data", "Give some, or leave it out.") }
        }
        switch (monitor, task) {
        case (.accuracy, .labels), (.accuracy, .heatmap), (.meanAUC, .heatmap):
            throw refuse("--monitor", "a \(task.name) task has no \(monitor.rawValue)", "Use --monitor loss.")
        default: break
        }
        try learningRate.check(steps: steps(batches: training.batchCount))
    }
}

/// How the random numbers of a run hang together.
enum RunSeeds {
    /// Of dropout in one step; the engine gives each process a stream of its own.
    static func dropout(seed: UInt64, step: Int) -> UInt64 {
        var random = SeededGenerator(
            seed: seed &+ UInt64(step) &* 0x9e37_79b9_7f4a_7c15, stream: "dropout")
        return random.next()
    }

    /// Of the weights before training.
    static func weights(seed: UInt64) -> UInt64 {
        var random = SeededGenerator(seed: seed, stream: "weights")
        return random.next()
    }
}
