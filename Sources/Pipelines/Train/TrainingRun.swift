import Datasets
import Foundation
public import LightboxCore
public import ModelRegistry
import Networks
public import Torch
public import Training
import WireFormats

/// What a training command leaves: the run's report, and the model's folder where the run came to its end.
public struct TrainedModel: Sendable {
    public var run: TrainingReport
    /// nil after an interruption: the checkpoint holds everything, and `--resume` goes on.
    public var model: ModelFolder?
    public var problems: [StageReport.Problem]

    public var report: StageReport {
        var report = StageReport(stage: "train")
        report.written = run.step
        report.problems = problems
        report.outputs = (model.map { [$0.path] } ?? []) + [run.folder + "/report.html"]
        return report
    }
}

/// Where and how any of the trainers runs: settings that have nothing to do with what is learned.
public struct TrainingPlace: Sendable {
    /// The run's folder; the model stands in its `model` folder.
    public var output: String
    /// What the model is called.
    public var name: String
    public var resumes = false
    public var overwrites = false
    /// As the user wants to be known in the model's manifest.
    public var creator = ""
    /// Lightbox's version, for the manifest.
    public var version = ""
    /// The first GPU, where libtorch sees one, unless told.
    public var device: Device?
    /// Where `RANK`, `WORLD_SIZE`, `MASTER_ADDR` and `MASTER_PORT` of a launcher stand.
    public var environment: [String: String] = [:]

    public init(output: String, name: String? = nil) {
        self.output = output
        self.name = name ?? (output as NSString).lastPathComponent
    }

    /// The place of the model in a run's folder, as the transfer-learning workflow has it.
    public static func model(in output: String) -> String { output + "/model" }

    /// The one asked for; else a GPU for each process where libtorch sees one, else the processor.
    package func chosenDevice(rank: Int) throws -> Device {
        if let device { return device }
        try TorchLibrary.open()
        return TorchLibrary.gpuCount > 0 ? .gpu(rank % TorchLibrary.gpuCount) : .cpu
    }

    /// Makes room: refuses a folder with another run in it, or empties it.
    func prepare(_ folder: String) throws {
        let isThere =
            RunFolder(path: folder).hasCheckpoint || FileManager.default.fileExists(atPath: Self.model(in: folder))
        if isThere && overwrites && !resumes {
            for name in [
                "model", "checkpoints", "train", "validation", "report.html", "history.csv", "settings.json",
                "evaluation.json",
            ] {
                try? FileManager.default.removeItem(atPath: folder + "/" + name)
            }
        } else if isThere && !resumes {
            throw InputError(
                .conflict, "\(folder) holds a run. Pass --resume to go on with it or --overwrite to begin anew.")
        }
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    /// The manifest's part that every trainer fills in alike.
    func manifest(
        architecture: ModelArchitecture, preprocessing: Preprocessing, output: ModelOutput,
        run: TrainingReport, settings: TrainingSettings, data: ModelManifest.DataFingerprint,
        pretrained: ContentHash?
    ) throws -> ModelManifest {
        var manifest = ModelManifest(
            name: name, architecture: architecture, preprocessing: preprocessing, output: output,
            provenance: .init(lightbox: version, created: Date(), creator: creator, pretrainedWeights: pretrained))
        manifest.training = try JSONValue(encoding: settings)
        manifest.metrics = try run.best.map { try JSONValue(encoding: $0) }
        manifest.data = data
        return manifest
    }
}

extension JSONValue {
    /// Any value as JSON.
    init(encoding value: some Encodable) throws {
        self = try JSONValue(parsing: String(decoding: JSONEncoder().encode(value), as: UTF8.self))
    }
}

/// Turns a trainer's events into progress and notes.
struct TrainingTeller {
    let context: StageContext
    let batchSize: Int
    let note: (String) -> Void

    func tell(_ event: TrainingEvent) {
        switch event {
        case .step(let step):
            let loss = String(format: "loss %.4f", step.smoothedLoss)
            context.progress(
                ProgressUpdate(
                    stage: "train", completed: step.step * batchSize, total: step.steps * batchSize, detail: loss))
        case .validating(let completed, let total):
            context.progress(ProgressUpdate(stage: "validate", completed: completed, total: total))
        case .validated(let record, let isBest):
            var line = "epoch \(record.epoch), step \(record.step): loss \(String(format: "%.4f", record.loss))"
            if let area = record.meanAUC { line += String(format: ", AUC %.3f", area) }
            if let accuracy = record.accuracy { line += String(format: ", accuracy %.3f", accuracy) }
            note(line + (isBest ? " (best so far)" : ""))
        case .note(let text): note(text)
        case .started, .saved: break
        }
    }
}
