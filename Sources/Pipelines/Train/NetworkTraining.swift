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
    /// An architecture's name; not used with ``model``.
    public var network: String
    /// A whole model to go on with instead, whose own architecture stays: a Keras file (`.h5`, `.keras`), a model's
    /// folder or a run's. Layers with `trainable=false` stay as they are. Needs ``scaling`` for a Keras file.
    public var model: String?
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
        try ProcessGroup.working(in: place.environment, version: place.version) { group in
            if (group?.rank ?? 0) == 0 { try place.prepare(context.home.outputFolder(of: place.output)) }
            try group?.barrier()
            return try run(on: input.read(context), with: group, context, note: note)
        }
    }

    /// The same on data that has been read, in a folder that has been prepared.
    func run(
        on sets: TrainingInput.Sets, with group: ProcessGroup?, _ context: StageContext,
        note: @escaping (String) -> Void
    ) throws -> TrainedModel {
        let folder = try context.home.outputFolder(of: place.output)
        let model = try TrainingDesign(self, labels: sets.labels, content: sets.training.content, context)
        if (group?.rank ?? 0) == 0 { model.notes.forEach(note) }
        var trainer = Trainer(
            settings, graph: model.graph,
            training: try data(sets.training, model, group, context, isTraining: true),
            validation: try sets.heldOut.map { try data($0, model, group, context, isTraining: false) },
            start: try startingWeights(for: model, context), folder: RunFolder(path: folder), group: group)
        trainer.frozen = model.frozen
        trainer.device = try place.chosenDevice(rank: group?.rank ?? 0)
        trainer.description = [
            ("network", model.graph.name), ("data", input.images), ("weights", self.model ?? start ?? "random"),
        ]
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
        _ dataset: LabelledDataset, _ model: TrainingDesign, _ group: ProcessGroup?, _ context: StageContext,
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

    private func startingWeights(for model: TrainingDesign, _ context: StageContext) throws -> NetworkWeights? {
        if let weights = model.weights { return weights }
        guard let start else { return nil }
        let path = try context.home.fetched(start)
        if let folder = try? ModelFolder(path: ModelPlace.resolve(path)) { return try folder.weights() }
        return try KerasFile.weights(path, for: model.backbone)
    }

    private func write(
        _ model: TrainingDesign, _ run: TrainingReport, _ sets: TrainingInput.Sets, _ folder: String,
        _ context: StageContext
    ) throws -> ModelFolder {
        let weights = try RunFolder(path: folder).weights(run.best == nil ? .last : .best)
        let pretrained = try (self.model ?? start).flatMap { start -> ContentHash? in
            let path = try context.home.fetched(start)
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
