import Foundation

/// One number that divides the logits so that probabilities fit the truth (Guo et al. 2017): above 1 it makes
/// an overconfident model humbler. Ranks, and with them the area, stay.
public struct TemperatureScaling: Sendable, Hashable, Codable {
    /// Greater than 0.
    public let temperature: Double
    /// The mean log loss of the cases it was fitted on, before.
    public let logLossBefore: Double
    public let logLossAfter: Double

    private enum CodingKeys: String, CodingKey {
        case temperature
        case logLossBefore = "log_loss_before"
        case logLossAfter = "log_loss_after"
    }

    /// Fits sigmoid(logit / temperature).
    public init(logits: [Double], truths: [Bool]) throws(Undefined) {
        precondition(logits.count == truths.count, "one truth for each logit")
        guard !logits.isEmpty else { throw .noCases }
        guard logits.allSatisfy(\.isFinite) else { throw .notFinite }
        // Each case as a margin: its logit in favour of the truth. The loss is softplus(-inverse × margin).
        let margins = zip(logits, truths).map { $1 ? $0 : -$0 }
        guard margins.contains(where: { $0 < 0 }) else { throw .separated }
        try self.init(slopeAtZero: -margins.sum { $0 } / 2) { inverse in
            var (loss, slope, curvature) = (CompensatedSum(), CompensatedSum(), CompensatedSum())
            for margin in margins {
                let wrong = Logistic.probability(-inverse * margin)
                loss += Logistic.softplus(-inverse * margin)
                slope += -margin * wrong
                curvature += margin * margin * wrong * (1 - wrong)
            }
            return (loss.value / Double(margins.count), slope.value, curvature.value)
        }
    }

    /// Fits to the logits of probabilities, with 0 and 1 moved inwards by 2⁻⁵².
    public init(probabilities: [Double], truths: [Bool]) throws(Undefined) {
        try ProbabilityLoss.check(probabilities, truths.count)
        try self.init(logits: probabilities.map(Logistic.logit), truths: truths)
    }

    /// Fits softmax(logits / temperature).
    ///
    /// - Parameters:
    ///   - logits: for each case one per class; logs of probabilities do as well.
    ///   - classes: for each case the number of the true class.
    public init(logits: [[Double]], classes: [Int]) throws(Undefined) {
        precondition(logits.count == classes.count, "one class for each case")
        guard !logits.isEmpty else { throw .noCases }
        guard logits.allSatisfy({ $0.allSatisfy(\.isFinite) }) else { throw .notFinite }
        // How far each class is above the true one.
        let excesses = zip(logits, classes).map { row, truth in row.map { $0 - row[truth] } }
        guard excesses.contains(where: { $0.contains { $0 > 0 } }) else { throw .separated }
        let slope = excesses.sum { row in row.sum { $0 } / Double(row.count) }
        try self.init(slopeAtZero: slope) { inverse in
            var (loss, slope, curvature) = (CompensatedSum(), CompensatedSum(), CompensatedSum())
            for row in excesses {
                let top = row.max()! * inverse
                let weights = row.map { exp($0 * inverse - top) }
                let total = weights.reduce(0, +)
                let mean = zip(row, weights).reduce(0) { $0 + $1.0 * $1.1 } / total
                let square = zip(row, weights).reduce(0) { $0 + ($1.0 - mean) * ($1.0 - mean) * $1.1 } / total
                loss += top + log(total)
                slope += mean
                curvature += square
            }
            return (loss.value / Double(excesses.count), slope.value, curvature.value)
        }
    }

    /// Minimises a convex loss of the inverse temperature: Newton's method inside a bracket.
    ///
    /// - Parameters:
    ///   - slopeAtZero: of the loss at an inverse temperature of 0; a positive minimum needs it negative.
    ///   - measure: the loss, and slope and curvature up to one common factor.
    private init(
        slopeAtZero: Double, _ measure: (Double) -> (loss: Double, slope: Double, curvature: Double)
    ) throws(Undefined) {
        guard slopeAtZero < 0 else { throw .notInformative }
        logLossBefore = measure(1).loss
        var (low, high) = (0.0, Double.infinity)
        var inverse = 1.0
        for _ in 0..<200 {
            let here = measure(inverse)
            if here.slope < 0 { low = inverse } else { high = inverse }
            var next = inverse - here.slope / here.curvature
            if !(next > low && next < high && next.isFinite) {
                next = high.isFinite ? (low + high) / 2 : inverse * 4
            }
            guard next.isFinite, next > 0 else { break }
            if abs(next - inverse) <= 1e-14 * next || here.slope == 0 {
                temperature = 1 / inverse
                logLossAfter = here.loss
                return
            }
            inverse = next
        }
        throw .noConvergence
    }

    /// The calibrated probability of a logit.
    public func probability(ofLogit logit: Double) -> Double { Logistic.probability(logit / temperature) }

    /// Calibrates a probability.
    public func apply(to probability: Double) -> Double {
        self.probability(ofLogit: Logistic.logit(probability))
    }
}
