import LightboxCore

/// What a checkpoint holds beside the arrays: with it a run goes on as if it had never stopped.
package struct TrainingState: Sendable, Codable, Hashable {
    /// Of this structure.
    package static let version = 1

    package var version = Self.version
    package var identity: RunIdentity
    package var settings: TrainingSettings
    /// Steps taken.
    package var step = 0
    package var validations: [ValidationRecord] = []
    package var learned: LearnedRules?
    /// Training losses since the last validation.
    package var lossSum = 0.0
    package var lossCount = 0
    /// Of all calls so far.
    package var seconds = 0.0
    /// Early stopping has ended the run.
    package var isComplete = false

    package init(identity: RunIdentity, settings: TrainingSettings, learned: LearnedRules? = nil) {
        self.identity = identity
        self.settings = settings
        self.learned = learned
    }
}

/// What a run is made from, beside its settings.
package struct RunIdentity: Sendable, Codable, Hashable {
    /// Of the layers and their settings.
    package var network: String
    package var labels: [String]
    package var training: String
    package var validation: String?
    package var stepsPerEpoch: Int
    package var processes: Int
    package var threads: Int
    /// "cpu, bf16".
    package var engine: String

    package init(
        network: String, labels: [String], training: String, validation: String?, stepsPerEpoch: Int,
        processes: Int, threads: Int, engine: String
    ) {
        self.network = network
        self.labels = labels
        self.training = training
        self.validation = validation
        self.stepsPerEpoch = stepsPerEpoch
        self.processes = processes
        self.threads = threads
        self.engine = engine
    }
}

extension TrainingState {
    /// Refuses to go on when something differs that would change the result.
    ///
    /// - Returns: what differs and only may change the last digits.
    /// - Throws: ``TrainingError``, naming what differs.
    package func checkResumable(identity now: RunIdentity, settings next: TrainingSettings) throws -> [String] {
        let was = settings
        if let name = difference(from: TrainingState(identity: now, settings: next)) { throw Self.differs(name) }
        if was.learningRate.dependsOnLength,
            was.steps(batches: identity.stepsPerEpoch) != next.steps(batches: now.stepsPerEpoch)
        {
            throw Self.differs("--epochs or --max-steps, which the schedule follows,")
        }
        var notes: [String] = []
        if identity.threads != now.threads {
            notes.append("\(now.threads) threads instead of \(identity.threads): the last digits may differ")
        }
        if identity.engine != now.engine {
            notes.append("\(now.engine) instead of \(identity.engine): the last digits may differ")
        }
        return notes
    }

    /// The first setting or fact that changes the result and is another there; nil when there is none.
    func difference(from other: TrainingState) -> String? {
        let (was, next, now) = (settings, other.settings, other.identity)
        let pairs: [(String, String, String)] = [
            ("network", identity.network, now.network),
            ("labels", identity.labels.joined(separator: ","), now.labels.joined(separator: ",")),
            ("training data", identity.training, now.training),
            ("validation data", identity.validation ?? "none", now.validation ?? "none"),
            ("--processes", "\(identity.processes)", "\(now.processes)"),
            ("steps per epoch", "\(identity.stepsPerEpoch)", "\(now.stepsPerEpoch)"),
            ("task", "\(was.task)", "\(next.task)"),
            ("--batch", "\(was.batchSize)", "\(next.batchSize)"),
            ("--seed", "\(was.seed)", "\(next.seed)"),
            ("--learning-rate or --schedule", "\(was.learningRate)", "\(next.learningRate)"),
            ("--optimizer", "\(was.optimizer)", "\(next.optimizer)"),
            ("--precision", "\(was.precision)", "\(next.precision)"),
            ("--fine-tune", "\(was.trainable)", "\(next.trainable)"),
            ("--class-weights", "\(was.classWeights)", "\(next.classWeights)"),
            ("--validate-every", "\(was.validationSteps ?? 0)", "\(next.validationSteps ?? 0)"),
            ("--monitor", "\(was.monitor)", "\(next.monitor)"),
            ("--patience", "\(was.earlyStopping as Any)", "\(next.earlyStopping as Any)"),
        ]
        return pairs.first { $0.1 != $0.2 }?.0
    }

    private static func differs(_ name: String) -> TrainingError {
        TrainingError(
            .otherRun, name, "differs from the run to go on with",
            remedy: "Give the same as then (see settings.json), or train into another folder.")
    }
}
