import Foundation
package import ModelRegistry
import Networks

extension ModelPredictor {
    /// A temperature applied to a model's values (Guo et al. 2017, arXiv:1706.04599).
    package struct Calibration: Sendable {
        private let temperature: Double
        private let activation: Activation
        /// Whether the values are those before the activation. Of a model file that cannot be opened up the scores
        /// are turned back, as exactly as Float32 has kept them.
        package var takesLogits = false

        package init(_ output: ModelOutput) {
            temperature = output.temperature ?? 1
            activation = output.activation
        }

        package var isNeeded: Bool { temperature != 1 && (activation == .softmax || activation == .sigmoid) }

        package func scores(_ values: [Float]) -> [Float] {
            guard isNeeded else { return values }
            let scaled = values.map { (takesLogits ? Double($0) : logit(Double($0))) / temperature }
            guard activation == .softmax else { return scaled.map { Float(1 / (1 + exp(-$0))) } }
            let highest = scaled.max() ?? 0
            let powers = scaled.map { exp($0 - highest) }
            let sum = powers.reduce(0, +)
            return powers.map { Float($0 / sum) }
        }

        /// A value that the activation turns into `score`; of a softmax up to one summand for all.
        private func logit(_ score: Double) -> Double {
            let least = Double(Float.leastNonzeroMagnitude)
            if activation == .softmax { return log(max(score, least)) }
            // The largest Float below 1 is 1 - 2⁻²⁴.
            let score = min(max(score, least), 1 - 0x1p-25)
            return log(score / (1 - score))
        }
    }
}
