import Foundation

/// What training cases measure when each is held against the others: the scale on which a new case is judged.
///
/// A new case's p-value is its rank among them (Vovk, Gammerman and Shafer 2005, *Algorithmic Learning in a Random World*;
/// left-out training cases in place of a set of their own: Hennhöfer and Preisach 2024, arXiv:2402.16388).
struct ConformalCalibration: Sendable, Hashable {
    /// In ascending order.
    let values: [Double]
    let mean: Double
    /// The standard deviation; 1 where all are equal.
    let deviation: Double

    /// - Parameter values: finite, one at least.
    init(_ values: [Double]) {
        precondition(!values.isEmpty)
        self.values = values.sorted()
        let count = Double(values.count)
        let mean = self.values.reduce(0, +) / count
        let variance = self.values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count
        self.mean = mean
        deviation = variance > 1e-24 * max(mean * mean, 1e-12) ? variance.squareRoot() : 1
    }

    /// Of a value that is large for strange cases, 1 / (n + 1) ... 1; equal values count as stranger.
    func pValue(_ value: Double) -> Double {
        Double(1 + values.count - below(value)) / Double(values.count + 1)
    }

    /// Per cent of the values that are smaller.
    func percentile(_ value: Double) -> Double { 100 * Double(below(value)) / Double(values.count) }

    /// In standard deviations from the mean.
    func standardised(_ value: Double) -> Double { (value - mean) / deviation }

    private func below(_ value: Double) -> Int {
        var (low, high) = (0, values.count)
        while low < high {
            let middle = (low + high) / 2
            if values[middle] < value { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
