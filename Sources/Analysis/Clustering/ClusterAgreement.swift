import Foundation

/// How well two divisions of the same rows agree.
public struct ClusterAgreement: Sendable, Hashable {
    /// Rand's index adjusted for chance (Hubert and Arabie 1985): 1 for the same division, about 0 for a random one.
    public let adjustedRandIndex: Double
    /// Mutual information over the mean of the entropies (arithmetic): 0...1.
    public let normalizedMutualInformation: Double

    /// - Precondition: both divide the same number of rows, at least one.
    public init<A: Hashable, B: Hashable>(_ first: [A], _ second: [B]) {
        precondition(first.count == second.count && !first.isEmpty)
        var (pairs, rows, columns): ([A: [B: Double]], [A: Double], [B: Double]) = ([:], [:], [:])
        for (a, b) in zip(first, second) {
            pairs[a, default: [:]][b, default: 0] += 1
            rows[a, default: 0] += 1
            columns[b, default: 0] += 1
        }
        let count = Double(first.count)
        func choices(_ counts: some Collection<Double>) -> Double { counts.reduce(0) { $0 + $1 * ($1 - 1) / 2 } }
        let both = pairs.values.reduce(0) { $0 + choices($1.values) }
        let (one, other) = (choices(rows.values), choices(columns.values))
        let all = count * (count - 1) / 2
        let expected = all > 0 ? one * other / all : 0
        let most = (one + other) / 2
        adjustedRandIndex = most == expected ? 1 : (both - expected) / (most - expected)

        func entropy(_ counts: some Collection<Double>) -> Double {
            -counts.reduce(0) { $0 + $1 / count * log($1 / count) }
        }
        var information = 0.0
        for (a, row) in pairs {
            for (b, both) in row { information += both / count * log(count * both / (rows[a]! * columns[b]!)) }
        }
        let mean = (entropy(rows.values) + entropy(columns.values)) / 2
        normalizedMutualInformation = mean == 0 ? 1 : max(0, min(1, information / mean))
    }
}
