/// The four counts of a yes-or-no prediction against the truth.
public struct Confusion: Sendable, Hashable, Codable {
    public var truePositives: Int
    public var falsePositives: Int
    public var trueNegatives: Int
    public var falseNegatives: Int

    private enum CodingKeys: String, CodingKey {
        case truePositives = "true_positives"
        case falsePositives = "false_positives"
        case trueNegatives = "true_negatives"
        case falseNegatives = "false_negatives"
    }

    public init(truePositives: Int, falsePositives: Int, trueNegatives: Int, falseNegatives: Int) {
        self.truePositives = truePositives
        self.falsePositives = falsePositives
        self.trueNegatives = trueNegatives
        self.falseNegatives = falseNegatives
    }

    /// - Precondition: as many truths as predictions.
    public init(predictions: [Bool], truths: [Bool]) {
        precondition(predictions.count == truths.count, "one truth for each prediction")
        self.init(truePositives: 0, falsePositives: 0, trueNegatives: 0, falseNegatives: 0)
        for (prediction, truth) in zip(predictions, truths) {
            switch (prediction, truth) {
            case (true, true): truePositives += 1
            case (true, false): falsePositives += 1
            case (false, false): trueNegatives += 1
            case (false, true): falseNegatives += 1
            }
        }
    }

    /// Calls positive what scores at least `threshold`.
    public init(_ ranked: RankedScores, threshold: Double) {
        // The last step whose score is high enough.
        var (low, high) = (0, ranked.thresholds.count)
        while low < high {
            let middle = (low + high) / 2
            if ranked.thresholds[middle] >= threshold { low = middle + 1 } else { high = middle }
        }
        self.init(ranked, step: low - 1)
    }

    /// - Parameter step: of `ranked.thresholds`; −1 calls nobody positive.
    init(_ ranked: RankedScores, step: Int) {
        let hits = step < 0 ? 0 : ranked.truePositives[step]
        let misses = step < 0 ? 0 : ranked.falsePositives[step]
        self.init(
            truePositives: hits, falsePositives: misses, trueNegatives: ranked.negatives - misses,
            falseNegatives: ranked.positives - hits)
    }

    public var count: Int { positives + negatives }
    public var positives: Int { truePositives + falseNegatives }
    public var negatives: Int { trueNegatives + falsePositives }
    public var predictedPositives: Int { truePositives + falsePositives }
    public var predictedNegatives: Int { trueNegatives + falseNegatives }
}

extension Confusion {
    /// The share of the positive cases that is called positive (recall).
    public func sensitivity() throws(Undefined) -> Double {
        guard positives > 0 else { throw .noPositives }
        return Double(truePositives) / Double(positives)
    }

    /// The share of the negative cases that is called negative.
    public func specificity() throws(Undefined) -> Double {
        guard negatives > 0 else { throw .noNegatives }
        return Double(trueNegatives) / Double(negatives)
    }

    /// The share of true positives among those called positive (precision).
    public func positivePredictiveValue() throws(Undefined) -> Double {
        guard predictedPositives > 0 else { throw .nothingPredictedPositive }
        return Double(truePositives) / Double(predictedPositives)
    }

    /// The share of true negatives among those called negative.
    public func negativePredictiveValue() throws(Undefined) -> Double {
        guard predictedNegatives > 0 else { throw .nothingPredictedNegative }
        return Double(trueNegatives) / Double(predictedNegatives)
    }

    public func accuracy() throws(Undefined) -> Double {
        guard count > 0 else { throw .noCases }
        return Double(truePositives + trueNegatives) / Double(count)
    }

    /// The mean of sensitivity and specificity.
    public func balancedAccuracy() throws(Undefined) -> Double { try (sensitivity() + specificity()) / 2 }

    /// The harmonic mean of precision and recall.
    public func f1() throws(Undefined) -> Double {
        let wrong = falsePositives + falseNegatives
        guard 2 * truePositives + wrong > 0 else { throw .neitherTrueNorPredicted }
        return Double(2 * truePositives) / Double(2 * truePositives + wrong)
    }

    /// Matthews' correlation of prediction and truth, −1...1.
    public func matthewsCorrelation() throws(Undefined) -> Double { try matrix.matthewsCorrelation() }

    /// Cohen's kappa: agreement beyond chance.
    public func cohenKappa() throws(Undefined) -> Double { try matrix.cohenKappa() }

    private var matrix: ConfusionMatrix {
        ConfusionMatrix(counts: [[trueNegatives, falsePositives], [falseNegatives, truePositives]])
    }
}
