public import Features
import Foundation
import Imaging
public import LightboxCore
import ModelRegistry
public import Warehouse

/// Writes what a model says of every image of a data set into a table of the warehouse.
///
/// A row per image: `path`, `study`, `series`, `instance`, `frame` (NULL where the image has none), `model`,
/// `model_sha256`, and a column `predicted_<label>` per label. The table appears whole or not at all.
public struct PredictSetStage: Sendable {
    /// A model's folder, a run's, or a Keras file.
    public var model: String
    /// What a Keras file does not say.
    public var facts = KerasModelFacts()
    public var precision = Precision.float32
    public var display = DisplayOptions()
    public var frames = FrameChoice.first
    public var disposition = LoadDisposition.failIfExists
    public var stopsAtFirstError = false

    public init(model: String) { self.model = model }

    /// - Throws: ``InputError`` when the table exists, or not a single image can be read.
    public func run(_ input: ImageInput, table name: String, _ context: StageContext) throws -> StageReport {
        let table = try TableName(name)
        let warehouse = try Warehouse(home: context.home)
        if disposition == .failIfExists, try warehouse.schema(of: table) != nil {
            throw InputError(
                .conflict, "the table \(table) exists. Pass --overwrite to replace it or --append to add to it.")
        }
        let predictor = try predictor(input, context)
        var rows = PredictionRows(
            model: predictor.provenance.network, hash: predictor.provenance.weights,
            labels: predictor.output.labels)
        var report = StageReport(stage: "predict-set")
        let take = { (piece: Piece) in
            for prediction in piece.predictions { rows.append(prediction) }
            report.problems += piece.problems
        }
        let run = try context.distribution.map {
            try distribute(input, with: predictor, over: $0, named: "predict-set \(table)", context, consume: take)
        }
        if run == nil { try predict(input, with: predictor, context, consume: take) }
        if rows.count == 0 {
            let reason = report.problems.first.map { " \($0.source): \($0.reason)" } ?? ""
            throw InputError(.invalidInput, "none of the \(report.problems.count) images could be used.\(reason)")
        }
        let loaded = try warehouse.load(
            rows, into: table, disposition: disposition, from: provenance(predictor, input), at: Date()
        ) { count in
            context.progress(ProgressUpdate(stage: "load", completed: count, total: rows.count))
        }
        run?.end()
        report.written = loaded.rows
        report.outputs = ["table \(table)"]
        return report
    }

    private func provenance(_ predictor: ModelPredictor, _ input: ImageInput) -> Provenance {
        let used = predictor.provenance
        return Provenance(
            source: "\(input)",
            notes: [
                "model": used.network, "weights": used.weights.description, "precision": used.precision.rawValue,
            ])
    }

    private func predictor(_ input: ImageInput, _ context: StageContext) throws -> ModelPredictor {
        let folder = try ModelPlace.open(model, context, facts: facts)
        guard folder.manifest.output.kind != .heatmap else {
            throw InputError(.unsupported, "\(model) gives heat maps, which are no columns of a table.")
        }
        var settings = FeatureExtractor.Settings(precision: precision, cacheFolder: context.home.cache)
        settings.threads = context.threads
        let sample = try sample(input, folder.manifest.preprocessing, context)
        return try ModelPredictor(folder, sample: sample, settings: settings) { step in
            context.progress(ProgressUpdate(stage: step, completed: 0, total: nil))
        }
    }

    /// The first images, for calibration and the choice of precision.
    private func sample(
        _ input: ImageInput, _ preprocessing: Preprocessing, _ context: StageContext
    ) throws -> [NDArray] {
        guard precision == .auto || precision == .int8 else { return [] }
        let source = try input.open(home: context.home, frames: frames)
        var sample: [NDArray] = []
        while sample.count < 2 * FeatureExtractor.sampleCount, let entry = try source.next() {
            guard case .item(let item) = entry else { continue }
            let loaded = try? item.load(display, channels: preprocessing.channels)
            if let loaded { sample.append(preprocessing.apply(to: loaded.image)) }
        }
        return sample
    }

    struct Piece: Sendable {
        var predictions: [Prediction] = []
        var problems: [StageReport.Problem] = []
        var entries = 0
    }

    private func predict(
        _ input: ImageInput, with predictor: ModelPredictor, _ context: StageContext, consume: (Piece) -> Void
    ) throws {
        let source = try input.open(home: context.home, frames: frames)
        var entries = 0
        // Twice as many threads as cores: while one waits for the network, another decodes.
        try mapInOrder(
            threads: 2 * context.threads,
            next: { () -> [ItemSource.Entry]? in
                if context.isCancelled() { throw Cancelled(stage: "predict-set") }
                var batch: [ItemSource.Entry] = []
                while batch.count < predictor.batch, let entry = try source.next() { batch.append(entry) }
                return batch.isEmpty ? nil : batch
            },
            transform: { try predict($0, with: predictor) },
            consume: { piece in
                if stopsAtFirstError, let problem = piece.problems.first {
                    throw InputError(.invalidInput, "\(problem.source): \(problem.reason)")
                }
                consume(piece)
                entries += piece.entries
                context.progress(ProgressUpdate(stage: "predict-set", completed: entries, total: source.total))
                return true
            })
    }

    func predict(_ entries: [ItemSource.Entry], with predictor: ModelPredictor) throws -> Piece {
        var piece = Piece(entries: entries.count)
        var images: [LoadedImage] = []
        for entry in entries {
            switch entry {
            case .problem(let problem): piece.problems.append(problem)
            case .item(let item):
                do {
                    images.append(try item.load(display, channels: predictor.preprocessing.channels))
                } catch {
                    piece.problems.append(.init(source: item.origin, error: error))
                }
            }
        }
        if !images.isEmpty {
            piece.predictions = try predictor.predict(images.map(\.image), keys: images.map(\.key))
        }
        return piece
    }
}
