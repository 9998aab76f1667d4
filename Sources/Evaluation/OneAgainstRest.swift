import Foundation

/// The area under the ROC curve for several classes, each against all others.
public enum OneAgainstRest {
    public enum Weighting: String, Sendable, Codable, CaseIterable {
        /// Every class counts the same.
        case macro
        /// A class counts by its cases.
        case weighted
    }

    /// Equal to `sklearn.metrics.roc_auc_score(…, multi_class="ovr")`.
    ///
    /// - Parameters:
    ///   - probabilities: for each case one per class.
    ///   - truths: for each case the number of the true class.
    /// - Throws: ``Undefined`` when any class has no case, as the mean over the others would be another number.
    public static func area(
        probabilities: [[Double]], truths: [Int], weighting: Weighting = .macro
    ) throws(Undefined) -> Double {
        precondition(probabilities.count == truths.count, "one class for each case")
        guard let first = probabilities.first else { throw .noCases }
        var (sum, weights) = (CompensatedSum(), 0.0)
        for index in first.indices {
            let isClass = truths.map { $0 == index }
            let ranked = try RankedScores(scores: probabilities.map { $0[index] }, truths: isClass)
            let weight = weighting == .macro ? 1 : Double(ranked.positives)
            sum += try ranked.area() * weight
            weights += weight
        }
        return sum.value / weights
    }

    /// The log of a softmax probability, moved up to 2⁻⁵² where it is lower.
    static func logarithm(_ probability: Double) -> Double { log(max(probability, .ulpOfOne)) }
}
