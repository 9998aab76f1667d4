import Features
import Foundation
import Imaging
import Inference
import LightboxCore
import ModelRegistry
import Networks

/// A model with a `model.json`: images in, scores or a map out, with the preprocessing, temperature and thresholds
/// that its folder keeps.
final class FolderModel: Sendable {
    let manifest: ModelManifest
    let engine: Engine
    let settings: LoadedModel.Settings
    /// Computes what only some requests ask for.
    let explainer: Explainer?
    private let calibration: ModelPredictor.Calibration

    var preprocessing: Preprocessing { manifest.preprocessing }
    var output: ModelOutput { manifest.output }

    /// The calls of a folder: image files, their URLs, pixels, or the network's own input.
    static func calls(
        _ folder: ModelFolder, name: String, settings: LoadedModel.Settings
    ) throws -> [any ServedCall] {
        let model = try FolderModel(folder, name: name, settings: settings)
        return ImageCall.Form.allCases.map { ImageCall(form: $0, model: model) }
    }

    private init(_ folder: ModelFolder, name: String, settings: LoadedModel.Settings) throws {
        manifest = folder.manifest
        self.settings = settings
        var source = ModelSource.file(folder.modelPath)
        var calibration = ModelPredictor.Calibration(folder.manifest.output)
        var onnx: ONNXModel?
        if folder.modelPath.lowercased().hasSuffix(".onnx") {
            try ONNXCheck.check(folder.modelPath)
            onnx = try Bytes(MappedFile(path: folder.modelPath)).withUnsafeBytes { try ONNXModel(bytes: $0) }
        }
        explainer = onnx.flatMap { Explainer($0, file: folder.modelPath, settings: settings) }
        if calibration.isNeeded, let values = onnx?.withoutLastActivation() {
            source = .onnx(Bytes(try values.serialized()), name: folder.modelPath)
            calibration.takesLogits = true
        }
        self.calibration = calibration
        engine = try Engine(source, settings: settings.engine)
        _ = try ImageLayout(engine.inputs, batch: 1, preprocessing: folder.manifest.preprocessing, model: name)
        let size = engine.outputs.first?.shape?.dropFirst().reduce(1) { $0 * ($1 ?? 1) }
        let output = folder.manifest.output
        guard size == output.scoreCount || output.kind == .heatmap else {
            throw ServingError(
                .modelRefused, model: name, "it gives \(size ?? 0) scores and has \(output.scoreCount) labels",
                remedy: "Give one label for each score.")
        }
    }

    var offeredExtras: Extras {
        if output.kind == .heatmap { return .heatmap }
        guard let explainer else { return [.labels, .probabilities] }
        return [.labels, .probabilities, .embedding, explainer.hasMap ? .heatmap : []]
    }

    /// The outputs for prepared images.
    ///
    /// - Parameter images: `[n, height, width, channels]`, scaled.
    func outputs(
        _ images: NDArray, extras: Extras, isAlone: Bool, deadline: ContinuousClock.Instant?
    ) async throws -> [String: ServedTensor] {
        let rows = images.shape[0]
        let layout = try ImageLayout(
            engine.inputs, batch: rows, preprocessing: preprocessing, model: manifest.name)
        let values = try await engine.predict(
            [layout.tensor(images)], rows: rows, isAlone: isAlone, deadline: deadline)
        guard let result = values.first?.array else { return [:] }
        if output.kind == .heatmap { return try mapOutputs(result, extras) }
        let predictions = self.predictions(result, rows: rows)
        var outputs = scoreOutputs(predictions, extras)
        if extras.contains(.heatmap) || extras.contains(.embedding) {
            outputs.merge(try await explained(images, predictions, extras, isAlone, deadline)) { first, _ in first
            }
        }
        return outputs
    }

    private func predictions(_ values: NDArray, rows: Int) -> [Prediction] {
        let size = values.count / max(rows, 1)
        return (0..<rows).map { row in
            Prediction(
                labels: output.labels,
                scores: calibration.scores(Array(values.values[(row * size)..<((row + 1) * size)])),
                thresholds: output.thresholds)
        }
    }

    private func scoreOutputs(_ predictions: [Prediction], _ extras: Extras) -> [String: ServedTensor] {
        let rows = predictions.count
        let scores = ServedTensor(
            shape: [rows, output.scoreCount], elements: .float32(predictions.flatMap(\.scores)))
        var outputs = ["scores": scores]
        if output.kind == .classes {
            outputs["prediction"] = ServedTensor(
                shape: [rows], elements: .int64(predictions.map { Int64($0.bestIndex) }))
        }
        if extras.contains(.probabilities) { outputs["probabilities"] = scores }
        if extras.contains(.labels) {
            let shape = [rows, output.labels.count]
            let names = output.labels.map { Bytes($0.utf8) }
            outputs["labels"] = ServedTensor(
                shape: shape, elements: .strings(predictions.flatMap { _ in names }))
            outputs["found"] = ServedTensor(shape: shape, elements: .bool(predictions.flatMap(found)))
        }
        return outputs
    }

    /// For each label whether its score reaches the threshold; of classes without thresholds, whether it is the best.
    private func found(_ prediction: Prediction) -> [Bool] {
        if output.kind == .classes && output.thresholds.isEmpty {
            return prediction.labels.indices.map { $0 == prediction.bestIndex }
        }
        let found = Set(prediction.found)
        return prediction.labels.map(found.contains)
    }

    private func mapOutputs(_ result: NDArray, _ extras: Extras) throws -> [String: ServedTensor] {
        guard extras.isSubset(of: .heatmap) else {
            throw ServingError(
                .unavailableExtra, field: "extras", "this model gives maps, and no scores",
                remedy: "Ask for heatmap alone.")
        }
        var outputs = ["heatmap": ServedTensor(result)]
        if extras.contains(.heatmap) {
            let rows = result.shape[0]
            let size = result.count / max(rows, 1)
            let images = (0..<rows).map { row in
                let values = result.values[(row * size)..<((row + 1) * size)]
                let map = NDArray(shape: [preprocessing.height, preprocessing.width], values: Array(values))
                return HeatPicture.png(map, preprocessing, isNormalised: false)
            }
            outputs["heatmap_png_bytes"] = ServedTensor(shape: [rows], elements: .strings(images))
        }
        return outputs
    }

    private func explained(
        _ images: NDArray, _ predictions: [Prediction], _ extras: Extras, _ isAlone: Bool,
        _ deadline: ContinuousClock.Instant?
    ) async throws -> [String: ServedTensor] {
        guard let explainer else {
            throw ServingError(
                .unavailableExtra, field: "extras", "the model's last layer is not known",
                remedy: "Ask a model that was trained here.")
        }
        let found = try await explainer.explain(
            images, classes: predictions.map(\.bestIndex), wantsMap: extras.contains(.heatmap), isAlone: isAlone,
            deadline: deadline)
        var outputs: [String: ServedTensor] = [:]
        if extras.contains(.embedding) { outputs["embedding"] = ServedTensor(found.embedding) }
        if extras.contains(.heatmap) {
            let pictures = found.maps.map { HeatPicture.png($0, preprocessing, isNormalised: true) }
            outputs["heatmap_png_bytes"] = ServedTensor(shape: [pictures.count], elements: .strings(pictures))
        }
        return outputs
    }
}
