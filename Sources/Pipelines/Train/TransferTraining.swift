import Datasets
public import Features
import Foundation
import KerasFiles
import LightboxCore
import ModelRegistry
public import Networks
import Torch
public import Training

/// Trains a small classifier behind a network that is left as it is, and joins both to one model: image in,
/// scores out.
///
/// Every image goes through the network once; the classifier learns from the vectors. Records of vectors computed
/// earlier (`lightbox embed --output x.tfrecord`) are taken as they are.
public struct TransferTraining: Sendable {
    public var input: TrainingInput
    public var place: TrainingPlace
    public var settings: TrainingSettings
    /// An architecture's name.
    public var network: String
    /// Its Keras weight file; nil for the one in the home's `weights` folder.
    public var weights: String?
    /// Seeded, untrained weights: for trying things out.
    public var isUntrained = false
    public var pooling = Pooling.average
    /// Units of a hidden layer with ReLU; nil for none.
    public var hiddenUnits: Int?
    public var dropout: Float = 0
    /// One more class, the last, for images without a label.
    public var hasExtraSlot = true
    public var shape: ImageShape?
    /// Of the network while the vectors are computed.
    public var precision = Precision.float32
    /// Layers that learn as well, once the classifier has learned; nil leaves the network as it is.
    public var fineTune: TrainableLayers?
    /// Learning rate of ``fineTune``, whose epochs are the settings'.
    public var fineTuneRate = 1e-5
    /// The first so many held-out images only; nil for all.
    public var heldOutLimit: Int?

    public init(_ network: String, input: TrainingInput, place: TrainingPlace, settings: TrainingSettings) {
        self.network = network
        self.input = input
        self.place = place
        self.settings = settings
    }

    /// - Parameter note: gets a line now and then: a validation's result, what was left out.
    public func run(_ context: StageContext, note: @escaping (String) -> Void = { _ in }) throws -> TrainedModel {
        guard try GroupPlace(environment: place.environment) == nil else {
            throw InputError(
                .unsupported, "`lightbox train transfer` runs in one process: start it without WORLD_SIZE or srun."
            )
        }
        let folder = try context.home.outputFolder(of: place.output)
        try place.prepare(folder)
        var sets = try input.read(context)
        if let heldOutLimit, let heldOut = sets.heldOut, heldOut.count > heldOutLimit {
            sets.heldOut = heldOut.selecting(Array(0..<heldOutLimit))
        }
        let backbone = try Backbone(self, context)
        let isStates = sets.labels.kind == .states
        let head = ClassifierHead(
            pooling: pooling, hiddenUnits: hiddenUnits, dropout: dropout,
            classes: sets.labels.count + (hasExtraSlot && !isStates ? 1 : 0))
        var settings = settings
        let vectors = try vectors(
            of: sets.training, "train", backbone, context, seed: settings.seed, &sets.problems)
        settings.batchSize = min(settings.batchSize, vectors.count)
        var trainer = Trainer(
            settings, graph: try head.graph(features: backbone.featureCount),
            training: try vectors.data(sets.labels, batchSize: settings.batchSize, seed: settings.seed),
            validation: try sets.heldOut.map {
                try self.vectors(of: $0, "held-out", backbone, context, seed: nil, &sets.problems)
                    .data(sets.labels, batchSize: 256, seed: nil)
            }, folder: RunFolder(path: folder))
        trainer.description = [("network", network), ("data", input.images), ("weights", backbone.weightsName)]
        let teller = TrainingTeller(context: context, batchSize: settings.batchSize, note: note)
        let run = try trainer.run(resuming: place.resumes, isCancelled: context.isCancelled, on: teller.tell)
        var trained = TrainedModel(run: run, model: nil, problems: sets.problems)
        guard run.ending != .interrupted else { return trained }
        trained.model = try write(backbone, head, sets, run, settings, folder)
        return try fineTune.map { try tune(trained, $0, context, note) } ?? trained
    }

    private func write(
        _ backbone: Backbone, _ head: ClassifierHead, _ sets: TrainingInput.Sets, _ run: TrainingReport,
        _ settings: TrainingSettings, _ folder: String
    ) throws -> ModelFolder {
        let preprocessing = backbone.preprocessing
        let input = [preprocessing.height, preprocessing.width, preprocessing.channels]
        let graph = try backbone.network.graph(
            height: input[0], width: input[1], channels: input[2], head: head)
        let trained = try RunFolder(path: folder).weights(run.best == nil ? .last : .best)
        let labels = sets.labels
        let manifest = try place.manifest(
            architecture: .network(name: backbone.network.name, input: input, top: .head(head)),
            preprocessing: preprocessing,
            output: labels.kind == .states
                ? .states(labels.names) : .classes(labels.names, hasExtraSlot: hasExtraSlot),
            run: run, settings: settings,
            data: .init(sha256: sets.training.fingerprint, counts: sets.counts), pretrained: backbone.hash)
        return try ModelFolder.write(
            manifest, weights: backbone.weights.joined(withHead: trained, for: graph),
            attachments: [SeenImages.fileName: SeenImages.list(sets.training)],
            to: TrainingPlace.model(in: folder), isReplacing: true)
    }

