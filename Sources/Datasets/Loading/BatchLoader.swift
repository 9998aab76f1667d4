import Foundation
public import LightboxCore

/// Reads a data set batch by batch, ahead of who learns from it, on threads of its own.
///
/// The order, the random changes and what replaces a damaged sample depend on the settings, the epoch and the
/// place alone: the same settings give the same batches on any number of threads, from any batch on, and
/// together the parts of several processes are the batches of one.
/// ```swift
/// let loader = try BatchLoader(dataset, preprocessing: network.preprocessing, settings: settings)
/// loader.begin(epoch: 3)
/// loader.skip(to: 120)
/// while let batch = try loader.next() { … }
/// ```
/// Not Sendable: belongs to the thread that learns.
public final class BatchLoader {
    public let dataset: LabelledDataset
    public let settings: BatchSettings
    /// Of this process, in an epoch.
    public let batchesPerEpoch: Int
    /// Time that ``next()`` spent waiting for data.
    public private(set) var waiting = Duration.zero
    /// Samples handed over, and the bytes they were read from.
    public private(set) var samplesRead = 0
    public private(set) var bytesRead = 0
    /// Samples that could not be read, each once, in the order in which they were met.
    public private(set) var problems: [StageReport.Problem] = []
    /// The number of the epoch, and of the batch that ``next()`` gives next in it.
    public private(set) var epoch = 0
    public private(set) var position = 0

    private let reader: SampleReader
    private let weights: SamplingWeights?
    private let crew: OrderedCrew<SlotJob, SlotResult>
    private var order: EpochOrder?
    private var reported: Set<Int> = []
    /// Batches whose samples are under way, oldest first, and the number of the next to be fed.
    private var assemblies: [BatchAssembly] = []
    private var fed = 0

    /// - Parameters:
    ///   - preprocessing: of the network; not used, and may be nil, for vectors.
    ///   - decode: reads a file's bytes; PNG and JPEG unless told.
    /// - Throws: ``DatasetError`` when there are fewer samples than one batch needs.
    public init(
        _ dataset: LabelledDataset, preprocessing: Preprocessing?, settings: BatchSettings,
        decode: ImageDecoder? = nil
    ) throws {
        precondition(settings.batchSize > 0 && settings.threads > 0 && settings.prefetch > 0)
        precondition(settings.processes > 0 && (0..<settings.processes).contains(settings.rank))
        precondition(preprocessing != nil || dataset.content.isVectors, "images need a preprocessing")
        try settings.augmentation.check()
        self.dataset = dataset
        self.settings = settings
        let step = settings.batchSize * settings.processes
        batchesPerEpoch = settings.dropsRemainder ? dataset.count / step : (dataset.count + step - 1) / step
        guard batchesPerEpoch > 0 else {
            throw DatasetError(
                .empty,
                remedy: dataset.isEmpty
                    ? "The data set has no samples here: look at its splits, views and what was left out."
                    : "\(dataset.count) samples do not fill one batch of \(step): choose a smaller batch.")
        }
        reader = SampleReader(
            dataset: dataset, preprocessing: dataset.content.isVectors ? nil : preprocessing,
            augmentation: settings.augmentation, seed: settings.seed, decoder: decode)
        weights = settings.sampling == .balanced ? SamplingWeights(balancing: dataset) : nil
        let reader = reader
        let damage = settings.damage
        crew = OrderedCrew(threads: settings.threads) { $0.run(reader, damage) }
    }

    /// Starts an epoch, from 0, at its first batch.
    public func begin(epoch: Int) {
        self.epoch = epoch
        order = EpochOrder(dataset, settings, weights: weights, epoch: epoch)
        skip(to: 0)
    }

    /// Goes to a batch of the epoch without reading those before it.
    public func skip(to batch: Int) {
        precondition(batch >= 0)
        if order == nil { begin(epoch: epoch) }
        crew.drop()
        assemblies = []
        (position, fed) = (batch, batch)
        feed()
    }

