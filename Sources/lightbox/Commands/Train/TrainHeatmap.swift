import ArgumentParser
import Datasets
import Foundation
import LightboxCore
import Pipelines
import Torch
import Training

struct TrainHeatmap: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "heatmap", abstract: "Train a network from an image to a map of the same size.",
        discussion: """
            Pairs are X.png with X_heatmap.png in a folder, or a CSV with the columns image and heatmap. Without \
            --images, made pictures with bright spots are drawn.

            Examples:
              lightbox train heatmap --output spots/
              lightbox train heatmap --images pairs/ --shape 256,256,3 --output maps/
            """)

    @Option(help: "An architecture that gives maps.") var network = "heatmap"
    @Option(help: "A folder or a CSV of pairs; made pictures when left out.") var images: String?
    @Option(help: "How many made pictures.") var count = 400
    @Option(help: "Share of the pairs to hold out.") var holdout = 0.2
    @Option(help: "Keras weights or a model's folder to start from.") var weights: String?
    @Option(help: "Height,width,channels of the input.") var shape: ImageShape?
    @Option(help: "mse or bce, over the pixels.") var loss = HeatmapLoss.crossEntropy
    @Option(help: "f32, bf16 or auto.") var precision = TrainingPrecision.auto
    @OptionGroup var learning: LearningArguments
    @OptionGroup var place: PlaceArguments
    @OptionGroup var global: GlobalOptions

    func run() throws {
        var settings = try learning.settings(.heatmap(loss), epochs: 5, rate: 3e-3, batch: 8)
        settings.precision = precision
        try TrainingCommandRun(global: global, place: place).run { [settings] context, note in
            let pairs = try images ?? madePictures(context)
            var input = TrainingInput(images: pairs)
            input.holdout = holdout
            input.seed = learning.seed
            var stage = NetworkTraining(network, input: input, place: place.place(), settings: settings)
            stage.start = weights
            stage.shape = shape
            return try stage.run(context, note: note)
        }
    }

    /// Draws the pictures into the run's folder, so that they can be looked at; a run that goes on finds them there.
    private func madePictures(_ context: StageContext) throws -> String {
        let folder = try context.home.outputFolder(of: place.output) + "/pictures"
        let spots = BrightSpots(
            seed: learning.seed, count: count, height: shape?.height ?? 128, width: shape?.width ?? 128)
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        _ = try spots.write(to: folder)
        return folder
    }
}
