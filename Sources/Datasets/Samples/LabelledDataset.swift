public import LightboxCore

/// Images with labels, in memory as a compact index: who they are, where their bytes are, what is said of them.
///
/// Pixels are read by ``BatchLoader``. A part of a data set (a split, a view) is a data set again and shares its
/// memory.
public struct LabelledDataset: Sendable {
    /// What one sample is to a network.
    public enum Content: Sendable, Hashable {
        case images
        /// Vectors of a network without its classifier.
        case vectors(count: Int)
        /// Images with a heat map of the same size as the target.
        case heatmaps
    }

    public let labels: LabelSet
    public let content: Content
    /// What was left out on reading, and why.
    public internal(set) var report: DatasetReport
    let table: SampleTable
    /// Rows of the table, in order.
    private var rows: [UInt32]
    /// Raw values per row of the table, where a choice of ours replaced those of the table.
    private var ownSplits: [UInt8]?

    init(labels: LabelSet, content: Content, table: SampleTable, report: DatasetReport = DatasetReport()) {
        self.labels = labels
        self.content = content
        self.table = table
        self.report = report
        rows = Array(0..<UInt32(table.count))
    }

    public var count: Int { rows.count }
    public var isEmpty: Bool { rows.isEmpty }

    /// - Precondition: `index` is in `0..<count`.
    public subscript(_ index: Int) -> LabelledSample {
        let row = row(index)
        return LabelledSample(
            key: table.key(row), source: table.source(row), states: table.labelStates(row),
            classIndex: table.classIndex(row), patient: table.patients[row], study: table.studies[row],
            view: table.view(row), split: split(of: index))
    }

    func row(_ index: Int) -> Int { Int(rows[index]) }

    // Single facts, without the cost of a whole sample.
    public func key(of index: Int) -> InstanceKey { table.key(row(index)) }
    public func states(of index: Int) -> [LabelState] { table.labelStates(row(index)) }
    public func classIndex(of index: Int) -> Int? { table.classIndex(row(index)) }
    public func view(of index: Int) -> ViewKind? { table.view(row(index)) }
    public func patient(of index: Int) -> String? { table.patients[row(index)] }
    public func split(of index: Int) -> DataSplit? {
        DataSplit(rawValue: Int((ownSplits ?? table.splits)[row(index)]))
    }
}

/// Parts and counts.
extension LabelledDataset {
    /// The samples at `indices`, in that order.
    public func selecting(_ indices: [Int]) -> LabelledDataset {
        var copy = self
        copy.rows = indices.map { rows[$0] }
        return copy
    }

    public func filtered(_ isKept: (LabelledDataset, Int) -> Bool) -> LabelledDataset {
        selecting((0..<count).filter { isKept(self, $0) })
    }

    public func only(_ split: DataSplit) -> LabelledDataset { filtered { $0.split(of: $1) == split } }
    public func only(_ view: ViewKind) -> LabelledDataset { filtered { $0.view(of: $1) == view } }

    /// The splits that occur, in order.
    public var splits: [DataSplit] {
        var found: Set<DataSplit> = []
        for index in 0..<count { if let split = split(of: index) { found.insert(split) } }
        return found.sorted { $0.rawValue < $1.rawValue }
    }

    /// The same samples, each in the split that `splits` says (one per sample).
    public func assigning(_ splits: [DataSplit]) -> LabelledDataset {
        precondition(splits.count == count)
        var copy = self
        var raw = ownSplits ?? table.splits
        for (index, split) in splits.enumerated() { raw[row(index)] = UInt8(split.rawValue) }
        copy.ownSplits = raw
        return copy
    }

    /// For each label how many samples are in each state, by raw value: `[labels][4]`.
    public var stateCounts: [[Int]] {
        var counts = Array(repeating: 0, count: 4 * labels.count)
        guard !table.states.isEmpty else { return [] }
        for row in rows {
            for label in 0..<labels.count {
                counts[4 * label + Int(table.states[Int(row) * labels.count + label])] += 1
            }
        }
        return (0..<labels.count).map { Array(counts[(4 * $0)..<(4 * $0 + 4)]) }
    }

    /// How many samples each class has; the last number counts those without a label.
    public var classCounts: [Int] {
        guard !table.classes.isEmpty else { return [] }
        var counts = Array(repeating: 0, count: labels.count + 1)
        for row in rows {
            let label = Int(table.classes[Int(row)])
            counts[label < 0 ? labels.count : label] += 1
        }
        return counts
    }

    /// Changes when a sample, its place in the order, its label or its split does; not when pixels do.
    public var fingerprint: ContentHash {
        var hasher = ContentHasher()
        for index in 0..<count {
            let row = row(index)
            var line = table.key(row).fields.map { "\($0.name)=\($0.value)\u{1f}" }.joined()
            line += table.labelStates(row).map { String($0.rawValue) }.joined()
            line += ";\(table.classIndex(row) ?? -1);\(split(of: index)?.rawValue ?? -1)\n"
            Array(line.utf8).withUnsafeBytes { hasher.update($0) }
        }
        return hasher.finalize()
    }
}

/// What reading a data set left out.
public struct DatasetReport: Sendable, Codable, Equatable {
    /// Image files that the lists name and the disk lacks.
    public var missing = 0
    /// Records that could not be read.
    public var damaged = 0
    /// Rows that a filter or a mapping left out, and images that no list labels.
    public var leftOut = 0
    /// The first of them, with the reason.
    public var problems: [StageReport.Problem] = []

    public init() {}

    /// At most so many are described; all are counted.
    static let described = 20

    mutating func note(_ source: String, _ reason: String) {
        if problems.count < Self.described { problems.append(.init(source: source, reason: reason)) }
    }
}
