public import Features
import Imaging
public import LightboxCore
import ModelRegistry

/// What a trained model says of single images.
public struct PredictStage: Sendable {
    /// A model's folder, a run's, or a Keras file.
    public var model: String
    /// What a Keras file does not say.
    public var facts = KerasModelFacts()
    public var precision = Precision.float32
    public var frames = FrameChoice.first

    public init(model: String) { self.model = model }

    public struct Result: Sendable {
        /// Where each image stands, beside what is said of it.
        public var origins: [String]
        public var predictions: [Prediction]
        public var problems: [StageReport.Problem]
    }

    /// - Parameter inputs: files, folders, patterns, `dicom:STORE`; see ``ImageInput``.
    public func run(_ inputs: [String], _ context: StageContext) throws -> Result {
        let folder = try ModelPlace.open(model, context, facts: facts)
        var settings = FeatureExtractor.Settings(precision: precision, cacheFolder: context.home.cache)
        settings.threads = context.threads
        settings.batch = 1
        let predictor = try ModelPredictor(folder, settings: settings)
        var result = Result(origins: [], predictions: [], problems: [])
        for input in inputs {
            let source = try ImageInput(input).open(home: context.home, frames: frames)
            try mapInOrder(
                threads: 2 * context.threads, next: { context.isCancelled() ? nil : try source.next() },
                transform: { entry in Self.predict(entry, predictor) },
                consume: { outcome in
                    switch outcome {
                    case .success(let (origin, prediction)):
                        result.origins.append(origin)
                        result.predictions.append(prediction)
                    case .failure(let failed): result.problems.append(failed.problem)
                    }
                    context.progress(
                        ProgressUpdate(
                            stage: "predict", completed: result.predictions.count,
                            total: inputs.count == 1 ? source.total : nil))
                    return true
                })
        }
        if context.isCancelled() { throw Cancelled(stage: "predict") }
        return result
    }

    private struct Failed: Error { let problem: StageReport.Problem }

    private static func predict(
        _ entry: ItemSource.Entry, _ predictor: ModelPredictor
    ) -> Swift.Result<(String, Prediction), Failed> {
        switch entry {
        case .problem(let problem): return .failure(Failed(problem: problem))
        case .item(let item):
            do {
                let loaded = try item.load(DisplayOptions(), channels: predictor.preprocessing.channels)
                let prediction = try predictor.predict([loaded.image], keys: [loaded.key])[0]
                return .success((item.origin, prediction))
            } catch {
                return .failure(Failed(problem: .init(source: item.origin, error: error)))
            }
        }
    }
}
