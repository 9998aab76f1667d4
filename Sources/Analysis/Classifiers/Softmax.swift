import Foundation

/// Probabilities as the softmax of scores, their cross-entropy and its gradient.
package enum Softmax {
    /// - Parameters:
    ///   - scores: `labels.count` × `classes`; replaced by the gradient of each, weighted.
    /// - Returns: the weighted sum of the rows' losses.
    static func loss(
        _ scores: UnsafeMutablePointer<Double>, classes: Int, labels: ArraySlice<Int>, weights: ArraySlice<Double>
    ) -> Double {
        var total = 0.0
        for (row, (label, weight)) in zip(labels, weights).enumerated() {
            let own = UnsafeMutableBufferPointer(start: scores + row * classes, count: classes)
            let largest = own.max() ?? 0
            let sum = largest + log(own.reduce(0.0) { $0 + exp($1 - largest) })
            total += weight * (sum - own[label])
            for index in own.indices { own[index] = weight * (exp(own[index] - sum) - (index == label ? 1 : 0)) }
        }
        return total
    }

    /// Probabilities in place of scores.
    package static func probabilities(_ scores: inout [Double], classes: Int) {
        for start in stride(from: 0, to: scores.count, by: classes) {
            let largest = scores[start..<(start + classes)].max() ?? 0
            var sum = 0.0
            for index in start..<(start + classes) {
                scores[index] = exp(scores[index] - largest)
                sum += scores[index]
            }
            for index in start..<(start + classes) { scores[index] /= sum }
        }
    }
}
