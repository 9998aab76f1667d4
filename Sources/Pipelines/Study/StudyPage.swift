import Evaluation
import Figures
import Foundation
import Training

/// A study as a page: which policy is best for which view and label, and how sure that is.
struct StudyPage {
    private let record: StudyRecord
    private let ranking: StudyRanking

    init(_ record: StudyRecord, _ ranking: StudyRanking) {
        self.record = record
        self.ranking = ranking
    }

    func page() -> HTMLPage {
        let models = record.plan.views.count * record.plan.policies.count
        var page = HTMLPage(
            title: "Policies for uncertain labels", subtitle: "\(models) models of \(record.plan.network)")
        page.add("Summary", summary)
        for part in ranking.parts { page.add(title(part), blocks(part)) }
        page.add("What was trained", training)
        page.add("Method", method)
        return page
    }

    private func title(_ part: StudyRanking.Part) -> String {
        part.name == "average" ? "Average over the views" : part.name.capitalized + " films"
    }

    private var summary: [HTMLPage.Block] {
        let cards = ranking.parts.map { part -> HTMLPage.Card in
            guard let best = part.standings.first, best.macroAUC.value != nil else {
                return HTMLPage.Card(part.name, "–", note: "no area is defined")
            }
            return HTMLPage.Card(
                part.name, best.policy, note: "mean AUC \(MetricText.both(best.macroAUC)) on \(part.cases) cases")
        }
        return [.cards(cards)] + ranking.notes.map { .note($0) } + [.table(bestByLabel)]
    }

    /// Labels down, parts across.
    private var bestByLabel: HTMLTable {
        let rows = record.plan.labels.enumerated().map { index, label in
            [label]
                + ranking.parts.map { part in
                    guard let best = part.labels[index].best.first,
                        let area = part.standings.first(where: { $0.policy == best })?.labels[index].auc
                    else { return "–" }
                    return "\(part.bestWords(part.labels[index])): \(MetricText.both(area))"
                }
        }
        return HTMLTable(
            caption: "The policy of the highest AUC for each label",
            columns: [.init("Label", isNumeric: false)]
                + ranking.parts.map { .init($0.name.capitalized, isNumeric: false) }, rows: rows)
    }

    // MARK: A part

    private func blocks(_ part: StudyRanking.Part) -> [HTMLPage.Block] {
        let chart = IntervalChart(
            title: "Area under the ROC curve", valueName: "AUC", groups: part.standings.map(\.policy),
            rows: part.labels.indices.map { label in
                .init(
                    part.labels[label].label,
                    part.standings.map { IntervalChart.Estimate($0.labels[label].auc) })
            }, reference: 0.5)
        var blocks: [HTMLPage.Block] = [
            .paragraph(part.heading + "."), .table(standings(part)), .table(labels(part)),
            .figure(chart.drawing(), caption: "Points with intervals, policies from best to worst."),
        ]
        if let missing = part.missingInterval { blocks.append(.note(missing)) }
        if !part.againstViews.isEmpty {
            blocks.append(.table(differences(part.againstViews, caption: "The average against each view alone")))
        }
        for comparison in part.comparisons + part.againstViews {
            blocks.append(
                .details("\(comparison.first) against \(comparison.second)", ComparisonTable.blocks(comparison)))
        }
        return blocks
    }

    private func standings(_ part: StudyRanking.Part) -> HTMLTable {
        let rows = part.standings.enumerated().map { rank, standing in
            let difference = rank == 0 ? nil : part.comparisons[rank - 1].macroDifference
            return [
                standing.policy, MetricText.both(standing.macroAUC),
                MetricText.both(standing.macroAveragePrecision), difference.map(MetricText.both) ?? "",
            ]
        }
        return HTMLTable(
            caption: "Means over the labels",
            columns: [.init("Policy", isNumeric: false)]
                + ["Mean AUC", "Mean average precision", "Best less this"].map { .init($0) },
            rows: rows, highlighted: [0])
    }

    private func labels(_ part: StudyRanking.Part) -> HTMLTable {
        let rows = part.labels.enumerated().map { index, label in
            let counts = part.standings.first?.labels[index]
            let next = part.runnerUp(index)
            let difference = next?.test.map {
                "\(String(format: "%.3f", $0.difference)) (\(MetricText.range($0.interval)))"
            }
            return [label.label, "\(counts?.positives ?? 0) of \(counts?.cases ?? 0)"]
                + part.standings.map { MetricText.value($0.labels[index].auc) }
                + [
                    part.bestWords(label), next?.policy ?? "–", difference ?? "–",
                    next?.adjustedPValue.map(MetricText.pValue) ?? "–",
                ]
        }
        let columns =
            [HTMLTable.Column("Label", isNumeric: false), .init("Positive")]
            + part.standings.map { HTMLTable.Column($0.policy) }
            + [.init("Best", isNumeric: false), .init("Next", isNumeric: false)]
            + [HTMLTable.Column("Difference"), .init("p, adjusted")]
        return HTMLTable(caption: "AUC by label; the best policy against the next", columns: columns, rows: rows)
    }

    private func differences(_ comparisons: [ModelComparison], caption: String) -> HTMLTable {
        HTMLTable(
            caption: caption,
            columns: [
                .init("First", isNumeric: false), .init("Second", isNumeric: false),
                .init("Difference of mean AUC"),
            ],
            rows: comparisons.map { [$0.first, $0.second, $0.macroDifference.map(MetricText.both) ?? "–"] })
    }

    // MARK: How it came about

    private var training: [HTMLPage.Block] {
        let plan = record.plan
        let rows = plan.views.map { [$0.view, "\($0.trainingImages)", "\($0.heldOutImages)"] }
        let length = plan.settings.maxSteps.map { "\($0) steps" } ?? "\(plan.settings.epochs) epochs"
        return [
            .table(
                HTMLTable(
                    columns: [.init("View", isNumeric: false), .init("Films to learn from"), .init("Held out")],
                    rows: rows)),
            .paragraph(
                "\(plan.network) from \(plan.weights == "random" ? "random weights" : "pretrained weights"), "
                    + "\(length) of batches of \(plan.settings.batchSize), seed \(plan.settings.seed), the same for all "
                    + "models. Policies: \(plan.policies.joined(separator: ", ")). Each model's own folder has its curves, "
                    + "its evaluation and its answers."),
        ]
    }

    private var method: [HTMLPage.Block] {
        let uncertain =
            switch ranking.settings.uncertain {
            case .leaveOut: "Uncertain labels are left out of every number here"
            case .asNegative: "Uncertain labels count as negative here"
            case .asPositive: "Uncertain labels count as positive here"
            }
        return [
            .paragraph(uncertain + ", whatever the model took them for; labels not mentioned count as negative."),
            .paragraph(
                "Intervals of one label's area are DeLong's, and differences are tested by DeLong's paired test, by "
                    + "patient where patients are known, adjusted after Holm over all labels and policies of a view. Means "
                    + "over labels have bootstrap intervals from draws of whole patients."),
            .paragraph(
                "The best policy is chosen on the same cases that it is judged on, which flatters it, and each policy was "
                    + "trained once: another seed may change the order of policies that lie close together. Where the "
                    + "training kept the best of several validations, it chose on these cases too, for all models alike."
            ),
        ]
    }
}
