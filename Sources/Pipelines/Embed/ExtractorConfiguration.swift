public import Features
import Foundation
import Imaging
public import LightboxCore
public import Networks

/// Which extractor `embed` runs, as the user names it.
public struct ExtractorConfiguration: Sendable, Codable, Hashable {
    /// Where the numbers of the network come from.
    public enum Source: Sendable, Codable, Hashable {
        /// One of the architectures, with a Keras weight file; nil for the one in the home's `weights` folder.
        case network(String, weights: String?)
        /// One of the architectures with seeded weights that were never trained.
        case untrained(String)
        /// A model file of the user's: ONNX, SavedModel folder, OpenVINO IR, TFLite.
        case model(path: String, Preprocessing)
    }

    public var source: Source
    public var pooling = Pooling.average
    public var precision = Precision.auto
    /// The least mean cosine to f32 that `auto` accepts.
    public var agreement = 0.999
    /// Height, width and channels other than the network's own.
    public var shape: ImageShape?
    /// An int8 model that was calibrated elsewhere: a file, to be taken as it is.
    var quantised: String?

    public init(_ source: Source) { self.source = source }

    /// Compiles the extractor, in the precision that is asked for or that suits the sample.
    ///
    /// - Parameters:
    ///   - batch: images that go through the network together.
    ///   - sample: for `auto` and `int8`: images from all over the input.
    ///   - report: told what is being done.
    public func extractor(
        home: Home, batch: Int, threads: Int? = nil, sample: [Image], report: (String) -> Void = { _ in }
    ) throws -> FeatureExtractor {
        var settings = FeatureExtractor.Settings(precision: precision, cacheFolder: home.cache)
        settings.agreement = agreement
        settings.batch = batch
        settings.threads = threads
        settings.quantised = try quantised.map { Bytes(try MappedFile(path: $0)) }
        let model = try model(home)
        let inputs = sample.map { image in
            let input = model.preprocessing.apply(to: image)
            return NDArray(shape: [1] + input.shape, values: input.values)
        }
        return try FeatureExtractor(model, sample: inputs, settings: settings, report: report)
    }

    private func model(_ home: Home) throws -> FeatureModel {
        switch source {
        case .network(let name, let weights):
            let network = try Network.named(name)
            let file = try weights.map(home.fetched) ?? Self.pulledWeights(network, home)
            guard let file else {
                throw InputError(
                    .notFound,
                    "There are no weights for \(network.name) in \(home.weights). Fetch them with `lightbox weights "
                        + "pull \(network.name)`, name a file with --weights, or try things out with --untrained.")
            }
            return try FeatureModel(
                network: network, weights: file, pooling: pooling, preprocessing: preprocessing(network))
        case .untrained(let name):
            let network = try Network.named(name)
            let input = preprocessing(network)
            let graph = try network.graph(
                height: input.height, width: input.width, channels: input.channels, output: .features(pooling))
            return try FeatureModel(
                network: network, weights: NetworkWeights.initial(for: graph, seed: 0),
                hash: ContentHash(of: "untrained \(network.name) 0".utf8), pooling: pooling, preprocessing: input)
        case .model(let path, let preprocessing):
            return try FeatureModel(
                file: home.fetched(path), pooling: pooling, preprocessing: preprocessing)
        }
    }

    /// The file that `lightbox weights pull` put into the home folder, if it did.
    static func pulledWeights(_ network: Network, _ home: Home) -> String? {
        let downloader = WeightsDownloader(folder: home.weights)
        let files = [false, true].compactMap { try? WeightsCatalogue.file(network.name, top: $0) }
        return files.map(downloader.path(of:)).first(where: FileManager.default.fileExists)
    }

    private func preprocessing(_ network: Network) -> Preprocessing {
        var preprocessing = network.preprocessing
        if let shape {
            (preprocessing.height, preprocessing.width, preprocessing.channels) =
                (shape.height, shape.width, shape.channels)
        }
        return preprocessing
    }
}
