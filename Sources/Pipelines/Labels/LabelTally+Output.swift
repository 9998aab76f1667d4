public import Figures
import LightboxCore
import Warehouse
import WireFormats

extension LabelState {
    /// In words, for tables and charts.
    var words: String {
        switch self {
        case .notMentioned: "not mentioned"
        case .negative: "negative"
        case .uncertain: "uncertain"
        case .positive: "positive"
        }
    }
}

extension LabelTally {
    /// The counts in aligned columns, a line per data set, view and label.
    public var text: String {
        let states = isExclusive ? [LabelState.positive] : LabelState.allCases
        var table = TextTable(
            header: ["data set", "view", "label"] + (isExclusive ? ["images"] : states.map(\.words)))
        for dataset in datasets {
            for view in views(of: dataset) {
                for label in labels {
                    let counts = states.map { state in
                        entries.reduce(0) { sum, entry in
                            let isIn =
                                entry.label == label && entry.state == state && entry.dataset == dataset
                                && entry.view == view
                            return isIn ? sum + entry.images : sum
                        }
                    }
                    guard counts.contains(where: { $0 > 0 }) else { continue }
                    table.add(
                        [.text(dataset ?? "–"), .text(view ?? "–"), .text(label)]
                            + counts.map { .integer(Int64($0)) })
                }
            }
        }
        return table.lines().joined(separator: "\n")
    }

    private func views(of dataset: String?) -> [String?] {
        Set(entries.filter { $0.dataset == dataset }.map(\.view)).sorted { ($0 ?? "~") < ($1 ?? "~") }
    }

    /// `dataset,view,label,state,images`, a row per count.
    public var csv: String {
        let rows = entries.map {
            [$0.dataset ?? "", $0.view ?? "", $0.label, $0.state.words, String($0.images)]
        }
        let bytes = ([["dataset", "view", "label", "state", "images"]] + rows).flatMap { CSVWriter.row($0) }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Bars for each label's states, a panel per data set.
    public func chart(title: String) -> GroupedBarChart {
        let states = isExclusive ? [LabelState.positive] : LabelState.allCases
        return GroupedBarChart(
            title: title, categories: labels, groups: isExclusive ? ["images"] : states.map(\.words),
            panels: datasets.map { dataset in
                let values = labels.map { label in
                    states.map { Double(images(label, $0, dataset: dataset)) }
                }
                return GroupedBarChart.Panel(dataset ?? "all", values)
            }, valueName: "images")
    }
}
