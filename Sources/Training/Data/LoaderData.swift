public import Datasets
import Foundation
public import LightboxCore

/// Training data that a ``Datasets/BatchLoader`` reads ahead on threads of its own.
///
/// Not Sendable: belongs to the thread that trains.
public final class LoaderData: TrainingData {
    public let loader: BatchLoader
    public let inputShape: [Int]
    public let labelCounts: LabelCounts?
    public let fingerprint: String

    /// - Parameters:
    ///   - preprocessing: that the loader was made with; nil for vectors.
    public init(_ loader: BatchLoader, preprocessing: Preprocessing?) throws {
        self.loader = loader
        labelCounts = loader.dataset.labelCounts
        switch loader.dataset.content {
        case .vectors(let count): inputShape = [count]
        case .images, .heatmaps:
            guard let preprocessing else { preconditionFailure("images need a preprocessing") }
            inputShape = [preprocessing.height, preprocessing.width, preprocessing.channels]
        }
        // Whatever changes what a batch holds; not who reads it and how far ahead.
        var settings = loader.settings
        (settings.threads, settings.prefetch, settings.rank, settings.processes) = (1, 1, 0, 1)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        var text = Array(loader.dataset.fingerprint.description.utf8)
        text += try encoder.encode(settings)
        if let preprocessing { text += try encoder.encode(preprocessing) }
        fingerprint = ContentHash(of: text).description
    }

    public var count: Int { loader.dataset.count }
    public var batchCount: Int { loader.batchesPerEpoch }

    /// One stream at a time: beginning another ends the one before.
    public func batches(epoch: Int, from first: Int) -> any BatchStream {
        loader.begin(epoch: epoch)
        if first > 0 { loader.skip(to: first) }
        return LoaderBatches(loader)
    }
}

private final class LoaderBatches: BatchStream {
    private let loader: BatchLoader
    private let before: Duration

    init(_ loader: BatchLoader) {
        self.loader = loader
        before = loader.waiting
    }

    var waiting: Duration { loader.waiting - before }

    func next() throws -> TrainingBatch? {
        guard let batch = try loader.next() else { return nil }
        let targets: BatchTargets =
            switch batch.labels {
            case .states(let states): .states(states)
            case .classes(let classes): .classes(classes)
            case .heatmaps(let maps): .maps(maps.values, height: maps.shape[1], width: maps.shape[2])
            }
        return TrainingBatch(inputs: batch.images, targets: targets, indices: batch.indices)
    }
}

extension LabelledDataset {
    /// nil for heat maps.
    public var labelCounts: LabelCounts? {
        guard content != .heatmaps else { return nil }
        let counts = labels.kind == .states ? stateCounts : classCounts.prefix(labels.count).map { [$0] }
        return LabelCounts(names: labels.names, counts: counts, images: count)
    }
}

extension MemoryData {
    /// Reads a whole data set into memory: vectors computed earlier, or few small images.
    ///
    /// Samples that cannot be read are left out.
    ///
    /// - Parameters:
    ///   - preprocessing: nil for vectors.
    ///   - batchSize: in all processes together.
    ///   - seed: of the order; nil for validation.
    ///   - threads: that read.
    public static func reading(
        _ dataset: LabelledDataset, preprocessing: Preprocessing? = nil, batchSize: Int, seed: UInt64?,
        threads: Int = 2, rank: Int = 0, processes: Int = 1
    ) throws -> MemoryData {
        var settings = BatchSettings.evaluation(batchSize: 256)
        settings.threads = threads
        let loader = try BatchLoader(dataset, preprocessing: preprocessing, settings: settings)
        let batches = LoaderBatches(loader)
        var values: [Float] = []
        var shape: [Int] = []
        var states: [[LabelState]] = []
        var classes: [Int?] = []
        var maps: (values: [Float], height: Int, width: Int) = ([], 0, 0)
        loader.begin(epoch: 0)
        while let batch = try batches.next() {
            values += batch.inputs.values
            shape = Array(batch.inputs.shape.dropFirst())
            switch batch.targets {
            case .states(let more): states += more
            case .classes(let more): classes += more
            case .maps(let more, let height, let width): maps = (maps.values + more, height, width)
            }
        }
        let targets: BatchTargets =
            if dataset.content == .heatmaps {
                .maps(maps.values, height: maps.height, width: maps.width)
            } else {
                dataset.labels.kind == .states ? .states(states) : .classes(classes)
            }
        let count = shape.isEmpty ? 0 : values.count / shape.reduce(1, *)
        return try MemoryData(
            inputs: NDArray(shape: [count] + shape, values: values), targets: targets,
            names: dataset.content == .heatmaps ? [] : dataset.labels.names, batchSize: batchSize, seed: seed,
            rank: rank, processes: processes)
    }
}
