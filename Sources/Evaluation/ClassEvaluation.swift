/// What is said of a model that chooses one class of several. The chosen class has the highest probability;
/// of equal ones the first.
public struct ClassEvaluation: Sendable, Hashable, Codable {
    public let names: [String]
    public let confusion: ConfusionMatrix
    /// With Wilson's and Clopper and Pearson's intervals.
    public let accuracy: Metric
    public let balancedAccuracy: Metric
    public let macroF1: Metric
    public let matthewsCorrelation: Metric
    public let cohenKappa: Metric
    /// One class against the rest, plain mean; defined when every class has a case.
    public let macroAUC: Metric
    /// The same, weighted by the cases of each class.
    public let weightedAUC: Metric
    public let logLoss: Metric
    public let temperatureScaling: TemperatureScaling?

    private enum CodingKeys: String, CodingKey {
        case names, confusion, accuracy
        case balancedAccuracy = "balanced_accuracy"
        case macroF1 = "macro_f1"
        case matthewsCorrelation = "matthews_correlation"
        case cohenKappa = "cohen_kappa"
        case macroAUC = "macro_auc"
        case weightedAUC = "weighted_auc"
        case logLoss = "log_loss"
        case temperatureScaling = "temperature_scaling"
    }

    public init(names: [String], probabilities: [[Double]], truths: [Int], level: Double = 0.95) {
        self.names = names
        let chosen = probabilities.map { row in
            row.indices.dropFirst().reduce(0) { row[$1] > row[$0] ? $1 : $0 }
        }
        let confusion = ConfusionMatrix(truths: truths, predictions: chosen, classes: names.count)
        self.confusion = confusion
        var accuracy = Metric(confusion.accuracy)
        accuracy.addInterval(.wilson) { () throws(Undefined) in
            try BinomialInterval.wilson(successes: confusion.correct, trials: confusion.count, level: level)
        }
        accuracy.addInterval(.clopperPearson) { () throws(Undefined) in
            try BinomialInterval.clopperPearson(
                successes: confusion.correct, trials: confusion.count, level: level)
        }
        self.accuracy = accuracy
        balancedAccuracy = Metric(confusion.balancedAccuracy)
        macroF1 = Metric { () throws(Undefined) in try confusion.macroF1() }
        matthewsCorrelation = Metric(confusion.matthewsCorrelation)
        cohenKappa = Metric { () throws(Undefined) in try confusion.cohenKappa() }
        macroAUC = Metric { () throws(Undefined) in
            try OneAgainstRest.area(probabilities: probabilities, truths: truths, weighting: .macro)
        }
        weightedAUC = Metric { () throws(Undefined) in
            try OneAgainstRest.area(probabilities: probabilities, truths: truths, weighting: .weighted)
        }
        logLoss = Metric { () throws(Undefined) in
            try ProbabilityLoss.logLoss(probabilities: probabilities, classes: truths)
        }
        temperatureScaling = try? TemperatureScaling(
            logits: probabilities.map { row in row.map(OneAgainstRest.logarithm) }, classes: truths)
    }
}
