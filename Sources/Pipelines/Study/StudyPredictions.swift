import Datasets
import Features
import Foundation
import LightboxCore
import ModelRegistry
import WireFormats

/// What a model of a study says of the held-out images, kept as a CSV beside it: the image's place in the held-out
/// part, its key, and a column `predicted_<label>` per label. `lightbox load` takes the file as a table.
struct StudyPredictions {
    static let fileName = "predictions.csv"

    /// Of the images that could be read.
    var indices: [Int] = []
    /// `[image][label]`.
    var scores: [[Float]] = []

    private static let place = "held_out_image"
    private static let modelColumn = "model_sha256"

    /// Takes the file that is there, if it is of this model; else asks the model and writes it.
    init(
        of model: ModelFolder, in folder: String, on dataset: LabelledDataset, _ context: StageContext,
        problems: inout [StageReport.Problem]
    ) throws {
        let path = folder + "/" + Self.fileName
        let digest = try ContentHash(ofFile: model.modelPath).description
        if let kept = try Self(path, digest: digest, labels: dataset.labels.names, images: dataset.count) {
            self = kept
            return
        }
        var settings = FeatureExtractor.Settings(precision: .float32, cacheFolder: context.home.cache)
        settings.threads = context.threads
        let scored = try ImagePredictions(ModelPredictor(model, settings: settings), dataset, context)
        (indices, scores) = (scored.indices, scored.predictions.map(\.scores))
        problems += scored.problems
        try write(to: path, digest: digest, dataset)
    }

    private func write(to path: String, digest: String, _ dataset: LabelledDataset) throws {
        let keys = indices.map(dataset.key)
        var fields: [String] = []
        for field in keys.flatMap({ $0.fields.map(\.name) }) where !fields.contains(field) { fields.append(field) }
        let labels = dataset.labels.names
        let file = try CSVWriter(
            path: path,
            header: [Self.place] + fields + [Self.modelColumn] + labels.map(PredictionColumn.name))
        for (row, key) in keys.enumerated() {
            try file.append(
                ["\(indices[row])"] + fields.map { key[$0] ?? "" } + [digest]
                    + scores[row].prefix(labels.count).map { "\($0)" })
        }
        try file.finish()
    }

    /// nil where there is no file, or one of another model or other images.
    private init?(_ path: String, digest: String, labels: [String], images: Int) throws {
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        let reader = try CSVReader(path: path)
        let columns = labels.map { reader.header.firstIndex(of: PredictionColumn.name(of: $0)) }
        while let row = try reader.next() {
            guard row[Self.modelColumn] == digest, let index = row[Self.place].flatMap(Int.init), index < images
            else { return nil }
            let values = columns.compactMap { $0.flatMap { Float(row[$0]) } }
            guard values.count == labels.count else { return nil }
            indices.append(index)
            scores.append(values)
        }
    }
}
