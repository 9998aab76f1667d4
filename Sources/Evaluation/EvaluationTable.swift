import Foundation

/// Rows of text, for whoever prints or writes them.
public struct EvaluationTable: Sendable, Hashable {
    public let header: [String]
    /// Each as long as the header.
    public let rows: [[String]]
}

extension ModelEvaluation {
    /// One row per label and one of means, rounded, each area with its first interval; `–` where undefined.
    public func summary(digits: Int = 3) -> EvaluationTable {
        func text(_ metric: Metric?) -> String {
            guard let value = metric?.value else { return "–" }
            guard let interval = metric?.interval else { return value.rounded(to: digits) }
            return value.rounded(to: digits) + " (" + interval.lower.rounded(to: digits) + "–"
                + interval.upper.rounded(to: digits) + ")"
        }
        let rows = labels.map { label in
            [
                label.label, String(label.counts.cases), String(label.counts.positives), text(label.auc),
                text(label.averagePrecision), text(label.brier), text(label.calibrationError),
            ]
        }
        let mean = ["macro mean", "", "", text(means.macroAUC), text(means.macroAveragePrecision), "", ""]
        return EvaluationTable(
            header: ["label", "cases", "positive", "AUC", "AP", "Brier", "ECE"],
            rows: rows + (labels.count > 1 ? [mean] : []))
    }

    /// One row per label, metric and interval, in full precision: what a CSV file holds. Undefined values are
    /// empty and say why in the last column.
    public func longTable() -> EvaluationTable {
        var rows: [[String]] = []
        func add(_ label: String, _ metrics: [(String, Metric?)]) {
            for case (let name, let metric?) in metrics {
                let value = metric.value.map { "\($0)" } ?? ""
                let reason = metric.undefined?.rawValue ?? ""
                if metric.intervals.isEmpty { rows.append([label, name, value, "", "", "", "", reason]) }
                for interval in metric.intervals {
                    rows.append([
                        label, name, value, interval.method.rawValue, "\(interval.level)", "\(interval.lower)",
                        "\(interval.upper)", reason,
                    ])
                }
            }
        }
        for label in labels {
            add(label.label, label.metrics)
            for point in label.operatingPoints { add(label.label, point.metrics) }
        }
        add("", means.metrics)
        if let classes { add("", classes.metrics) }
        return EvaluationTable(
            header: ["label", "metric", "value", "interval", "level", "lower", "upper", "undefined"], rows: rows)
    }
}

extension LabelEvaluation {
    fileprivate var metrics: [(String, Metric?)] {
        [
            ("auc", auc), ("average_precision", averagePrecision), ("brier", brier), ("log_loss", logLoss),
            ("calibration_error", calibrationError), ("temperature", temperature),
        ]
    }
}

extension OperatingPoint {
    fileprivate var metrics: [(String, Metric?)] {
        let place = threshold.map { Metric($0) } ?? undefined.map { Metric(undefined: $0) }
        return [
            ("\(rule): threshold", place), ("\(rule): sensitivity", rates?.sensitivity),
            ("\(rule): specificity", rates?.specificity),
            ("\(rule): positive_predictive_value", rates?.positivePredictiveValue),
            ("\(rule): negative_predictive_value", rates?.negativePredictiveValue),
            ("\(rule): accuracy", rates?.accuracy), ("\(rule): f1", rates?.f1),
        ]
    }
}

extension EvaluationMeans {
    fileprivate var metrics: [(String, Metric?)] {
        [
            ("macro_auc", macroAUC), ("weighted_auc", weightedAUC), ("micro_auc", microAUC),
            ("macro_average_precision", macroAveragePrecision),
            ("micro_average_precision", microAveragePrecision),
        ]
    }
}

extension ClassEvaluation {
    fileprivate var metrics: [(String, Metric?)] {
        [
            ("accuracy", accuracy), ("balanced_accuracy", balancedAccuracy), ("macro_f1", macroF1),
            ("matthews_correlation", matthewsCorrelation), ("cohen_kappa", cohenKappa), ("log_loss", logLoss),
        ]
    }
}

extension Double {
    /// With this many digits behind the point.
    fileprivate func rounded(to digits: Int) -> String { String(format: "%.\(digits)f", self) }
}
