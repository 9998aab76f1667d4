import Datasets
import Features
import LightboxCore

/// The scores that a model gives the images of a labelled data set.
struct ImagePredictions {
    /// Of the samples that could be read, in the data set's order.
    var indices: [Int] = []
    var predictions: [Prediction] = []
    var problems: [StageReport.Problem] = []

    init(_ predictor: ModelPredictor, _ dataset: LabelledDataset, _ context: StageContext) throws {
        var settings = BatchSettings.evaluation(batchSize: predictor.batch)
        settings.threads = context.threads
        let loader = try BatchLoader(
            dataset, preprocessing: predictor.preprocessing, settings: settings, decode: decodeAnyImage)
        loader.begin(epoch: 0)
        try mapInOrder(
            threads: context.threads, next: { context.isCancelled() ? nil : try loader.next() },
            transform: { batch in (batch.indices, try predictor.predict(batch.images, keys: batch.keys)) },
            consume: { indices, scored in
                self.indices += indices
                predictions += scored
                context.progress(
                    ProgressUpdate(stage: "predict", completed: predictions.count, total: dataset.count))
                return true
            })
        if context.isCancelled() { throw Cancelled(stage: "predict") }
        problems = loader.problems
    }
}
