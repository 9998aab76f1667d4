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
