public import LightboxCore

/// Turns the states of labels into what the weighted sigmoid cross-entropy takes: a target and a weight for
/// every image and label.
///
/// The loss of a batch is `Σ weight × CE(logit, target) / (images × labels)`: that of
/// `tf.compat.v1.losses.sigmoid_cross_entropy` with `SUM_OVER_BATCH_SIZE`, which divides by the number of
/// values, not by the sum of the weights.
public struct LabelTargets: Sendable, Hashable {
    /// One per label.
    public var rules: [UncertaintyRule]
    /// What a positive counts beside a negative, one per label.
    public var positiveWeights: [Double]

    /// - Parameter positiveWeights: 1 for each unless given.
    public init(rules: [UncertaintyRule], positiveWeights: [Double]? = nil) {
        precondition(positiveWeights.map { $0.count == rules.count } ?? true)
        self.rules = rules
        self.positiveWeights = positiveWeights ?? Array(repeating: 1, count: rules.count)
    }

    /// Target and weight of one label in one state.
    ///
    /// With a positive weight p an uncertain label is worth `w (p u (-log σ) + (1 - u)(-log(1 - σ)))`, which
    /// is a cross-entropy again, of target `p u / (p u + 1 - u)`.
    public func pair(_ state: LabelState, label: Int) -> (target: Double, weight: Double) {
        let positive = positiveWeights[label]
        switch state {
        case .notMentioned, .negative: return (0, 1)
        case .positive: return (1, positive)
        case .uncertain:
            let rule = rules[label]
            guard positive != 1 else { return (rule.u, rule.w) }
            let total = positive * rule.u + 1 - rule.u
            return (positive * rule.u / total, rule.w * total)
        }
    }

    /// - Parameter states: one row per image, one state per label.
    /// - Returns: two arrays `[images, labels]`.
    public func arrays(_ states: [[LabelState]]) -> (targets: NDArray, weights: NDArray) {
        let shape = [states.count, rules.count]
        var targets = NDArray(shape: shape)
        var weights = NDArray(shape: shape)
        for (row, states) in states.enumerated() {
            precondition(states.count == rules.count)
            for (label, state) in states.enumerated() {
                let (target, weight) = pair(state, label: label)
                targets.values[row * rules.count + label] = Float(target)
                weights.values[row * rules.count + label] = Float(weight)
            }
        }
        return (targets, weights)
    }

    /// The sum over all values of weight × cross-entropy, in 64 bits; divide by the number of values.
    ///
    /// - Parameter logits: `[images, labels]`.
    public func lossSum(logits: NDArray, states: [[LabelState]]) -> Double {
        precondition(logits.shape == [states.count, rules.count])
        var sum = 0.0
        for (row, states) in states.enumerated() {
            for (label, state) in states.enumerated() {
                let (target, weight) = pair(state, label: label)
                guard weight > 0 else { continue }
                let logit = Double(logits.values[row * rules.count + label])
                sum += weight * CrossEntropy.sigmoid(logit: logit, target: target)
            }
        }
        return sum
    }
}
