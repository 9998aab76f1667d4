public import Datasets
import Features
import Foundation
import KerasFiles
public import LightboxCore
import ModelRegistry
public import Networks
import Torch
public import Training

/// Trains a whole network, or its last layers, on images: findings, classes or heat maps.
///
/// The backbone starts from a Keras file, from another trained model's folder, or from seeded random weights.
public struct NetworkTraining: Sendable {
    public var input: TrainingInput
    public var place: TrainingPlace
    public var settings: TrainingSettings
    /// An architecture's name.
    public var network: String
    /// Keras weights (`.h5`, `.keras`) or a model folder to start from; nil for random weights.
    public var start: String?
    /// Height, width, channels; the network's own unless told.
    public var shape: ImageShape?
    /// Scaling of the pixels; the network's own unless told.
    public var scaling: Preprocessing.Scaling?
    public var pooling = Pooling.average
    public var hiddenUnits: Int?
    public var dropout: Float = 0
    public var augmentation = Augmentation.none
    public var sampling = BatchSettings.Sampling.each
    /// One more class, the last, for images without a label.
    public var hasExtraSlot = false

    public init(_ network: String, input: TrainingInput, place: TrainingPlace, settings: TrainingSettings) {
        self.network = network
        self.input = input
        self.place = place
        self.settings = settings
    }

    /// - Parameter note: gets a line now and then: a validation's result, layers that start afresh.
    public func run(_ context: StageContext, note: @escaping (String) -> Void = { _ in }) throws -> TrainedModel {
        let group = try ProcessGroup.fromEnvironment(place.environment)
        if (group?.rank ?? 0) == 0 { try place.prepare(context.home.localPath(of: place.output)) }
        try group?.barrier()
        return try run(on: input.read(context), with: group, context, note: note)
    }

    /// The same on data that has been read, in a folder that has been prepared.
    func run(
        on sets: TrainingInput.Sets, with group: ProcessGroup?, _ context: StageContext,
        note: @escaping (String) -> Void
    ) throws -> TrainedModel {
        let folder = try context.home.localPath(of: place.output)
        let model = try Design(self, labels: sets.labels, content: sets.training.content)
        var trainer = Trainer(
            settings, graph: model.graph,
            training: try data(sets.training, model, group, context, isTraining: true),
            validation: try sets.heldOut.map { try data($0, model, group, context, isTraining: false) },
            start: try startingWeights(for: model, context), folder: RunFolder(path: folder), group: group)
        trainer.device = try place.chosenDevice(rank: group?.rank ?? 0)
        trainer.description = [("network", network), ("data", input.images), ("weights", start ?? "random")]
        let teller = TrainingTeller(context: context, batchSize: settings.batchSize, note: note)
        let run = try trainer.run(resuming: place.resumes, isCancelled: context.isCancelled, on: teller.tell)
        var trained = TrainedModel(run: run, model: nil, problems: sets.problems)
        if run.ending != .interrupted && (group?.rank ?? 0) == 0 {
            trained.model = try write(model, run, sets, folder, context)
        }
        try group?.barrier()
        return trained
    }

    private func data(
        _ dataset: LabelledDataset, _ model: Design, _ group: ProcessGroup?, _ context: StageContext,
        isTraining: Bool
    ) throws -> LoaderData {
        let processes = group?.count ?? 1
        guard settings.batchSize % processes == 0 else {
            throw InputError(.invalidInput, "--batch-size must be a multiple of the \(processes) processes.")
        }
        let batch = settings.batchSize / processes
        var batches =
            isTraining
            ? BatchSettings.training(batchSize: batch, seed: settings.seed) : .evaluation(batchSize: batch)
        batches.threads = context.threads
        (batches.rank, batches.processes) = (group?.rank ?? 0, processes)
        if isTraining { (batches.augmentation, batches.sampling) = (augmentation, sampling) }
        let loader = try BatchLoader(
            dataset, preprocessing: model.preprocessing, settings: batches, decode: decodeAnyImage)
        return try LoaderData(loader, preprocessing: model.preprocessing)
    }

    private func startingWeights(for model: Design, _ context: StageContext) throws -> NetworkWeights? {
        guard let start else { return nil }
        let path = try context.home.localPath(of: start)
        if let folder = try? ModelFolder(path: ModelPlace.resolve(path)) { return try folder.weights() }
        return try KerasFile.weights(path, for: model.backbone)
    }

    private func write(
        _ model: Design, _ run: TrainingReport, _ sets: TrainingInput.Sets, _ folder: String,
        _ context: StageContext
    ) throws -> ModelFolder {
        let weights = try RunFolder(path: folder).weights(run.best == nil ? .last : .best)
        let pretrained = try start.flatMap { start -> ContentHash? in
            let path = try context.home.localPath(of: start)
            return try? ContentHash(ofFile: path)
        }
        let manifest = try place.manifest(
            architecture: model.architecture, preprocessing: model.preprocessing, output: model.output, run: run,
            settings: settings,
            data: .init(sha256: sets.training.fingerprint, counts: sets.counts), pretrained: pretrained)
        return try ModelFolder.write(
            manifest, weights: weights, attachments: [SeenImages.fileName: SeenImages.list(sets.training)],
            to: TrainingPlace.model(in: folder), isReplacing: true)
    }
}

/// What is trained, and how it is written down afterwards.
private struct Design {
    let graph: Graph
    /// The layers below the head, whose weights a file may hold.
    let backbone: Graph
    let preprocessing: Preprocessing
    let architecture: ModelArchitecture
    let output: ModelOutput

    init(_ training: NetworkTraining, labels: LabelSet, content: LabelledDataset.Content) throws {
        let network = try Network.named(training.network)
        var preprocessing = network.preprocessing
        if let shape = training.shape {
            (preprocessing.height, preprocessing.width, preprocessing.channels) =
                (shape.height, shape.width, shape.channels)
        }
        if let scaling = training.scaling { preprocessing.scaling = scaling }
        self.preprocessing = preprocessing
        let input = [preprocessing.height, preprocessing.width, preprocessing.channels]
        backbone = try network.graph(
            height: input[0], width: input[1], channels: input[2],
            output: .features(content == .heatmaps ? .none : training.pooling))
        if content == .heatmaps {
            (graph, output) = (backbone, .heatmap)
            architecture = .network(name: network.name, input: input, top: .map)
            return
        }
        let isStates = labels.kind == .states
        let head = ClassifierHead(
            pooling: training.pooling, hiddenUnits: training.hiddenUnits, dropout: training.dropout,
            classes: labels.count + (training.hasExtraSlot && !isStates ? 1 : 0))
        graph = try network.graph(height: input[0], width: input[1], channels: input[2], head: head)
        output =
            isStates
            ? .states(labels.names) : .classes(labels.names, hasExtraSlot: training.hasExtraSlot)
        architecture = .network(name: network.name, input: input, top: .head(head))
    }
}
