import Features
import Foundation
import Imaging
import LightboxCore
import ModelRegistry

/// What a model says of one part of the input.
struct PredictWork: DistributedWork {
    static let stage = "predict-set"

    /// The model's folder, which every worker sees.
    var model: String
    var precision: Precision
    /// A file with the int8 model that the driver calibrated.
    var quantised: String?
    var threads: Int
    var display: DisplayOptions

    func makeTool() throws -> ModelPredictor {
        var settings = FeatureExtractor.Settings(precision: precision)
        settings.threads = threads
        settings.quantised = try quantised.map { Bytes(try MappedFile(path: $0)) }
        return try ModelPredictor(ModelFolder(path: model), settings: settings)
    }

    func perform(_ items: [WorkerItem], with tool: ModelPredictor, at place: TaskPlace) throws -> TaskResult {
        var stage = PredictSetStage(model: model)
        stage.display = display
        var result = TaskResult()
        let part = try place.part(0)
        try place.home.expect(items)
        var rest = items[...]
        var lastCheck = ContinuousClock.now
        try mapInOrder(
            threads: 2 * threads,
            next: { () -> [WorkerItem]? in
                defer { rest = rest.dropFirst(tool.batch) }
                return rest.isEmpty ? nil : Array(rest.prefix(tool.batch))
            },
            transform: { [stage] items in
                var piece = try stage.predict(items.map { try $0.entry(in: place.home) }, with: tool)
                piece.problems = told(piece.problems, of: items)
                return piece
            },
            consume: { piece in
                for prediction in piece.predictions { try part.append(TaskJSON.line(PredictedRow(prediction))) }
                result.entries += piece.entries
                result.written += piece.predictions.count
                result.problems += piece.problems
                if lastCheck.duration(to: .now) > .seconds(1) {
                    try place.checkWanted()
                    lastCheck = .now
                }
                return true
            })
        result.files = [try part.finish()]
        return result
    }
}

/// A prediction on its way to the driver. Scores are bit patterns, so that what is not a number arrives too.
private struct PredictedRow: Codable {
    let key: InstanceKey
    let scores: [UInt32]

    init(_ prediction: Prediction) {
        key = prediction.key
        scores = prediction.scores.map(\.bitPattern)
    }
}

extension PredictSetStage {
    /// Predicts over many processes; `consume` gets the pieces in the order of the input.
    ///
    /// - Returns: the run's folder, to be ended when the table stands.
    func distribute(
        _ input: ImageInput, with predictor: ModelPredictor, over distribution: Distribution, named name: String,
        _ context: StageContext, consume: (Piece) throws -> Void
    ) throws -> PlanFolder {
        let source = try input.open(home: context.home, frames: frames)
        let place = context.home.jobs + "/" + name
        let folder = try PlanFolder(
            for: place, in: try distribution.parent(beside: context.home.jobs), over: distribution.engine)
        let model = try ModelPlace.open(model, context, facts: facts)
        var work = PredictWork(
            model: try folder.ship(model.path, key: predictor.provenance.weights.description),
            precision: precision, threads: distribution.threads, display: display)
        work = try folder.decided(work) {
            work.precision = predictor.provenance.precision
            work.quantised = try predictor.quantised.map { try folder.ship($0, named: "int8.onnx") }
            return work
        }
        let batches = max(1, distribution.imagesPerTask / predictor.batch)
        let results = try DistributedRun(work, in: folder, over: distribution, context).results(
            total: source.total
        ) {
            try source.nextTask(of: batches * predictor.batch)
        }
        for result in results {
            var lines: [UInt8] = []
            for file in result.files { try file.read(in: folder.place.path) { lines += $0 } }
            let rows = try lines.split(separator: UInt8(ascii: "\n")).map {
                try JSONDecoder().decode(PredictedRow.self, from: Data($0))
            }
            let predictions = rows.map {
                Prediction(
                    key: $0.key, labels: predictor.output.labels, scores: $0.scores.map(Float.init(bitPattern:)))
            }
            try consume(Piece(predictions: predictions, problems: result.problems, entries: result.entries))
        }
        return folder
    }
}
