import Foundation

/// The variance of an area under the ROC curve without assumptions on the scores (DeLong et al. 1988),
/// computed from ranks in O(n log n) (Sun and Xu 2014).
///
/// A case's placement is the share of the other class that it is on the right side of, ties counting half.
/// With several cases of one patient, pass `clusters`: the variance is then Obuchowski's (1997), which does
/// not take those cases for independent.
public struct DeLong: Sendable {
    public let area: Double
    public let variance: Double
    private let truths: [Bool]
    /// Twice the placement times the number of the other class: exact; in the cases' own order.
    private let doubledPlacements: [Int]
    private let clusters: [Int]?

    /// - Parameter clusters: for each case the number of its patient, or nil when every case is a patient's only one.
    public init(scores: [Double], truths: [Bool], clusters: [Int]? = nil) throws(Undefined) {
        try self.init(RankedScores(scores: scores, truths: truths), clusters: clusters)
    }

    public init(_ ranked: RankedScores, clusters: [Int]? = nil) throws(Undefined) {
        area = try ranked.area()
        var truths = [Bool](repeating: false, count: ranked.count)
        for (position, index) in ranked.order.enumerated() { truths[index] = ranked.isPositive[position] }
        self.truths = truths
        self.clusters = clusters
        doubledPlacements = ranked.doubledPlacements()
        variance = try PlacementVariance(truths, clusters).ofMean(Self.placements(doubledPlacements, truths))
    }

    /// For each case the share of the other class that it is on the right side of.
    public var placements: [Double] { Self.placements(doubledPlacements, truths) }

    private static func placements(_ doubled: [Int], _ truths: [Bool]) -> [Double] {
        let positives = truths.count { $0 }
        let others = (ofPositive: 2 * Double(truths.count - positives), ofNegative: 2 * Double(positives))
        return zip(doubled, truths).map { Double($0) / ($1 ? others.ofPositive : others.ofNegative) }
    }

    /// A normal interval, cut at 0 and 1.
    ///
    /// - Throws: ``Undefined/noVariance`` when every case is on the right side of all others.
    public func interval(level: Double = 0.95) throws(Undefined) -> Interval {
        guard variance > 0 else { throw .noVariance }
        let half = NormalDistribution.halfWidth(level: level) * variance.squareRoot()
        return Interval(method: .deLong, level: level, lower: max(0, area - half), upper: min(1, area + half))
    }

    /// The same on the logit scale: asymmetric, and inside 0...1 by itself.
    public func logitInterval(level: Double = 0.95) throws(Undefined) -> Interval {
        guard area > 0 && area < 1 else { throw .atTheBoundary }
        guard variance > 0 else { throw .noVariance }
        let middle = log(area / (1 - area))
        let half = NormalDistribution.halfWidth(level: level) * variance.squareRoot() / (area * (1 - area))
        return Interval(
            method: .deLongLogit, level: level, lower: Logistic.probability(middle - half),
            upper: Logistic.probability(middle + half))
    }

    /// Tests whether two models that scored the same cases have the same area.
    ///
    /// - Parameter other: of the same cases in the same order, with the same clusters.
    public func compared(with other: DeLong, level: Double = 0.95) throws(Undefined) -> DeLongTest {
        guard truths == other.truths && clusters == other.clusters else { throw .differentCases }
        guard doubledPlacements != other.doubledPlacements else { throw .identicalRanking }
        // The variance of the differences: equal to var + var - 2 cov, without that formula's cancellation.
        let differences = zip(doubledPlacements, other.doubledPlacements).map { $0 - $1 }
        let variance = try PlacementVariance(truths, clusters).ofMean(Self.placements(differences, truths))
        return try DeLongTest(first: area, second: other.area, variance: variance, level: level)
    }
}

/// The result of a paired DeLong test: first minus second area.
public struct DeLongTest: Sendable, Hashable, Codable {
    public let difference: Double
    public let variance: Double
    public let interval: Interval
    public let z: Double
    /// Two-sided.
    public let pValue: Double

    private enum CodingKeys: String, CodingKey {
        case difference, variance, interval, z
        case pValue = "p_value"
    }

    init(first: Double, second: Double, variance: Double, level: Double) throws(Undefined) {
        guard variance > 0 else { throw .noVariance }
        difference = first - second
        self.variance = variance
        let error = variance.squareRoot()
        let half = NormalDistribution.halfWidth(level: level) * error
        interval = Interval(method: .deLong, level: level, lower: difference - half, upper: difference + half)
        z = difference / error
        pValue = NormalDistribution.twoSided(z)
    }
}

extension RankedScores {
    /// For each case, in its own order, twice the number of the other class's cases that it is on the right
    /// side of, ties counting one.
    func doubledPlacements() -> [Int] {
        var result = [Int](repeating: 0, count: count)
        var above = (true: 0, false: 0)
        for step in thresholds.indices {
            let (hits, misses) = (truePositives[step], falsePositives[step])
            // Negatives below and half of those beside; positives above and half of those beside.
            let ofPositive = 2 * (negatives - misses) + (misses - above.false)
            let ofNegative = 2 * above.true + (hits - above.true)
            for position in positions(ofStep: step) {
                result[order[position]] = isPositive[position] ? ofPositive : ofNegative
            }
            above = (hits, misses)
        }
        return result
    }
}
