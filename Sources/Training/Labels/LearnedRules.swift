import Foundation
package import LightboxCore

/// The rules of labels whose policy is `learned`, as they move.
///
/// **u** is the sigmoid of a parameter θ that takes one step of gradient descent in every training step,
/// beside the network. Its objective is the mean over the batch's uncertain images of the Kullback-Leibler
/// divergence between the target and the prediction, `CE(σ(z), u) - H(u)`, with gradient
/// `u (1 - u) (θ - mean z)`: u settles where the network, taught by the certain labels, puts its uncertain
/// images. (The cross-entropy alone is linear in u, and would run to 0 or 1 whichever the network first leans to.)
///
/// **w** is set after every validation in training, to lower the loss of the certain labels: with g the
/// gradient of the certain labels' loss and h that of the uncertain ones, both in the last layer's weights of
/// that label and both over the same images held out from training, a step along `-h` lowers the certain loss
/// if g and h point the same way. So `w += 0.25 cos(g, h)`, kept in 0...1 (the idea of Ren et al. 2018,
/// Learning to reweight examples, arXiv:1803.09050).
public struct LearnedRules: Sendable, Codable, Hashable {
    /// Which labels learn.
    public private(set) var isLearned: [Bool]
    /// θ per label: `u = σ(θ)`.
    public private(set) var theta: [Double]
    public private(set) var w: [Double]

    /// Step length of θ.
    package static let rate = 0.1
    /// Largest |θ|: u stays in 0.0025...0.9975.
    package static let limit = 6.0
    /// Largest step of w.
    package static let weightStep = 0.25

    /// nil when no rule is learned.
    public init?(rules: [UncertaintyRule]) {
        guard rules.contains(where: \.isLearned) else { return nil }
        isLearned = rules.map(\.isLearned)
        theta = rules.map { rule in
            let u = min(0.9975, max(0.0025, rule.u))
            return log(u / (1 - u))
        }
        w = rules.map(\.w)
    }

    /// The rules as they stand now; those that are not learned unchanged.
    public func applied(to rules: [UncertaintyRule]) -> [UncertaintyRule] {
        rules.enumerated().map { label, rule in
            guard isLearned[label] else { return rule }
            return UncertaintyRule(u: sigmoid(theta[label]), w: w[label], isLearned: true)
        }
    }

    /// Sum of logits and number of the uncertain images, per label: what a step of u needs of a batch.
    ///
    /// - Parameter logits: `[images, labels]`.
    package func sums(logits: NDArray, states: [[LabelState]]) -> [Double] {
        var sums = [Double](repeating: 0, count: 2 * theta.count)
        for (row, states) in states.enumerated() {
            for (label, state) in states.enumerated() where state == .uncertain && isLearned[label] {
                sums[2 * label] += Double(logits.values[row * theta.count + label])
                sums[2 * label + 1] += 1
            }
        }
        return sums
    }

    /// One step of u.
    ///
    /// - Parameter sums: of the whole batch, as ``sums(logits:states:)`` gives them.
    package mutating func moveTargets(_ sums: [Double]) {
        for label in theta.indices where sums[2 * label + 1] > 0 {
            let u = sigmoid(theta[label])
            let gradient = u * (1 - u) * (theta[label] - sums[2 * label] / sums[2 * label + 1])
            theta[label] = min(Self.limit, max(-Self.limit, theta[label] - Self.rate * gradient))
        }
    }

    /// One step of w.
    ///
    /// - Parameter alignments: per label the cosine between the two gradients; nil where one of them is zero.
    package mutating func moveWeights(_ alignments: [Double?]) {
        for label in w.indices where isLearned[label] {
            guard let alignment = alignments[label], alignment.isFinite else { continue }
            w[label] = min(1, max(0, w[label] + Self.weightStep * alignment))
        }
    }
}
