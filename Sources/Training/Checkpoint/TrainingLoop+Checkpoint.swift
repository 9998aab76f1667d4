import Evaluation
import Foundation
import LightboxCore
import Networks
import Torch
import WireFormats

extension TrainingLoop {
    /// Writes a checkpoint after a validation, unless one was written a moment ago, and otherwise when the
    /// agreed time has passed. When it happens does not change what is learned.
    func saveIfDue() throws {
        let passed = (ContinuousClock.now - lastSave) / .seconds(1)
        guard passed >= (hasValidated ? min(5, settings.checkpointSeconds) : settings.checkpointSeconds) else {
            return
        }
        try settleLosses()
        try save()
    }

    /// Writes `checkpoints/best` when there is a better one, then `checkpoints/last`: so what the last one knows
    /// as the best is always there.
    func save() throws {
        lastSave = ContinuousClock.now
        hasValidated = false
        guard let record else { return }
        try profile.measure(.checkpoint) {
            state.seconds = secondsBefore + seconds
            if let best = pendingBest {
                try Checkpoint(state: state, weights: best.weights).write(to: trainer.folder.best)
                if let json = try best.evaluation?.json() {
                    try AtomicFile.write(json, to: trainer.folder.evaluation)
                }
                pendingBest = nil
            }
            let checkpoint = Checkpoint(
                state: state, weights: try network.weights(), optimizer: try optimizer.state())
            try checkpoint.write(to: trainer.folder.last)
        }
        record.saved(state)
        report(.saved(trainer.folder.last))
    }

    /// What to go on from; nil to begin. The first process of a group reads it for all: the others may stand on
    /// machines that do not see its folder.
    static func checkpoint(_ trainer: Trainer, resuming: Bool) throws -> Checkpoint? {
        let path = trainer.folder.last
        func refuseOther() throws {
            guard !resuming && trainer.folder.hasCheckpoint else { return }
            throw TrainingError(
                .alreadyThere, trainer.folder.path, "a run is saved here",
                remedy: "Go on with --resume, or train into another folder.")
        }
        guard let group = trainer.group else {
            try refuseOther()
            return trainer.folder.hasCheckpoint ? try Checkpoint(path: path) : nil
        }
        let bytes = try group.shared {
            try refuseOther()
            guard trainer.folder.hasCheckpoint else { return [] }
            _ = try Checkpoint(path: path)  // a damaged one is refused here, by its name
            return Array(try Data(contentsOf: URL(fileURLWithPath: path)))
        }
        return bytes.isEmpty ? nil : try Checkpoint(Safetensors(Bytes(bytes)), path: path)
    }

    /// The graph as trained: without a last softmax or sigmoid where the loss takes logits.
    static func trainedGraph(_ trainer: Trainer) throws -> Graph {
        if case .heatmap(.meanSquaredError) = trainer.settings.task { return trainer.graph }
        return try trainer.graph.withoutLastActivation()
    }

    static func identity(_ trainer: Trainer, _ graph: Graph) throws -> RunIdentity {
        let precision = try trainer.settings.precision.resolved(on: trainer.device).rawValue
        let device = if case .gpu(let number) = trainer.device { "gpu \(number)" } else { "cpu" }
        let layers = graph.layers.map { "\($0.name) \($0.operation) \($0.inputs) \($0.shape)" }
        return RunIdentity(
            network: graph.name + " "
                + ContentHash(of: layers.joined(separator: "\n").utf8).description.prefix(16),
            labels: trainer.training.labelCounts?.names ?? [], training: trainer.training.fingerprint,
            validation: trainer.validation?.fingerprint, stepsPerEpoch: trainer.training.batchCount,
            processes: trainer.group?.count ?? 1, threads: TorchLibrary.threads, engine: "\(device), \(precision)")
    }

    static func checkFit(_ trainer: Trainer, _ graph: Graph, _ objective: Objective) throws {
        func refuse(_ problem: String, _ remedy: String) -> TrainingError {
            TrainingError(.unfitData, "network \(graph.name)", problem, remedy: remedy)
        }
        guard graph.inputShape == trainer.training.inputShape else {
            throw refuse(
                "it takes \(graph.inputShape), the data has \(trainer.training.inputShape)",
                "Prepare the data for the network.")
        }
        let output = graph.outputShape
        if case .heatmap = trainer.settings.task {
            guard output == Array(graph.inputShape.prefix(2)) + [1] else {
                throw refuse("it gives \(output), not a map of the image's size", "Use the heatmap network.")
            }
            return
        }
        guard trainer.training.labelCounts != nil else {
            throw refuse("the data has no labels", "Train a heat map, or give labelled data.")
        }
        guard output == [objective.outputs] else {
            throw refuse("it gives \(output), the task needs \(objective.outputs)", "Give it a head of that size.")
        }
    }
}
