import Features
import Figures
import Foundation
import Imaging
import LightboxCore

/// Shows what a heat-map model sees in one image: input, truth and prediction side by side.
public struct HeatmapPictureStage: Sendable {
    /// A model's folder, a run's, or a Keras file.
    public var model: String
    /// What a Keras file does not say.
    public var facts = KerasModelFacts()

    public init(model: String) { self.model = model }

    public struct Report: Sendable, Codable {
        public var picture: String
        /// Mean squared difference from the truth over the pixels, values 0...1; nil without a truth.
        public var meanSquaredError: Double?

        public var text: String {
            picture + (meanSquaredError.map { String(format: "  (mean squared error %.5f)", $0) } ?? "")
        }
    }

    /// - Parameter heatmap: an image of the true map, white where it is hot; nil when none is known.
    public func run(
        image: String, heatmap: String?, output: String, _ context: StageContext
    ) throws -> Report {
        let predictor = try ModelPredictor(ModelPlace.open(model, context, facts: facts))
        let shown = try decodeAnyImage(
            Bytes(MappedFile(path: context.home.localPath(of: image))), predictor.preprocessing.channels)
        let predicted = try predictor.heatmaps(for: [shown])[0]
        var preprocessing = predictor.preprocessing
        (preprocessing.channels, preprocessing.scaling) = (1, .zeroToOne)
        let truth = try heatmap.map { path in
            let map = try decodeAnyImage(Bytes(MappedFile(path: context.home.localPath(of: path))), 1)
            return NDArray(shape: predicted.shape, values: preprocessing.apply(to: map).values)
        }
        let path = try context.home.localPath(of: output)
        let strip = ImageGrid.strip(input: shown, truth: truth, prediction: predicted)
        try strip.drawing().write(to: path)
        let error = truth.map { truth in
            zip(truth.values, predicted.values).reduce(0.0) { $0 + Double($1.0 - $1.1) * Double($1.0 - $1.1) }
                / Double(truth.count)
        }
        return Report(picture: path, meanSquaredError: error)
    }
}
