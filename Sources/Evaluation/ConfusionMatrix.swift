/// Counts of true against predicted classes, for any number of classes.
public struct ConfusionMatrix: Sendable, Hashable, Codable {
    /// `counts[truth][prediction]`.
    public let counts: [[Int]]

    /// How far a wrong class is from the right one, for Cohen's kappa.
    public enum Weighting: String, Sendable, Codable, CaseIterable {
        /// Every error counts the same.
        case none
        case linear
        case quadratic
    }

    /// - Precondition: as many columns as rows.
    public init(counts: [[Int]]) {
        precondition(counts.allSatisfy { $0.count == counts.count })
        self.counts = counts
    }

    /// - Parameters:
    ///   - truths, predictions: class numbers in `0..<classes`.
    public init(truths: [Int], predictions: [Int], classes: Int) {
        precondition(truths.count == predictions.count, "one truth for each prediction")
        var counts = Array(repeating: Array(repeating: 0, count: classes), count: classes)
        for (truth, prediction) in zip(truths, predictions) { counts[truth][prediction] += 1 }
        self.counts = counts
    }

    public var count: Int { counts.reduce(0) { $0 + $1.reduce(0, +) } }
    public var correct: Int { counts.indices.reduce(0) { $0 + counts[$1][$1] } }
    /// Cases of each true class.
    public var truths: [Int] { counts.map { $0.reduce(0, +) } }
    /// Cases of each predicted class.
    public var predictions: [Int] { counts.indices.map { column in counts.reduce(0) { $0 + $1[column] } } }

    /// The counts of one class against all others.
    public func oneAgainstRest(_ index: Int) -> Confusion {
        let hits = counts[index][index]
        let (true_, predicted) = (truths[index], predictions[index])
        return Confusion(
            truePositives: hits, falsePositives: predicted - hits, trueNegatives: count - true_ - predicted + hits,
            falseNegatives: true_ - hits)
    }

    public func accuracy() throws(Undefined) -> Double {
        guard count > 0 else { throw .noCases }
        return Double(correct) / Double(count)
    }

    /// The mean of the recalls of the classes that have cases.
    public func balancedAccuracy() throws(Undefined) -> Double {
        let truths = truths
        let present = counts.indices.filter { truths[$0] > 0 }
        guard !present.isEmpty else { throw .noCases }
        return present.sum { Double(counts[$0][$0]) / Double(truths[$0]) } / Double(present.count)
    }

    /// The mean of the classes' F1 values, over the classes that are true or predicted somewhere.
    public func macroF1() throws(Undefined) -> Double {
        let defined = counts.indices.compactMap { try? oneAgainstRest($0).f1() }
        guard !defined.isEmpty else { throw .noCases }
        return defined.sum { $0 } / Double(defined.count)
    }

    /// Matthews' correlation for any number of classes (Gorodkin 2004).
    public func matthewsCorrelation() throws(Undefined) -> Double {
        guard count > 0 else { throw .noCases }
        let (truths, predictions) = (truths, predictions)
        // Products of two counts; for 200,000 cases they still fit exactly in an integer.
        let covariance = correct * count - zip(truths, predictions).reduce(0) { $0 + $1.0 * $1.1 }
        let truthVariance = count * count - truths.reduce(0) { $0 + $1 * $1 }
        let predictionVariance = count * count - predictions.reduce(0) { $0 + $1 * $1 }
        guard truthVariance > 0 && predictionVariance > 0 else { throw .constantPrediction }
        return Double(covariance) / (Double(truthVariance).squareRoot() * Double(predictionVariance).squareRoot())
    }

    /// Cohen's kappa: agreement beyond chance, 1 when complete.
    public func cohenKappa(_ weighting: Weighting = .none) throws(Undefined) -> Double {
        guard count > 0 else { throw .noCases }
        let (truths, predictions) = (truths, predictions)
        var (observed, expected) = (0, 0)
        for truth in counts.indices {
            for prediction in counts.indices {
                let distance = abs(truth - prediction)
                let weight =
                    switch weighting {
                    case .none: min(distance, 1)
                    case .linear: distance
                    case .quadratic: distance * distance
                    }
                observed += weight * counts[truth][prediction]
                expected += weight * truths[truth] * predictions[prediction]
            }
        }
        guard expected > 0 else { throw .chanceIsPerfect }
        return Double(expected - observed * count) / Double(expected)
    }
}
