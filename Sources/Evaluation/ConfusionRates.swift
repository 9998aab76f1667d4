/// Every rate of a ``Confusion``; those that are proportions have Wilson's interval.
public struct ConfusionRates: Sendable, Hashable, Codable {
    public let sensitivity: Metric
    public let specificity: Metric
    public let positivePredictiveValue: Metric
    public let negativePredictiveValue: Metric
    public let accuracy: Metric
    public let balancedAccuracy: Metric
    public let f1: Metric
    public let matthewsCorrelation: Metric
    public let cohenKappa: Metric

    private enum CodingKeys: String, CodingKey {
        case sensitivity, specificity
        case positivePredictiveValue = "positive_predictive_value"
        case negativePredictiveValue = "negative_predictive_value"
        case accuracy
        case balancedAccuracy = "balanced_accuracy"
        case f1
        case matthewsCorrelation = "matthews_correlation"
        case cohenKappa = "cohen_kappa"
    }

    public init(_ confusion: Confusion, level: Double = 0.95) {
        func proportion(_ successes: Int, _ trials: Int, _ value: () throws(Undefined) -> Double) -> Metric {
            var metric = Metric(value)
            metric.addInterval(.wilson) { () throws(Undefined) in
                try BinomialInterval.wilson(successes: successes, trials: trials, level: level)
            }
            return metric
        }
        sensitivity = proportion(confusion.truePositives, confusion.positives, confusion.sensitivity)
        specificity = proportion(confusion.trueNegatives, confusion.negatives, confusion.specificity)
        positivePredictiveValue = proportion(
            confusion.truePositives, confusion.predictedPositives, confusion.positivePredictiveValue)
        negativePredictiveValue = proportion(
            confusion.trueNegatives, confusion.predictedNegatives, confusion.negativePredictiveValue)
        accuracy = proportion(
            confusion.truePositives + confusion.trueNegatives, confusion.count, confusion.accuracy)
        balancedAccuracy = Metric(confusion.balancedAccuracy)
        f1 = Metric(confusion.f1)
        matthewsCorrelation = Metric(confusion.matthewsCorrelation)
        cohenKappa = Metric(confusion.cohenKappa)
    }
}
