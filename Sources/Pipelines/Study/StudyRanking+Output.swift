import Evaluation
import Foundation
import Warehouse
import WireFormats

extension StudyRanking {
    /// For a terminal: each part's policies from best to worst, then the best policy for each label.
    public var text: String {
        let blocks = parts.flatMap { [$0.heading, $0.standingsTable, $0.labelsTable] }
        return (blocks + parts.compactMap(\.missingInterval) + notes).joined(separator: "\n\n")
    }

    /// A row for each part, policy and label (`macro` for their mean), in full precision.
    var csv: [UInt8] {
        let header = [
            "part", "unit", "cases", "policy", "rank", "label", "label_cases", "positives", "auc", "auc_lower",
            "auc_upper", "average_precision", "average_precision_lower", "average_precision_upper", "is_best",
            "best_minus_this", "best_minus_this_lower", "best_minus_this_upper", "p", "p_adjusted",
        ]
        return parts.reduce(CSVWriter.row(header)) { $0 + $1.csvRows }
    }
}

extension StudyRanking.Part {
    /// `frontal: 412 films of 310 patients`.
    var heading: String {
        let people = patients.map { unit == .patient ? "" : " of \($0) patients" } ?? ""
        let plural = unit == .study ? "studies" : unit.rawValue + "s"
        return "\(name): \(cases) \(plural)\(people), held out"
    }

    fileprivate var standingsTable: String {
        var table = TextTable(header: ["", "policy", "macro AUC", "macro AP", "best less this"])
        for (rank, standing) in standings.enumerated() {
            table.add(
                [
                    "\(rank + 1)", standing.policy, Self.text(standing.macroAUC),
                    Self.text(standing.macroAveragePrecision),
                    rank == 0 ? "" : comparisons[rank - 1].macroDifference.map(Self.text) ?? "",
                ].map { .text($0) })
        }
        return table.lines().joined(separator: "\n")
    }

    /// Areas of every label by policy, in the policies' order of the standings.
    fileprivate var labelsTable: String {
        var table = TextTable(
            header: ["label", "positive"] + standings.map(\.policy) + ["best", "p to the next"])
        for (index, label) in labels.enumerated() {
            let areas = standings.map { $0.labels[index].auc.value.map { String(format: "%.3f", $0) } ?? "–" }
            let counts = standings.first?.labels[index]
            let chance = runnerUp(index)?.adjustedPValue.map { String(format: "%.3f", $0) } ?? "–"
            table.add(
                ([label.label, "\(counts?.positives ?? 0)/\(counts?.cases ?? 0)"] + areas
                    + [bestWords(label), chance]).map { .text($0) })
        }
        return table.lines().joined(separator: "\n")
    }

    /// The rival of a label that comes nearest to its best policy.
    func runnerUp(_ label: Int) -> StudyRanking.Rival? {
        func area(_ rival: StudyRanking.Rival) -> Double {
            standings.first { $0.policy == rival.policy }?.labels[label].auc.value ?? -1
        }
        return labels[label].rivals.max { area($0) < area($1) }
    }

    /// The best policies of a label in words.
    func bestWords(_ label: StudyRanking.Label) -> String {
        if label.best.isEmpty { return "–" }
        return label.best.count > 1 && label.best.count == standings.count
            ? "all alike" : label.best.joined(separator: ", ")
    }

    /// Why the means have no interval; nil where they have one, or none was asked for.
    var missingInterval: String? {
        standings.lazy.compactMap(\.macroAUC.missingIntervals.first).first.map {
            "\(name): the means over labels have no interval, as \($0.undefined.rawValue)."
        }
    }

    private static func text(_ metric: Metric) -> String {
        guard let value = metric.value else { return "–" }
        guard let interval = metric.interval else { return String(format: "%.3f", value) }
        return String(format: "%.3f (%.3f to %.3f)", value, interval.lower, interval.upper)
    }

    // MARK: CSV

    fileprivate var csvRows: [UInt8] {
        standings.enumerated().flatMap { rank, standing in
            let first = [name, unit.rawValue, "\(cases)", standing.policy, "\(rank + 1)"]
            let whole =
                first + ["macro", "\(cases)", ""] + Self.fields(standing.macroAUC)
                + Self.fields(standing.macroAveragePrecision) + [rank == 0 ? "1" : "0"]
                + (rank == 0 ? ["", "", ""] : Self.fields(comparisons[rank - 1].macroDifference)) + ["", ""]
            return CSVWriter.row(whole)
                + labels.indices.flatMap { label in
                    CSVWriter.row(first + fields(of: standing, label: label))
                }
        }
    }

    private func fields(of standing: StudyRanking.Standing, label: Int) -> [String] {
        let metrics = standing.labels[label]
        let rival = labels[label].rivals.first { $0.policy == standing.policy }
        let isBest = labels[label].best.contains(standing.policy)
        let difference =
            rival?.test.map {
                ["\($0.difference)", "\($0.interval.lower)", "\($0.interval.upper)", "\($0.pValue)"]
            }
            ?? ["", "", "", ""]
        return [metrics.label, "\(metrics.cases)", "\(metrics.positives)"] + Self.fields(metrics.auc)
            + Self.fields(metrics.averagePrecision) + [isBest ? "1" : "0"] + difference
            + [rival?.adjustedPValue.map { "\($0)" } ?? ""]
    }

    /// Value and ends of the interval; empty where undefined.
    private static func fields(_ metric: Metric?) -> [String] {
        [metric?.value, metric?.interval?.lower, metric?.interval?.upper].map { $0.map { "\($0)" } ?? "" }
    }
}