    /// The next batch; nil at the end of the epoch.
    ///
    /// - Throws: ``DatasetError`` when so many samples in a row cannot be read that something else is wrong.
    public func next() throws -> Batch? {
        if order == nil { begin(epoch: epoch) }
        while position < batchesPerEpoch {
            let start = ContinuousClock.now
            feed()
            let assembly = assemblies.removeFirst()
            do {
                for _ in 0..<assembly.count { try note(crew.next()!) }
            } catch {
                skip(to: position)
                throw error
            }
            position += 1
            feed()
            waiting += ContinuousClock.now - start
            let batch = batch(from: assembly)
            // All damaged, or an empty part of the last batch.
            if batch.count > 0 { return batch }
        }
        return nil
    }

    /// Keeps `prefetch` batches beyond the present one under way.
    private func feed() {
        guard let order else { return }
        while fed < batchesPerEpoch && fed <= position + settings.prefetch {
            let slots = slots(ofBatch: fed)
            let assembly = BatchAssembly(
                count: slots.count, sampleCount: reader.sampleCount, heatmapCount: reader.heatmapCount)
            for (slot, place) in slots.enumerated() {
                crew.add(SlotJob(assembly: assembly, slot: slot, order: order, place: place, epoch: epoch))
            }
            assemblies.append(assembly)
            fed += 1
        }
    }

    /// The places in the epoch's order that this process takes for its part of a batch: all parts one after
    /// another are the batch of a single process.
    private func slots(ofBatch number: Int) -> Range<Int> {
        let step = settings.batchSize * settings.processes
        let size = min(step, dataset.count - number * step)
        let (start, rank, processes) = (number * step, settings.rank, settings.processes)
        return (start + size * rank / processes)..<(start + size * (rank + 1) / processes)
    }

    private func note(_ result: SlotResult) throws {
        for failure in result.failures where reported.insert(failure.index).inserted {
            let source = dataset[failure.index].source.name
            problems.append(StageReport.Problem(source: source, error: failure.error))
        }
        if result.hasGivenUp {
            throw DatasetError(
                .unreadable, problems.last?.source ?? "",
                remedy: "\(SlotJob.attempts) samples in a row cannot be read, the last one: "
                    + (problems.last?.reason ?? ""))
        }
        bytesRead += result.bytes
    }

    private func batch(from assembly: BatchAssembly) -> Batch {
        let (values, heatmaps, indices) = assembly.result()
        samplesRead += indices.count
        let shape = reader.preprocessing.map { [$0.height, $0.width, $0.channels] } ?? [reader.sampleCount]
        let labels: Batch.Labels
        if dataset.content == .heatmaps {
            labels = .heatmaps(NDArray(shape: [indices.count, shape[0], shape[1], 1], values: heatmaps))
        } else if dataset.labels.kind == .states {
            labels = .states(indices.map { dataset.states(of: $0) })
        } else {
            labels = .classes(indices.map { dataset.classIndex(of: $0) })
        }
        return Batch(
            images: NDArray(shape: [indices.count] + shape, values: values), labels: labels,
            keys: indices.map { dataset.key(of: $0) }, indices: indices)
    }
}

extension LabelledDataset.Content {
    var isVectors: Bool { if case .vectors = self { true } else { false } }
}

/// One place of a batch, to be filled by a worker.
private struct SlotJob: Sendable {
    let assembly: BatchAssembly
    let slot: Int
    let order: EpochOrder
    /// In the epoch's order.
    let place: Int
    let epoch: Int

    /// Samples in a row that may be damaged before something else must be wrong.
    static let attempts = 64

    func run(_ reader: SampleReader, _ damage: BatchSettings.Damage) -> SlotResult {
        var result = SlotResult()
        let attempts = damage == .replace ? min(Self.attempts, order.indices.count) : 1
        for attempt in 0..<attempts {
            let place = (place + attempt) % order.indices.count
            let index = Int(order.indices[place])
            do {
                result.bytes = try reader.read(
                    index, copy: order.copies.isEmpty ? 0 : Int(order.copies[place]), epoch: epoch,
                    into: assembly.place(slot), heatmap: assembly.heatmapPlace(slot))
                assembly.done(slot, index: index)
                return result
            } catch {
                result.failures.append((index, error))
            }
        }
        assembly.done(slot, index: nil)
        result.hasGivenUp = damage == .replace
        return result
    }
}

private struct SlotResult: Sendable {
    var bytes = 0
    var failures: [(index: Int, error: any Error)] = []
    var hasGivenUp = false
}
