import Foundation
import Imaging
import Inference
public import LightboxCore
public import Networks

extension FeatureExtractor {
    /// How an extractor is made.
    public struct Settings: Sendable {
        public var precision = Precision.auto
        /// The least mean cosine to f32 that `auto` accepts.
        public var agreement = 0.999
        /// Images computed at once.
        public var batch = 8
        /// nil: all cores that the process may use.
        public var threads: Int?
        /// Where quantised models are kept; nil: nowhere.
        public var cacheFolder: String?
        /// An int8 model that was made before, of the same model: it is taken as it is, without a sample.
        public var quantised: Bytes?
        /// How quantised models are made.
        public var quantiser = Quantiser()

        public init(precision: Precision = .auto, cacheFolder: String? = nil) {
            self.precision = precision
            self.cacheFolder = cacheFolder
        }
    }

    /// Images of the sample that calibrate an int8 model, and as many that precisions are compared on.
    public static let sampleCount = 32

    /// Compiles `model` in the precision that `settings` name, or in the one that suits the sample. Blocks the
    /// calling thread: seconds for f32 and bf16, up to half a minute for `auto` on a large network.
    ///
    /// - Parameters:
    ///   - sample: prepared images, `[height, width, channels]` each, from all over the input; twice
    ///     ``sampleCount`` are enough. Needed for `int8` and `auto` only. Every second one calibrates, the others
    ///     are for comparing.
    ///   - report: told what is being done.
    public init(
        _ model: FeatureModel, sample: [NDArray] = [], settings: Settings = Settings(),
        report: (String) -> Void = { _ in }
    ) throws {
        let input = model.preprocessing
        let shape = [1, input.height, input.width, input.channels]
        guard sample.allSatisfy({ $0.count == input.count }) else {
            throw FeatureError(
                code: .inputMismatch, model: model.name,
                remedy: "Prepare the sample's images with the model's own preprocessing, \(shape.dropFirst()).")
        }
        let sample = sample.map { NDArray(shape: shape, values: $0.values) }
        if settings.precision == .auto {
            self = try FeatureExtractor.fastest(model, sample: sample, settings: settings, report: report)
            return
        }
        try self.init(model, precision: settings.precision, sample: sample, settings: settings, report: report)
    }

    init(
        _ model: FeatureModel, precision: Precision, sample: [NDArray], settings: Settings,
        report: (String) -> Void
    ) throws {
        var source = model.source
        var hash: ContentHash?
        quantised =
            precision != .int8
            ? nil
            : try settings.quantised
                ?? QuantisedModels(settings: settings).model(for: model, sample: sample, report: report)
        if let quantised {
            source = .onnx(quantised, name: model.name)
            hash = quantised.withUnsafeBytes { ContentHash(of: $0) }
        }
        report("compiling \(model.name) in \(precision.rawValue)")
        // A stream of one thread each: threads that share a batch wait for one another whenever a decoder takes a
        // core, which costs a tenth of the rate. Beyond four cores memory counts, so streams share two.
        let cores = settings.threads ?? ProcessInfo.processInfo.activeProcessorCount
        let options = CompiledModel.Options(
            precision: precision.arithmetic, batch: settings.batch, streams: cores <= 4 ? cores : cores / 2,
            threads: settings.threads)
        let compiled = try CompiledModel(imageModel: source, options: options, preprocessing: model.preprocessing)
        self.model = compiled
        layout = try ImageLayout(
            compiled.inputs, batch: settings.batch, preprocessing: model.preprocessing, model: model.name)
        batch = layout.batch
        featureCount = try FeatureExtractor.featureCount(of: compiled, layout, model)
        provenance = Provenance(
            network: model.name, weights: model.weightsHash, pooling: model.pooling, precision: precision,
            preprocessing: model.preprocessing, quantisedModel: hash)
    }

    private static func featureCount(
        of compiled: CompiledModel, _ layout: ImageLayout, _ model: FeatureModel
    ) throws -> Int {
        guard let shape = compiled.outputs.first?.shape, shape.count >= 2, !shape.dropFirst().contains(nil) else {
            throw FeatureError(
                code: .modelUnsuitable, model: model.name,
                remedy: "Its first output has no fixed size. Export it with a fixed image size.")
        }
        let lengths = shape.dropFirst().compactMap { $0 }
        if lengths.count == 3, model.pooling != .none { return layout.isChannelsFirst ? lengths[0] : lengths[2] }
        return lengths.reduce(1, *)
    }
}

extension CompiledModel {
    /// Compiles a model with one image input, whose open batch, height and width are fixed.
    convenience init(imageModel source: ModelSource, options: Options, preprocessing: Preprocessing) throws {
        try self.init(source, options: options) { port in
            guard let shape = port.shape, shape.count == 4 else { return nil }
            let isFirst = shape[1] == preprocessing.channels && shape[3] != preprocessing.channels
            let lengths = [preprocessing.height, preprocessing.width, preprocessing.channels]
            let wanted = isFirst ? [lengths[2], lengths[0], lengths[1]] : lengths
            return zip(shape, [options.batch ?? 1] + wanted).map { $0 ?? $1 }
        }
    }
}
