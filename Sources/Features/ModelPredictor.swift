import Foundation
import Imaging
import Inference
public import LightboxCore
public import ModelRegistry
import Networks

/// Turns images into the scores of a trained model, with the preprocessing, temperature and thresholds that its
/// folder keeps.
///
/// The computing is ``FeatureExtractor``'s: the model's output takes the place of the features. A model with a
/// temperature gives its values before the activation, and the activation is applied here, in Double.
public struct ModelPredictor: Sendable {
    public let output: ModelOutput
    /// What the scores are computed with.
    public var provenance: FeatureExtractor.Provenance { extractor.provenance }
    public var preprocessing: Preprocessing { extractor.preprocessing }
    /// Images that are computed at once; fewer cost as much.
    public var batch: Int { extractor.batch }
    /// What each precision did on the sample; nil when the precision was given.
    public var report: PrecisionReport? { extractor.report }

    /// The calibrated model that computes (int8 only).
    package var quantised: Bytes? { extractor.quantised }

    let extractor: FeatureExtractor
    let calibration: Calibration

    /// Compiles a model's folder. Blocks the calling thread, 0.2 to 2 seconds for the usual networks.
    ///
    /// - Parameters:
    ///   - sample: prepared images, needed for the precisions `int8` and `auto` only.
    ///   - settings: precision (f32 unless told), batch, threads.
    public init(
        _ folder: ModelFolder, sample: [NDArray] = [],
        settings: FeatureExtractor.Settings = .init(precision: .float32),
        report: (String) -> Void = { _ in }
    ) throws {
        try self.init(
            file: folder.modelPath, name: folder.manifest.name, output: folder.manifest.output,
            preprocessing: folder.manifest.preprocessing, sample: sample, settings: settings, report: report)
    }

    /// Compiles a bare model file with one image input, the first output of which is the scores: ONNX, OpenVINO
    /// `.xml`, SavedModel folder or `.tflite`.
    ///
    /// - Parameter output: what the file does not say: labels, and what its last activation is.
    public init(
        file path: String, name: String? = nil, output: ModelOutput, preprocessing: Preprocessing,
        sample: [NDArray] = [], settings: FeatureExtractor.Settings = .init(precision: .float32),
        report: (String) -> Void = { _ in }
    ) throws {
        var model = try FeatureModel(file: path, pooling: .none, preprocessing: preprocessing)
        var calibration = Calibration(output)
        if calibration.isNeeded, let values = try model.withoutLastActivation() {
            model = values
            calibration.takesLogits = true
        }
        extractor = try FeatureExtractor(
            model.named(name ?? path), sample: sample, settings: settings, report: report)
        self.output = output
        self.calibration = calibration
        if output.kind != .heatmap, extractor.featureCount != output.scoreCount {
            throw FeatureError(
                code: .modelUnsuitable, model: name ?? path,
                remedy: "It gives \(extractor.featureCount) scores, and there are \(output.scoreCount) labels.")
        }
    }

    /// Prepares images as one input: `[images.count, height, width, channels]`.
    public func input(for images: [Image]) -> NDArray { extractor.input(for: images) }

    /// Scores images of any number and size, in the order given, while the calling thread waits.
    ///
    /// - Parameters:
    ///   - images: one or three channels, display values over the whole range of their type.
    ///   - keys: who the images are, as many; or none.
    public func predict(_ images: [Image], keys: [InstanceKey] = []) throws -> [Prediction] {
        precondition(keys.isEmpty || keys.count == images.count, "one key for each image, or none")
        try requireScores()
        return predictions(try extractor.run(images), keys: keys)
    }

    /// Scores a prepared batch, `[n, height, width, channels]` with n at most ``batch``, while the calling thread waits.
    public func predict(_ images: NDArray, keys: [InstanceKey]) throws -> [Prediction] {
        precondition(keys.count == images.shape.first, "one key for each image")
        try requireScores()
        return predictions(try extractor.run(images), keys: keys)
    }

    /// As `predict(_:keys:)`, suspending the calling task instead of blocking its thread.
    public func predictions(for images: [Image], keys: [InstanceKey] = []) async throws -> [Prediction] {
        precondition(keys.isEmpty || keys.count == images.count, "one key for each image, or none")
        try requireScores()
        return predictions(try await extractor.vectors(for: images), keys: keys)
    }

    /// Scores prepared batches as they come from `next`, until that gives nil, and hands the predictions to
    /// `consume` in the same order. See ``FeatureExtractor/process(next:consume:)``.
    ///
    /// - Parameter next: as many keys as the batch has images, and the batch: at most ``batch`` images.
    public func process(
        next: () async throws -> (keys: [InstanceKey], batch: NDArray)?,
        consume: ([Prediction]) async throws -> Void
    ) async throws {
        try requireScores()
        try await extractor.process(
            next: { () async throws -> (context: [InstanceKey], batch: NDArray)? in
                try await next().map { (context: $0.keys, batch: $0.batch) }
            },
            consume: { (keys: [InstanceKey], values) in try await consume(predictions(values, keys: keys)) })
    }

    private func predictions(_ values: [[Float]], keys: [InstanceKey]) -> [Prediction] {
        values.indices.map { index in
            Prediction(
                key: keys.isEmpty ? InstanceKey(fields: []) : keys[index], labels: output.labels,
                scores: calibration.scores(values[index]), thresholds: output.thresholds)
        }
    }

    private func requireScores() throws {
        guard output.kind != .heatmap else {
            throw FeatureError(
                code: .modelUnsuitable, model: extractor.provenance.network,
                remedy: "This model gives heat maps, not scores. Ask for its heat maps.")
        }
    }
}

extension ModelPredictor {
    /// The map of each image, 0...1, `[height, width]` of the model's input size, while the calling thread waits.
    ///
    /// - Throws: ``FeatureError`` for a model that gives scores.
    public func heatmaps(for images: [Image]) throws -> [NDArray] {
        let (height, width) = (preprocessing.height, preprocessing.width)
        guard output.kind == .heatmap, extractor.featureCount == height * width else {
            throw FeatureError(
                code: .modelUnsuitable, model: extractor.provenance.network,
                remedy: "This model gives \(extractor.featureCount) scores, not a map of the image's size.")
        }
        return try extractor.run(images).map { NDArray(shape: [height, width], values: $0) }
    }
}
