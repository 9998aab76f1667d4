import Features
import Imaging
import LightboxCore
import ModelRegistry
import Serving

/// What a model says of an image, and where in it: the computing behind ``ResultsStage``.
struct ResultsJudge: Sendable {
    /// A label's map of the image's own size, grey of 8 bits.
    typealias LabelMap = (label: String, map: Image)

    private let predictor: ModelPredictor
    private let maps: ActivationMaps?

    /// A model of maps gives these and no scores.
    var hasScores: Bool { predictor.output.kind != .heatmap }

    init(_ folder: ModelFolder, heatmaps: ResultsStage.Heatmaps, _ context: StageContext) throws {
        var settings = FeatureExtractor.Settings(precision: .float32, cacheFolder: context.home.cache)
        settings.threads = context.threads
        settings.batch = 1
        predictor = try ModelPredictor(folder, settings: settings)
        let name = folder.manifest.name
        guard predictor.output.kind != .heatmap else {
            maps = nil
            guard heatmaps != .none else {
                throw InputError(
                    .invalidInput, "\(name) gives heat maps and no scores: pass --heatmaps sc or seg.")
            }
            return
        }
        maps = heatmaps == .none ? nil : try ActivationMaps(folder, threads: context.threads)
        if heatmaps != .none && maps == nil {
            throw InputError(
                .unsupported,
                "\(name) has no global average pooling in front of its last layer, so that its scores have no place. "
                    + "Leave --heatmaps out.")
        }
    }

    /// nil of a model of maps.
    func prediction(of image: Image) throws -> Prediction? {
        hasScores ? try predictor.predict([image])[0] : nil
    }

    /// Of the labels found, else of the one with the highest score; of a model of maps its own.
    func maps(of image: Image, _ prediction: Prediction?) throws -> [LabelMap] {
        guard let prediction, let maps else {
            return [("Heat map", try predictor.heatmaps(for: [image])[0].enlarged(to: image))]
        }
        let labels = prediction.labels
        var chosen = labels.indices.filter { prediction.found.contains(labels[$0]) }
        if chosen.isEmpty, let best = labels.indices.max(by: { prediction.scores[$0] < prediction.scores[$1] }) {
            chosen = [best]
        }
        return zip(chosen, try maps.maps(of: chosen, in: image)).map { (labels[$0], $1.enlarged(to: image)) }
    }
}

extension NDArray {
    /// A map of values 0...1, `[rows, columns]`, over an image: the network saw the image stretched to its input.
    func enlarged(to image: Image) -> Image {
        let values = values.map { UInt16((max(0, min(1, $0)) * 65_535).rounded()) }
        let small = Image(width: shape[1], height: shape[0], channels: 1, samples: .uint16(values))
        let large = small.resized(height: image.height, width: image.width)
        guard case .uint16(let samples) = large.samples else { preconditionFailure("samples keep their type") }
        return Image(
            width: image.width, height: image.height, channels: 1,
            samples: .uint8(samples.map { UInt8((Int($0) + 128) / 257) }))
    }
}
