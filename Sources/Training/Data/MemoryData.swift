public import LightboxCore

/// Training data that lies in memory: vectors computed earlier, or few small images.
///
/// Feature vectors make steps so short that threads and queues would cost more than the work.
public struct MemoryData: TrainingData, Sendable {
    /// `[samples, …]`.
    public let inputs: NDArray
    /// Of all samples.
    public let targets: BatchTargets
    public let labelCounts: LabelCounts?
    public let fingerprint: String
    /// Samples of a batch in all processes together.
    public let batchSize: Int
    /// nil keeps the samples in their order, and the last batch short: for validation. Otherwise they are shuffled
    /// anew for every epoch, and those beyond the last whole batch wait for another epoch.
    public let seed: UInt64?
    /// This process, and how many there are.
    public let rank: Int, processes: Int

    /// - Parameters:
    ///   - names: labels or classes; empty for maps.
    /// - Throws: ``TrainingError`` when the numbers do not fit one another.
    public init(
        inputs: NDArray, targets: BatchTargets, names: [String], batchSize: Int, seed: UInt64?, rank: Int = 0,
        processes: Int = 1
    ) throws {
        let count = inputs.shape.first ?? 0
        guard count > 0, inputs.shape.count > 1 else {
            throw TrainingError(.unfitData, "data", "there are no samples", remedy: "Give some.")
        }
        guard targets.count == count else {
            throw TrainingError(
                .unfitData, "data", "\(count) samples have \(targets.count) targets", remedy: "Give one for each.")
        }
        guard batchSize > 0, batchSize % processes == 0, seed == nil || batchSize <= count else {
            throw TrainingError(
                .badSetting, "--batch",
                "batches of \(batchSize) do not suit \(count) samples in \(processes) processes",
                remedy: "Use at most as many as there are samples, and a multiple of the processes.")
        }
        self.inputs = inputs
        self.targets = targets
        self.batchSize = batchSize
        self.seed = seed
        self.rank = rank
        self.processes = processes
        labelCounts = targets.labelCounts(names: names)
        fingerprint = Self.fingerprint(inputs: inputs, targets: targets, names: names)
    }

    public var inputShape: [Int] { Array(inputs.shape.dropFirst()) }
    public var count: Int { inputs.shape[0] }
    public var batchCount: Int { seed == nil ? (count + batchSize - 1) / batchSize : count / batchSize }

    public func batches(epoch: Int, from first: Int) -> any BatchStream {
        var order = Array(0..<count)
        if let seed {
            var random = SeededGenerator(seed: seed &+ UInt64(epoch) &* 0x9e37_79b9_7f4a_7c15, stream: "order")
            order.shuffle(using: &random)
        }
        return MemoryBatches(data: self, order: order, next: first)
    }

    /// The samples with these numbers.
    func batch(_ indices: [Int]) -> TrainingBatch {
        let width = inputs.shape.dropFirst().reduce(1, *)
        let values = [Float](unsafeUninitializedCapacity: indices.count * width) { buffer, filled in
            inputs.values.withUnsafeBufferPointer { source in
                for (row, index) in indices.enumerated() {
                    (buffer.baseAddress! + row * width)
                        .initialize(from: source.baseAddress! + index * width, count: width)
                }
            }
            filled = indices.count * width
        }
        return TrainingBatch(
            inputs: NDArray(shape: [indices.count] + inputShape, values: values), targets: targets.at(indices),
            indices: indices)
    }

    private static func fingerprint(inputs: NDArray, targets: BatchTargets, names: [String]) -> String {
        var hasher = ContentHasher()
        inputs.values.withUnsafeBytes { hasher.update($0) }
        let text = "\(inputs.shape) \(targets.text) \(names)"
        Array(text.utf8).withUnsafeBytes { hasher.update($0) }
        return hasher.finalize().description
    }
}

private final class MemoryBatches: BatchStream {
    private let data: MemoryData
    private let order: [Int]
    private var number: Int
    let waiting = Duration.zero

    init(data: MemoryData, order: [Int], next number: Int) {
        self.data = data
        self.order = order
        self.number = number
    }

    func next() -> TrainingBatch? {
        guard number < data.batchCount else { return nil }
        let whole = number * data.batchSize..<min(order.count, (number + 1) * data.batchSize)
        number += 1
        let lower = whole.lowerBound + whole.count * data.rank / data.processes
        let upper = whole.lowerBound + whole.count * (data.rank + 1) / data.processes
        return data.batch(Array(order[lower..<upper]))
    }
}

extension BatchTargets {
    public var count: Int {
        switch self {
        case .states(let states): states.count
        case .classes(let classes): classes.count
        case .maps(let values, let height, let width): values.count / max(1, height * width)
        }
    }

    func at(_ indices: [Int]) -> BatchTargets {
        switch self {
        case .states(let states): return .states(indices.map { states[$0] })
        case .classes(let classes): return .classes(indices.map { classes[$0] })
        case .maps(let values, let height, let width):
            let size = height * width
            return .maps(indices.flatMap { values[$0 * size..<($0 + 1) * size] }, height: height, width: width)
        }
    }

    /// nil for maps.
    func labelCounts(names: [String]) -> LabelCounts? {
        switch self {
        case .states(let states):
            var counts = names.map { _ in [0, 0, 0, 0] }
            for row in states {
                for (label, state) in row.enumerated() where label < counts.count {
                    counts[label][state.rawValue] += 1
                }
            }
            return LabelCounts(names: names, counts: counts, images: states.count)
        case .classes(let classes):
            let counts = names.indices.map { name in [classes.count { $0 == name }] }
            return LabelCounts(names: names, counts: counts, images: classes.count)
        case .maps: return nil
        }
    }

    fileprivate var text: String {
        switch self {
        case .states(let states): states.map { $0.map { "\($0.rawValue)" }.joined() }.joined(separator: ",")
        case .classes(let classes): classes.map { $0.map(String.init) ?? "-" }.joined(separator: ",")
        case .maps(let values, let height, let width):
            "\(height)×\(width) " + values.withUnsafeBytes { ContentHash(of: $0) }.description
        }
    }
}
