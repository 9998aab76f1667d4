import Figures
import Foundation
import LightboxCore
import WireFormats

/// What a run writes beside its checkpoints: settings, history, TensorBoard's log, the page.
///
/// A log that cannot be written does not end the training: it is noted once, and writing goes on without it.
final class RunRecord {
    let trainer: Trainer
    private var log: EventLog?
    /// Why the log ended early.
    private(set) var problem: String?
    /// Validation samples shown with their predictions.
    private(set) var samples: ShownSamples?

    /// Training losses of this call.
    private(set) var trace = LossTrace()

    init(_ trainer: Trainer, state: TrainingState) throws {
        self.trainer = trainer
        let folder = trainer.folder
        do {
            try folder.create()
            try writeSettings(state)
        } catch {
            throw TrainingError(
                .notWritten, folder.path, "cannot be written", remedy: "Make room, or choose another folder.")
        }
        attempt {
            log = try EventLog(folder: folder.path, resumingAt: state.step > 0 ? state.step + 1 : 0)
            let settings = JSONValue.object(trainer.settings.summary.map { JSONMember($0.name, $0.value) })
            try log?.hyperparameters(settings, metrics: ["validation/loss", "validation/auc"])
            let rows = trainer.description + trainer.settings.summary.map { ($0.name, $0.value.shown) }
            let lines = rows.map { "| \($0.name) | \($0.value) |" }.joined(separator: "\n")
            try log?.text("settings", "| setting | value |\n|---|---|\n" + lines, step: state.step)
        }
    }

    func stepped(step: Int, loss: Double, rate: Double, imagesPerSecond: Double) {
        trace.add(step: step, loss: loss)
        attempt {
            try log?.scalars(
                [
                    ("train/loss", Float(loss)), ("train/learning_rate", Float(rate)),
                    ("train/images_per_second", Float(imagesPerSecond)),
                ], step: step)
        }
    }

    func validated(_ record: ValidationRecord, labels: [String], learned: LearnedRules?) {
        var values: [(tag: String, value: Float)] = [("validation/loss", Float(record.loss))]
        if let area = record.meanAUC { values.append(("validation/auc", Float(area))) }
        if let accuracy = record.accuracy { values.append(("validation/accuracy", Float(accuracy))) }
        for (label, area) in zip(labels, record.areas) {
            if let area { values.append(("auc/" + label, Float(area))) }
        }
        if let learned {
            for (label, name) in labels.enumerated() where learned.isLearned[label] {
                values.append(("uncertain/u/" + name, Float(sigmoid(learned.theta[label]))))
                values.append(("uncertain/w/" + name, Float(learned.w[label])))
            }
        }
        attempt {
            try log?.scalars(values, step: record.step)
            if let samples {
                try log?.image("validation/samples", png: samples.grid.drawing().png(scale: 1), step: record.step)
            }
        }
    }

    /// Keeps the first samples of a validation with what the network says of them.
    func keepSamples(_ batch: TrainingBatch, _ output: NDArray, _ objective: Objective) {
        let count = min(trainer.settings.shownImages, batch.count)
        guard count > 0, batch.inputs.shape.count == 4 else { return }
        samples = ShownSamples(
            batch, output, count: count, objective: objective, names: trainer.training.labelCounts?.names ?? [])
    }

    func saved(_ state: TrainingState) {
        attempt { try trainer.folder.writeHistory(state.validations, labels: state.identity.labels) }
    }

    /// The last words: page and end of the log.
    func finish(_ loop: TrainingLoop, _ summary: TrainingReport) {
        attempt {
            try RunPage(loop.state, summary, trainer: trainer, samples: samples, trace: trace).write()
            if summary.ending == .interrupted { try log?.flush() } else { try log?.end(.success) }
        }
    }

    /// The end of the log of a run that an error ended.
    func failed() { attempt { try log?.end(.failure) } }

    private func writeSettings(_ state: TrainingState) throws {
        struct Saved: Encodable {
            let settings: TrainingSettings
            let identity: RunIdentity
            let description: [String: String]
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let description = Dictionary(trainer.description.map { ($0.name, $0.value) }, uniquingKeysWith: { $1 })
        let saved = Saved(settings: trainer.settings, identity: state.identity, description: description)
        try AtomicFile.write(try encoder.encode(saved), to: trainer.folder.settings)
    }

    private func attempt(_ body: () throws -> Void) {
        do {
            try body()
        } catch {
            problem = problem ?? "the log is not complete: \(error)"
            log = nil
        }
    }
}

/// Losses of many steps, thinned so that they stay few: each point is the mean of as many steps.
struct LossTrace {
    private(set) var points: [(step: Int, loss: Double)] = []
    private var stepsPerPoint = 1
    private var sum = 0.0
    private var count = 0
    private let limit = 1000

    mutating func add(step: Int, loss: Double) {
        sum += loss
        count += 1
        guard count == stepsPerPoint else { return }
        points.append((step, sum / Double(count)))
        (sum, count) = (0, 0)
        guard points.count == limit else { return }
        points = stride(from: 1, to: limit, by: 2).map {
            (points[$0].step, (points[$0 - 1].loss + points[$0].loss) / 2)
        }
        stepsPerPoint *= 2
    }
}
