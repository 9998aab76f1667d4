public import Datasets
import LightboxCore

extension LabelTally {
    /// What an image of a set of classes counts as that has none of them.
    public static let withoutClass = "(no label)"

    /// Counts the samples of a data set that was read from files.
    ///
    /// - Parameter view: only this one.
    public init(_ dataset: LabelledDataset, view: ViewKind? = nil) {
        struct Group: Hashable {
            let split: DataSplit?
            let view: ViewKind?
        }
        let names = dataset.labels.names
        let isExclusive = dataset.labels.kind == .classes
        let width = (names.count + 1) * LabelState.allCases.count
        var counts: [Group: [Int]] = [:]
        func place(_ label: Int, _ state: LabelState) -> Int { label * LabelState.allCases.count + state.rawValue }
        for index in 0..<dataset.count where view == nil || dataset.view(of: index) == view {
            let group = Group(split: dataset.split(of: index), view: dataset.view(of: index))
            if isExclusive {
                let label = dataset.classIndex(of: index) ?? names.count
                counts[group, default: Array(repeating: 0, count: width)][place(label, .positive)] += 1
            } else {
                let states = dataset.states(of: index)
                for (label, state) in states.enumerated() {
                    counts[group, default: Array(repeating: 0, count: width)][place(label, state)] += 1
                }
            }
        }
        let groups = counts.keys.sorted {
            ($0.split?.rawValue ?? 9, $0.view?.rawValue ?? 9) < ($1.split?.rawValue ?? 9, $1.view?.rawValue ?? 9)
        }
        let columns = names + [Self.withoutClass]
        var entries: [Entry] = []
        for (label, name) in columns.enumerated() {
            for group in groups {
                for state in LabelState.allCases {
                    guard let images = counts[group]?[place(label, state)], images > 0 else { continue }
                    entries.append(
                        Entry(
                            dataset: group.split?.name, view: group.view?.name, label: name, state: state,
                            images: images))
                }
            }
        }
        let used = entries.contains { $0.label == Self.withoutClass } ? columns : names
        self.init(labels: used, isExclusive: isExclusive, entries: entries)
    }
}
