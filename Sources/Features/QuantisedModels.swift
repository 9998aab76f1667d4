import Foundation
import Inference
import LightboxCore
import Networks

/// Makes int8 models, and keeps them under the hash of everything they depend on.
struct QuantisedModels {
    let settings: FeatureExtractor.Settings

    /// The quantised model's ONNX bytes, from the cache where they stand there.
    func model(for model: FeatureModel, sample: [NDArray], report: (String) -> Void) throws -> Bytes {
        guard let onnx = model.onnx else {
            throw FeatureError(
                code: .precisionUnavailable, model: model.name,
                remedy:
                    "Only networks and ONNX files can be computed in int8. Use bf16, or export the model to ONNX.")
        }
        let calibration = FeatureExtractor.calibrationSample(sample)
        guard !calibration.isEmpty else {
            throw FeatureError(
                code: .sampleMissing, model: model.name,
                remedy: "int8 is calibrated on a sample of the input. Give one, or use bf16.")
        }
        let path = try settings.cacheFolder.map { $0 + "/quantised/" + (try key(onnx, calibration)) + ".onnx" }
        if let path, let kept = try? Bytes(MappedFile(path: path)), !kept.isEmpty { return kept }
        report("calibrating \(model.name) on \(calibration.count) images")
        let bytes = try quantise(onnx, model, calibration)
        if let path {
            try FileManager.default.createDirectory(
                atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
            try AtomicFile.write(bytes, to: path)
        }
        return Bytes(bytes)
    }

    private func quantise(_ onnx: Bytes, _ model: FeatureModel, _ calibration: [NDArray]) throws -> [UInt8] {
        let floating = try onnx.withUnsafeBytes { try ONNXModel(bytes: $0) }
        let result = try settings.quantiser.quantise(floating, calibration: calibration) { exposed in
            let options = CompiledModel.Options(batch: 1, threads: settings.threads)
            let source = ModelSource.onnx(Bytes(try exposed.serialized()), name: model.name)
            let compiled = try CompiledModel(
                imageModel: source, options: options, preprocessing: model.preprocessing)
            let layout = try ImageLayout(
                compiled.inputs, batch: 1, preprocessing: model.preprocessing, model: model.name)
            return { image in try compiled.run([layout.tensor(image)]).map(\.array) }
        }
        return try result.model.serialized()
    }

    /// Raised when the way of quantising changes.
    private static let version = 1

    private func key(_ onnx: Bytes, _ calibration: [NDArray]) throws -> String {
        var hasher = ContentHasher()
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        let text = try encoder.encode(settings.quantiser) + Data("version \(Self.version)".utf8)
        text.withUnsafeBytes { hasher.update($0) }
        onnx.withUnsafeBytes { hasher.update($0) }
        for image in calibration { image.values.withUnsafeBytes { hasher.update($0) } }
        return hasher.finalize().description
    }
}
