package import Evaluation

/// Two models on the same cases.
package enum ComparisonTable {
    package static func blocks(_ comparison: ModelComparison) -> [HTMLPage.Block] {
        let columns = [comparison.first, comparison.second, "Difference", "Interval", "p", "p, adjusted"]
        let rows = comparison.labels.map { label in
            let areas = [label.label, MetricText.value(label.first), MetricText.value(label.second)]
            guard let test = label.test else { return areas + ["–", "–", "–", "–"] }
            return areas + [
                Number.decimal(test.difference, digits: 3), MetricText.range(test.interval),
                MetricText.pValue(test.pValue),
                label.adjustedPValue.map(MetricText.pValue) ?? "–",
            ]
        }
        let reasons = comparison.labels.compactMap { label in
            label.undefined.map { HTMLPage.Block.note("\(label.label): not compared, as \($0).") }
        }
        let chart = IntervalChart(
            title: "Area under the ROC curve", valueName: "AUC", groups: [comparison.first, comparison.second],
            rows: comparison.labels.map { label in
                .init(label.label, [IntervalChart.Estimate(label.first), IntervalChart.Estimate(label.second)])
            })
        return [
            .table(
                HTMLTable(
                    caption:
                        "\(comparison.first) and \(comparison.second): DeLong's paired test, adjusted after Holm",
                    columns: [.init("Label", isNumeric: false)] + columns.map { .init($0) }, rows: rows))
        ] + reasons + [.figure(chart.drawing(), caption: "")]
    }
}
