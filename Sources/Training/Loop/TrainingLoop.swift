import Evaluation
import Foundation
import LightboxCore
import Networks
import Torch

/// One call of ``Trainer/run(resuming:isCancelled:on:)``: the engine's objects and the state that moves.
final class TrainingLoop {
    let trainer: Trainer
    let settings: TrainingSettings
    /// As trained: without a last activation where the loss takes logits.
    let graph: Graph
    let objective: Objective
    let network: TrainableNetwork
    let optimizer: Optimizer
    let isCancelled: () -> Bool
    let report: (TrainingEvent) -> Void
    /// What this run writes; nil in all processes but the first.
    let record: RunRecord?

    var state: TrainingState
    var profile = TrainingProfile()
    var pace = Pace()
    var notes: [String] = []
    /// Losses still on the device, with their steps.
    var pendingLosses: [(step: Int, loss: Tensor)] = []
    var lastSave = ContinuousClock.now
    let started = ContinuousClock.now
    /// Weights of the best validation that are not written yet, and what was said of them.
    var pendingBest: (weights: NetworkWeights, evaluation: ModelEvaluation?)?
    /// Since the last checkpoint.
    var hasValidated = false
    let secondsBefore: Double

    var steps: Int { settings.steps(batches: trainer.training.batchCount) }
    var stepsPerEpoch: Int { trainer.training.batchCount }
    var monitored: [Double?] { state.validations.map(settings.monitor.value) }

    init(
        _ trainer: Trainer, resuming: Bool, isCancelled: @escaping () -> Bool,
        report: @escaping (TrainingEvent) -> Void
    ) throws {
        self.trainer = trainer
        settings = trainer.settings
        self.isCancelled = isCancelled
        self.report = report
        graph = try Self.trainedGraph(trainer)
        objective = try Objective(settings: settings, counts: trainer.training.labelCounts)
        try Self.checkFit(trainer, graph, objective)

        let identity = try Self.identity(trainer, graph)
        try trainer.group?.refuseDifference(TrainingState(identity: identity, settings: settings))
        let found = try Self.checkpoint(trainer, resuming: resuming)
        let weights: NetworkWeights
        if let found {
            (state, weights) = (found.state, found.weights)
            notes += try state.checkResumable(identity: identity, settings: settings)
            state.settings = settings
            state.identity = identity
        } else {
            let seed = RunSeeds.weights(seed: settings.seed)
            let (initial, warmStart) = try WarmStart.weights(from: trainer.start, for: graph, seed: seed)
            weights = initial
            if let warmStart { notes.append(warmStart.description) }
            let learned = objective.labels.flatMap { LearnedRules(rules: $0.rules) }
            state = TrainingState(identity: identity, settings: settings, learned: learned)
        }
        secondsBefore = state.seconds
        let names = try Self.learningLayers(trainer, graph)
        network = try TrainableNetwork(
            graph, weights: weights, on: trainer.device, precision: settings.precision,
            isTrainable: { names.contains($0.name) }, group: trainer.group)
        // Weight files may differ between machines; what counts is what the first has read.
        try trainer.group?.broadcast(network)
        optimizer = try Optimizer(settings.optimizer, parameters: network.parameters)
        if let found { try optimizer.load(found.optimizer) }
        record = trainer.group?.rank ?? 0 == 0 ? try RunRecord(trainer, state: state) : nil
    }

    func run() throws -> TrainingReport {
        tellStart()
        if record != nil { for note in notes { report(.note(note)) } }
        let ending: TrainingReport.Ending
        do {
            ending = try takeSteps()
        } catch {
            record?.failed()
            throw error
        }
        state.seconds = secondsBefore + seconds
        let summary = summary(ending)
        record?.finish(self, summary)
        try trainer.group?.barrier()
        return summary
    }

    private static func learningLayers(_ trainer: Trainer, _ graph: Graph) throws -> Set<String> {
        let names = try trainer.settings.trainable.names(in: graph).subtracting(trainer.frozen)
        guard !names.isEmpty else {
            throw TrainingError(
                .badSetting, "network \(graph.name)", "every layer that would learn is marked as not trainable",
                remedy: "Set trainable in Keras for those that are to learn, and save the model again.")
        }
        return names
    }

    /// Of this call.
    var seconds: Double { (ContinuousClock.now - started) / .seconds(1) }

    private func takeSteps() throws -> TrainingReport.Ending {
        // A run that was cancelled during a validation begins with that.
        if try isStopped(try validateIfDue()) { return .interrupted }
        while state.step < steps && !state.isComplete {
            let epoch = state.step / stepsPerEpoch
            let batches = try trainer.training.batches(epoch: epoch, from: state.step % stepsPerEpoch)
            repeat {
                try takeStep(from: batches)
                if try isStopped() { return .interrupted }
                if try isStopped(try validateIfDue()) { return .interrupted }
                try saveIfDue()
            } while state.step < steps && !state.isComplete && state.step % stepsPerEpoch != 0
        }
        try settleLosses()
        try save()
        return state.isComplete ? .stoppedEarly : .finished
    }

    /// Whether some process was asked to stop; then the checkpoint is written.
    private func isStopped(_ wasCut: Bool = false) throws -> Bool {
        guard try wasCut || agreed(isCancelled()) else { return false }
        try settleLosses()
        try save()
        return true
    }

    /// Whether any of the processes says so; the same answer in all of them.
    func agreed(_ flag: Bool) throws -> Bool {
        guard let group = trainer.group else { return flag }
        return try group.sum([flag ? 1 : 0])[0] > 0
    }

    private func tellStart() {
        let trainable = network.parameters.reduce(0) { $0 + $1.shape.reduce(1, *) }
        let processes = trainer.group?.count ?? 1
        let engine = state.identity.engine + (processes > 1 ? ", \(processes) processes" : "")
        report(
            .started(
                TrainingStart(
                    step: state.step, steps: steps, stepsPerEpoch: stepsPerEpoch, trainableParameters: trainable,
                    parameters: graph.parameterCount, engine: engine)))
    }

    private func summary(_ ending: TrainingReport.Ending) -> TrainingReport {
        let best = EarlyStopping.best(of: monitored)
        var learned: UncertaintyPolicy?
        if let rules = state.learned, let labels = objective.labels {
            let applied = rules.applied(to: labels.rules)
            let names = state.identity.labels
            learned = UncertaintyPolicy(
                .ignore, perLabel: Dictionary(zip(names, applied), uniquingKeysWith: { $1 }))
        }
        let notes = notes + [record?.problem].compactMap(\.self)
        return TrainingReport(
            ending: ending, folder: trainer.folder.path, step: state.step, steps: steps,
            best: best.map { state.validations[$0] }, last: state.validations.last,
            labels: state.identity.labels, seconds: seconds, profile: profile, notes: notes, learnedRules: learned)
    }
}
