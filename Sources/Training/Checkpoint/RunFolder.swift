import Foundation
import LightboxCore
import WireFormats

/// The folder of a run.
///
/// | name | holds |
/// |---|---|
/// | `settings.json` | settings, labels, fingerprints of the data |
/// | `checkpoints/last.safetensors` | weights, optimiser and everything needed to go on |
/// | `checkpoints/best.safetensors` | weights of the best validation |
/// | `evaluation.json` | what was said of the best weights: areas with intervals, counts |
/// | `history.csv` | one row per validation |
/// | `events.out.tfevents.…` | for TensorBoard |
/// | `report.html` | the summary page |
public struct RunFolder: Sendable, Hashable {
    public let path: String

    public init(path: String) { self.path = path }

    public var settings: String { path + "/settings.json" }
    public var last: String { path + "/checkpoints/last.safetensors" }
    public var best: String { path + "/checkpoints/best.safetensors" }
    public var history: String { path + "/history.csv" }
    public var evaluation: String { path + "/evaluation.json" }
    public var page: String { path + "/report.html" }

    /// Whether a run has left something to go on with.
    public var hasCheckpoint: Bool { FileManager.default.fileExists(atPath: last) }

    /// Makes the folder, and clears away what a killed process left half written.
    func create() throws {
        let files = FileManager.default
        let checkpoints = path + "/checkpoints"
        try files.createDirectory(atPath: checkpoints, withIntermediateDirectories: true)
        for name in try files.contentsOfDirectory(atPath: checkpoints)
        where name.hasPrefix(".") && name.hasSuffix(".part") {
            try? files.removeItem(atPath: checkpoints + "/" + name)
        }
    }

    /// Writes one row per validation: step, epoch, losses, areas.
    func writeHistory(_ validations: [ValidationRecord], labels: [String]) throws {
        let header =
            [
                "step", "epoch", "images", "learning_rate", "training_loss", "validation_loss", "accuracy",
                "mean_auc",
            ]
            + labels.map { "auc_" + $0 }
        let file = try CSVWriter(path: history, header: header)
        for record in validations {
            func text(_ value: Double?) -> String { value.map { "\($0)" } ?? "" }
            let row = [
                "\(record.step)", "\(record.epoch)", "\(record.images)", "\(record.learningRate)",
                text(record.trainingLoss), "\(record.loss)", text(record.accuracy), text(record.meanAUC),
            ]
            try file.append(
                row + labels.indices.map { record.areas.indices.contains($0) ? text(record.areas[$0]) : "" })
        }
        try file.finish()
    }
}
