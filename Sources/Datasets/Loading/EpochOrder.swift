import LightboxCore

/// Which samples an epoch takes, in which order: a function of the data set, the settings and the epoch alone,
/// so that any batch can be found again without reading those before it.
struct EpochOrder: Sendable {
    /// Indices into the data set.
    let indices: [UInt32]
    /// How often the index occurred before; empty when each occurs once.
    let copies: [UInt16]

    init(_ dataset: LabelledDataset, _ settings: BatchSettings, weights: SamplingWeights?, epoch: Int) {
        var generator = SeededGenerator(seed: settings.seed, stream: "order \(epoch)")
        let all = weights?.draw(dataset.count, &generator) ?? Array(0..<UInt32(dataset.count))
        switch settings.order {
        case .sequential: indices = all
        case .shuffled: indices = all.shuffled(using: &generator)
        case .buffered(let size):
            let lanes = Self.lanes(all, of: dataset).shuffled(using: &generator)
            indices = Self.buffered(Self.interleaved(lanes), size: size, &generator)
        }
        guard weights != nil else {
            copies = []
            return
        }
        var seen = Array(repeating: UInt16(0), count: dataset.count)
        copies = indices.map { index in
            defer { seen[Int(index)] &+= 1 }
            return seen[Int(index)]
        }
    }

    /// The samples shard by shard; files form one lane.
    private static func lanes(_ indices: [UInt32], of dataset: LabelledDataset) -> [[UInt32]] {
        guard case .records(let shards, let shard, _) = dataset.table.sources else { return [indices] }
        var lanes = Array(repeating: [UInt32](), count: shards.count)
        for index in indices { lanes[Int(shard[dataset.row(Int(index))])].append(index) }
        return lanes.filter { !$0.isEmpty }
    }

    /// One of each lane in turn, as long as it lasts.
    private static func interleaved(_ lanes: [[UInt32]]) -> [UInt32] {
        let longest = lanes.map(\.count).max() ?? 0
        return (0..<longest).flatMap { place in lanes.compactMap { place < $0.count ? $0[place] : nil } }
    }

    private static func buffered(_ incoming: [UInt32], size: Int, _ generator: inout SeededGenerator) -> [UInt32] {
        var buffer = Array(incoming.prefix(max(1, size)))
        var order: [UInt32] = []
        order.reserveCapacity(incoming.count)
        for next in incoming.dropFirst(buffer.count) {
            let place = Int.random(in: 0..<buffer.count, using: &generator)
            order.append(buffer[place])
            buffer[place] = next
        }
        return order + buffer.shuffled(using: &generator)
    }
}

/// How often each sample is drawn, relative to the others.
struct SamplingWeights: Sendable {
    /// Sums of the weights up to and with each sample; the last is 1.
    private let sums: [Double]

    /// - Parameter weights: one a sample, not negative, not all zero.
    init(_ weights: [Double]) {
        let total = weights.reduce(0, +)
        var sum = 0.0
        sums = weights.map { weight in
            sum += weight / total
            return sum
        }
    }

    /// Groups (classes; or the positives of each finding, and the images without any) have equal weight, and so
    /// have the members of a group; an image in several groups has the sum.
    init?(balancing dataset: LabelledDataset) {
        let groups = (0..<dataset.count).map { index -> [Int] in
            if dataset.labels.kind == .classes { return [dataset.classIndex(of: index) ?? dataset.labels.count] }
            let positive = dataset.states(of: index).enumerated().filter { $0.element == .positive }.map(\.offset)
            return positive.isEmpty ? [dataset.labels.count] : positive
        }
        var sizes = Array(repeating: 0.0, count: dataset.labels.count + 1)
        for group in groups.joined() { sizes[group] += 1 }
        self.init(groups.map { $0.reduce(0) { $0 + 1 / sizes[$1] } })
    }

    /// `count` samples, each as often as its weight says, rounded up or down (systematic sampling).
    func draw(_ count: Int, _ generator: inout SeededGenerator) -> [UInt32] {
        let start = generator.uniform()
        var sample = 0
        return (0..<count).map { number in
            let place = (Double(number) + start) / Double(count)
            while sample < sums.count - 1 && sums[sample] <= place { sample += 1 }
            return UInt32(sample)
        }
    }
}