    /// Goes on with the joined network, whose last layers learn too, in a run of its own below the first.
    private func tune(
        _ trained: TrainedModel, _ layers: TrainableLayers, _ context: StageContext,
        _ note: @escaping (String) -> Void
    ) throws -> TrainedModel {
        guard let model = trained.model else { return trained }
        var place = place
        place.output += "/fine-tuning"
        var settings = settings
        settings.trainable = layers
        settings.maxSteps = nil
        settings.learningRate.peak = fineTuneRate
        settings.batchSize = min(settings.batchSize, 16)
        var tuning = NetworkTraining(network, input: input, place: place, settings: settings)
        tuning.start = model.path
        tuning.pooling = pooling
        tuning.hiddenUnits = hiddenUnits
        tuning.dropout = dropout
        tuning.hasExtraSlot = hasExtraSlot
        tuning.shape = shape
        var tuned = try tuning.run(context, note: note)
        guard let better = tuned.model else { return tuned }
        let attachments = [
            SeenImages.fileName: Bytes(try MappedFile(path: better.path + "/" + SeenImages.fileName))
        ]
        tuned.model = try ModelFolder.write(
            better.manifest, weights: better.weights(), attachments: attachments, to: model.path, isReplacing: true
        )
        return tuned
    }
}

/// The network whose vectors are learned from.
private struct Backbone {
    let network: Network
    let preprocessing: Preprocessing
    let weights: NetworkWeights
    let weightsName: String
    let hash: ContentHash?
    let extractor: FeatureExtractor
    var featureCount: Int { extractor.featureCount }

    init(_ training: TransferTraining, _ context: StageContext) throws {
        network = try Network.named(training.network)
        var preprocessing = network.preprocessing
        if let shape = training.shape {
            (preprocessing.height, preprocessing.width, preprocessing.channels) =
                (shape.height, shape.width, shape.channels)
        }
        self.preprocessing = preprocessing
        let graph = try network.graph(
            height: preprocessing.height, width: preprocessing.width, channels: preprocessing.channels,
            output: .features(training.pooling))
        if training.isUntrained {
            weights = NetworkWeights.initial(for: graph, seed: 0)
            (weightsName, hash) = ("untrained", nil)
        } else {
            guard
                let path = try training.weights.map(context.home.fetched)
                    ?? ExtractorConfiguration.pulledWeights(network, context.home)
            else {
                throw InputError(
                    .notFound,
                    "There are no weights for \(network.name) in \(context.home.weights). Fetch them with `lightbox "
                        + "weights pull \(network.name)`, name a file with --weights, or try with --untrained.")
            }
            weights = try KerasFile.weights(path, for: graph)
            (weightsName, hash) = ((path as NSString).lastPathComponent, try ContentHash(ofFile: path))
        }
        let model = try FeatureModel(
            network: network, weights: weights, hash: hash ?? ContentHash(of: "untrained".utf8),
            pooling: training.pooling, preprocessing: preprocessing)
        var settings = FeatureExtractor.Settings(precision: training.precision, cacheFolder: context.home.cache)
        settings.threads = context.threads
        extractor = try FeatureExtractor(model, settings: settings)
    }
}

/// The vectors of a data set, in its order, without the images that could not be read.
private struct Vectors {
    var values: [Float] = []
    var classes: [Int?] = []
    var states: [[LabelState]] = []
    var length = 0
    var count: Int { length > 0 ? values.count / length : 0 }

    func data(_ labels: LabelSet, batchSize: Int, seed: UInt64?) throws -> MemoryData {
        try MemoryData(
            inputs: NDArray(shape: [count, length], values: values),
            targets: labels.kind == .states ? .states(states) : .classes(classes), names: labels.names,
            batchSize: batchSize, seed: seed)
    }
}

extension TransferTraining {
    /// Reads or computes the vectors; several batches are under way at once.
    private func vectors(
        of dataset: LabelledDataset, _ what: String, _ backbone: Backbone, _ context: StageContext, seed: UInt64?,
        _ problems: inout [StageReport.Problem]
    ) throws -> Vectors {
        var settings = BatchSettings.evaluation(batchSize: backbone.extractor.batch)
        settings.threads = context.threads
        settings.damage = .leaveOut
        let isVectors = dataset.content.vectorLength != nil
        if let length = dataset.content.vectorLength, length != backbone.featureCount {
            throw InputError(
                .invalidInput,
                "The records hold vectors of \(length) numbers; \(network) gives \(backbone.featureCount).")
        }
        let loader = try BatchLoader(
            dataset, preprocessing: isVectors ? nil : backbone.preprocessing, settings: settings,
            decode: decodeAnyImage)
        loader.begin(epoch: 0)
        var result = Vectors()
        result.length = backbone.featureCount
        let extractor = backbone.extractor
        try mapInOrder(
            threads: context.threads,
            next: { context.isCancelled() ? nil : try loader.next() },
            transform: { batch in (batch, isVectors ? [batch.images.values] : try extractor.run(batch.images)) },
            consume: { batch, vectors in
                for vector in vectors { result.values += vector }
                result.classes += batch.classes
                result.states += batch.states
                context.progress(
                    ProgressUpdate(stage: "\(what) vectors", completed: result.count, total: dataset.count))
                return true
            })
        if context.isCancelled() { throw Cancelled(stage: "train") }
        problems += loader.problems
        return result
    }
}

extension LabelledDataset.Content {
    /// Numbers in each vector; nil for images.
    fileprivate var vectorLength: Int? { if case .vectors(let length) = self { length } else { nil } }
}
