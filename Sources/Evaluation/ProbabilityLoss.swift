import Foundation

/// Losses of probabilities against the truth: small when they are both sharp and right.
public enum ProbabilityLoss {
    /// The mean squared difference of probability and truth, 0...1. Equal to `sklearn.metrics.brier_score_loss`.
    ///
    /// - Parameter probabilities: of being positive, 0...1.
    public static func brier(probabilities: [Double], truths: [Bool]) throws(Undefined) -> Double {
        try check(probabilities, truths.count)
        let squares = zip(probabilities, truths).sum { probability, truth in
            let difference = probability - (truth ? 1 : 0)
            return difference * difference
        }
        return squares / Double(truths.count)
    }

    /// The mean negative log of the probability given to the truth, probabilities moved into 2⁻⁵²...1 − 2⁻⁵².
    /// Equal to `sklearn.metrics.log_loss(…, labels=[0, 1])`.
    public static func logLoss(probabilities: [Double], truths: [Bool]) throws(Undefined) -> Double {
        try check(probabilities, truths.count)
        let sum = zip(probabilities, truths).sum { -log(clipped($1 ? $0 : 1 - $0)) }
        return sum / Double(truths.count)
    }

    /// The same for classes, of which exactly one is true.
    ///
    /// - Parameters:
    ///   - probabilities: for each case one probability per class, of sum 1.
    ///   - classes: for each case the number of the true class.
    public static func logLoss(probabilities: [[Double]], classes: [Int]) throws(Undefined) -> Double {
        guard !classes.isEmpty else { throw .noCases }
        for row in probabilities { try check(row, row.count) }
        return zip(probabilities, classes).sum { -log(clipped($0[$1])) } / Double(classes.count)
    }

    private static func clipped(_ probability: Double) -> Double {
        min(max(probability, .ulpOfOne), 1 - .ulpOfOne)
    }

    static func check(_ probabilities: [Double], _ count: Int) throws(Undefined) {
        precondition(probabilities.count == count, "one truth for each probability")
        guard count > 0 else { throw .noCases }
        guard probabilities.allSatisfy(\.isFinite) else { throw .notFinite }
        guard probabilities.allSatisfy({ $0 >= 0 && $0 <= 1 }) else { throw .notProbabilities }
    }
}
