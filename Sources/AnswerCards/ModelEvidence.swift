public import Evaluation
import Foundation
public import ModelRegistry
import WireFormats

extension ModelManifest {
    /// What the metrics are where they are a whole evaluation, as `lightbox evaluate --keep` leaves it; nil otherwise.
    public var evaluation: ModelEvaluation? {
        guard let metrics, metrics["labels"] != nil, let bytes = try? metrics.serialized() else { return nil }
        return try? JSONDecoder().decode(ModelEvaluation.self, from: Data(bytes))
    }
}

/// What a model's evaluation says of single scores.
struct ModelEvidence: Sendable {
    private let output: ModelOutput
    private let evaluation: ModelEvaluation?

    init(_ manifest: ModelManifest) {
        output = manifest.output
        evaluation = manifest.evaluation
    }

    var note: AnswerCard.EvaluationNote? {
        evaluation.map { evaluation in
            AnswerCard.EvaluationNote(
                dataSet: evaluation.dataSet, cases: evaluation.labels.map(\.counts.cases).max() ?? 0,
                patients: evaluation.labels.compactMap(\.counts.patients).max())
        }
    }

    /// Fewer cases say too little of a share.
    private static let minimumCases = 10

    /// How often the label was true where it had such a score: the bin of equally many cases that the score falls into,
    /// with those beside it where it holds few.
    func calibration(of label: String, score: Float) -> AnswerCard.Calibration? {
        guard let bins = self[label]?.calibration?.equalMass.bins, !bins.isEmpty else { return nil }
        // A score beyond all that were seen counts as the outermost.
        let own = bins.firstIndex { Double(score) <= $0.upper } ?? bins.count - 1
        var range = own...own
        while bins[range].reduce(0, { $0 + $1.count }) < Self.minimumCases, range.count < bins.count {
            // The side that is nearer to the score.
            let (lower, upper) = (range.lowerBound, range.upperBound)
            let below = lower > 0 ? Double(score) - bins[lower - 1].upper : .infinity
            let above = upper + 1 < bins.count ? bins[upper + 1].lower - Double(score) : .infinity
            range = below <= above ? (lower - 1)...upper : lower...(upper + 1)
        }
        let (cases, positives) = bins[range].reduce((0, 0)) { ($0.0 + $1.count, $0.1 + $1.positives) }
        let level = bins[own].interval.level
        guard let interval = try? BinomialInterval.wilson(successes: positives, trials: cases, level: level) else {
            return nil
        }
        return AnswerCard.Calibration(
            probability: .init(
                value: Double(positives) / Double(cases), lower: interval.lower, upper: interval.upper,
                level: level),
            from: bins[range.lowerBound].lower, to: bins[range.upperBound].upper, cases: cases,
            positives: positives)
    }

    /// The rates of the rule that calls the label found: its threshold, or among classes the highest score.
    func rates(of label: String) -> ConfusionRates? {
        if let threshold = output.thresholds[label] {
            return self[label]?.operatingPoints.first { point in
                point.threshold.map { abs($0 - threshold) < 1e-9 } ?? false
            }?.rates
        }
        guard output.kind == .classes, let classes = evaluation?.classes,
            let index = classes.names.firstIndex(of: label)
        else { return nil }
        return ConfusionRates(classes.confusion.oneAgainstRest(index))
    }

    private subscript(_ label: String) -> LabelEvaluation? { evaluation?.labels.first { $0.label == label } }
}

extension AnswerCard.Proportion {
    /// nil for a metric that is not defined, or has no interval.
    init?(_ metric: Metric?) {
        guard let value = metric?.value, let interval = metric?.interval else { return nil }
        self.init(value: value, lower: interval.lower, upper: interval.upper, level: interval.level)
    }
}
