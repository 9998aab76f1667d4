/// Cases of similar probability, and how many of them are positive.
public struct ReliabilityBin: Sendable, Hashable, Codable {
    /// Probabilities in `lower < p ≤ upper`; the first bin also holds its lower edge.
    public let lower: Double
    public let upper: Double
    /// At least 1: empty bins are left out.
    public let count: Int
    public let positives: Int
    public let meanProbability: Double
    /// The share of positive cases.
    public let observed: Double
    /// Wilson's, of `observed`.
    public let interval: Interval

    private enum CodingKeys: String, CodingKey {
        case lower, upper, count, positives
        case meanProbability = "mean_probability"
        case observed, interval
    }
}

/// Observed frequency against probability. Bins and means are those of `sklearn.calibration.calibration_curve`.
public struct ReliabilityDiagram: Sendable, Hashable, Codable {
    public enum Binning: String, Sendable, Codable, CaseIterable {
        /// `uniform` in scikit-learn.
        case equalWidth = "equal_width"
        /// Edges at the quantiles of the probabilities; `quantile` in scikit-learn.
        case equalMass = "equal_mass"
    }

    public let binning: Binning
    public let bins: [ReliabilityBin]
    /// ECE: the mean distance of probability and observed frequency over the bins, weighted by their cases.
    public let expectedError: Double
    /// MCE: the largest such distance.
    public let maximumError: Double

    private enum CodingKeys: String, CodingKey {
        case binning, bins
        case expectedError = "expected_error"
        case maximumError = "maximum_error"
    }

    public init(
        probabilities: [Double], truths: [Bool], binning: Binning, bins count: Int = 10, level: Double = 0.95
    ) throws(Undefined) {
        precondition(count > 0, "at least one bin")
        try ProbabilityLoss.check(probabilities, truths.count)
        let edges = binning == .equalWidth ? Self.evenEdges(count) : Self.quantiles(of: probabilities, count)
        var cases = [Int](repeating: 0, count: count)
        var positives = cases
        var sums = [CompensatedSum](repeating: CompensatedSum(), count: count)
        for (probability, truth) in zip(probabilities, truths) {
            let bin = Self.bin(of: probability, edges)
            cases[bin] += 1
            positives[bin] += truth ? 1 : 0
            sums[bin] += probability
        }
        var filled: [ReliabilityBin] = []
        for bin in 0..<count where cases[bin] > 0 {
            filled.append(
                ReliabilityBin(
                    lower: edges[bin], upper: edges[bin + 1], count: cases[bin], positives: positives[bin],
                    meanProbability: sums[bin].value / Double(cases[bin]),
                    observed: Double(positives[bin]) / Double(cases[bin]),
                    interval: try BinomialInterval.wilson(
                        successes: positives[bin], trials: cases[bin], level: level)))
        }
        self.binning = binning
        self.bins = filled
        expectedError =
            filled.sum { Double($0.count) * abs($0.meanProbability - $0.observed) } / Double(truths.count)
        maximumError = filled.map { abs($0.meanProbability - $0.observed) }.max() ?? 0
    }

    /// The number of inner edges below the probability.
    private static func bin(of probability: Double, _ edges: [Double]) -> Int {
        var (low, high) = (1, edges.count - 1)
        while low < high {
            let middle = (low + high) / 2
            if edges[middle] < probability { low = middle + 1 } else { high = middle }
        }
        return low - 1
    }

    private static func evenEdges(_ count: Int) -> [Double] {
        (0...count).map { $0 == count ? 1 : Double($0) * (1 / Double(count)) }
    }

    private static func quantiles(of values: [Double], _ count: Int) -> [Double] {
        let sorted = values.sorted()
        // Through percent, as scikit-learn goes: an edge often is a score, and its last bit then decides.
        return evenEdges(count).map { quantile(sorted, $0 * 100 / 100) }
    }
}

/// The quantile between the two nearest of some sorted values, numpy's `linear`.
func quantile(_ sorted: [Double], _ share: Double) -> Double {
    let position = share * Double(sorted.count - 1)
    let below = min(max(Int(position.rounded(.down)), 0), sorted.count - 1)
    let above = min(below + 1, sorted.count - 1)
    let (low, high, t) = (sorted[below], sorted[above], position - Double(below))
    guard low != high else { return low }
    return t < 0.5 ? low + (high - low) * t : high - (high - low) * (1 - t)
}
