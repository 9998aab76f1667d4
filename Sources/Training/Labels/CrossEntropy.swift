import Foundation

/// Cross-entropies of one value in 64 bits: what a validation sums up, and what the engine's own losses are
/// held against.
package enum CrossEntropy {
    /// `-(t log σ(z) + (1 - t) log(1 - σ(z)))`, in the form that neither overflows nor loses digits.
    ///
    /// - Parameter target: 0...1.
    package static func sigmoid(logit z: Double, target t: Double) -> Double {
        max(z, 0) - z * t + log1p(exp(-abs(z)))
    }

    /// `-log softmax(logits)[index]`.
    package static func softmax(logits: some Collection<Double>, index: Int) -> Double {
        let largest = logits.max() ?? 0
        let sum = logits.reduce(0) { $0 + exp($1 - largest) }
        return log(sum) + largest - logits[logits.index(logits.startIndex, offsetBy: index)]
    }
}

/// `1 / (1 + e^-z)`.
package func sigmoid(_ z: Double) -> Double {
    z >= 0 ? 1 / (1 + exp(-z)) : exp(z) / (1 + exp(z))
}

/// Softmax of a row.
package func softmax(_ logits: some Collection<Double>) -> [Double] {
    let largest = logits.max() ?? 0
    let powers = logits.map { exp($0 - largest) }
    let sum = powers.reduce(0, +)
    return powers.map { $0 / sum }
}
