import Evaluation

/// What a page says of one label: curves, calibration, thresholds.
struct LabelPanel {
    private let label: LabelEvaluation

    init(_ label: LabelEvaluation) { self.label = label }

    var blocks: [HTMLPage.Block] {
        var blocks: [HTMLPage.Block] = [.figure(CurveFigure(label).drawing(), caption: "")]
        var charts: [HTMLPage.Block] = []
        if label.calibration != nil {
            charts.append(
                .figure(ReliabilityChart(label).drawing(), caption: "Bars: intervals of the observed share."))
        }
        if let point = label.operatingPoints.first, let confusion = point.confusion {
            charts.append(
                .figure(
                    ConfusionChart(title: "At the threshold of \(point.rule)", confusion).drawing(), caption: ""))
        }
        if !charts.isEmpty { blocks.append(.columns(charts)) }
        if !label.operatingPoints.isEmpty { blocks.append(.table(thresholds)) }
        if let scaling = label.temperatureScaling {
            let (before, after) = (scaling.logLossBefore, scaling.logLossAfter)
            blocks.append(
                .paragraph(
                    "Temperature \(Number.decimal(scaling.temperature, digits: 3)) takes the log loss from "
                        + "\(Number.decimal(before, digits: 4)) to \(Number.decimal(after, digits: 4))."))
        }
        return blocks
    }

    private var thresholds: HTMLTable {
        let columns = ["Threshold", "Sensitivity", "Specificity", "PPV", "NPV", "F1", "TP", "FP", "TN", "FN"]
        let rows = label.operatingPoints.map { point in
            let name = point.rule.description
            guard let rates = point.rates, let confusion = point.confusion, let threshold = point.threshold else {
                let reason = point.undefined.map { " (\($0))" } ?? ""
                return [name + reason] + columns.map { _ in "–" }
            }
            let metrics = [
                rates.sensitivity, rates.specificity, rates.positivePredictiveValue, rates.negativePredictiveValue,
            ]
            let counts = [
                confusion.truePositives, confusion.falsePositives, confusion.trueNegatives,
                confusion.falseNegatives,
            ]
            return [name, Number.decimal(threshold, digits: 3)] + metrics.map { MetricText.both($0) }
                + [MetricText.value(rates.f1)] + counts.map(Number.grouped)
        }
        return HTMLTable(columns: [.init("Chosen by", isNumeric: false)] + columns.map { .init($0) }, rows: rows)
    }
}

/// Two models on the same cases.
enum ComparisonTable {
    static func blocks(_ comparison: ModelComparison) -> [HTMLPage.Block] {
        let columns = [comparison.first, comparison.second, "Difference", "Interval", "p", "p, adjusted"]
        let rows = comparison.labels.map { label in
            let areas = [label.label, MetricText.value(label.first), MetricText.value(label.second)]
            guard let test = label.test else {
                return areas + [label.undefined?.description ?? "–", "–", "–", "–"]
            }
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

/// Metrics as a table writes them.
enum MetricText {
    static func value(_ metric: Metric) -> String { metric.value.map { Number.decimal($0, digits: 3) } ?? "–" }

    static func interval(_ metric: Metric) -> String { metric.interval.map(range) ?? "–" }

    static func range(_ interval: Interval) -> String {
        "\(Number.decimal(interval.lower, digits: 3)) to \(Number.decimal(interval.upper, digits: 3))"
    }

    /// `0.912 (0.890–0.934)`.
    static func both(_ metric: Metric) -> String {
        guard let interval = metric.interval else { return value(metric) }
        let ends = [interval.lower, interval.upper].map { Number.decimal($0, digits: 3) }
        return "\(value(metric)) (\(ends.joined(separator: "–")))"
    }

    static func card(_ name: String, _ metric: Metric) -> HTMLPage.Card {
        if let reason = metric.undefined { return HTMLPage.Card(name, "–", note: "not defined: \(reason)") }
        return HTMLPage.Card(name, value(metric), note: metric.interval.map(range) ?? "")
    }

    static func pValue(_ value: Double) -> String { value < 0.001 ? "< 0.001" : Number.decimal(value, digits: 3) }
}
