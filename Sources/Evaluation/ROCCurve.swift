/// The receiver operating characteristic: the rates of true and of false positives at falling thresholds.
///
/// Points, their order and the leading infinite threshold are those of `sklearn.metrics.roc_curve`.
public struct ROCCurve: Sendable, Hashable {
    /// Rising from 0 to 1.
    public let falsePositiveRates: [Double]
    /// Rising from 0 to 1; the sensitivity.
    public let truePositiveRates: [Double]
    /// Falling; the first is infinite (nobody is called positive) and null in JSON.
    public let thresholds: [Double]
    /// Of the whole curve, also when points are left out.
    public let area: Double

    /// - Parameter dropsIntermediate: leaves out points on a straight line between two others.
    /// - Throws: ``Undefined`` when a score is not finite or a class has no case.
    public init(scores: [Double], truths: [Bool], dropsIntermediate: Bool = true) throws(Undefined) {
        try self.init(RankedScores(scores: scores, truths: truths), dropsIntermediate: dropsIntermediate)
    }

    public init(_ ranked: RankedScores, dropsIntermediate: Bool = true) throws(Undefined) {
        area = try ranked.area()
        let (hits, misses) = (ranked.truePositives, ranked.falsePositives)
        let kept = hits.indices.filter { step in
            guard dropsIntermediate, step > 0, step + 1 < hits.count else { return true }
            return hits[step + 1] - hits[step] != hits[step] - hits[step - 1]
                || misses[step + 1] - misses[step] != misses[step] - misses[step - 1]
        }
        let (positives, negatives) = (Double(ranked.positives), Double(ranked.negatives))
        falsePositiveRates = [0] + kept.map { Double(misses[$0]) / negatives }
        truePositiveRates = [0] + kept.map { Double(hits[$0]) / positives }
        thresholds = [.infinity] + kept.map { ranked.thresholds[$0] }
    }

    private init(_ whole: ROCCurve, keeping points: [Int]) {
        falsePositiveRates = points.map { whole.falsePositiveRates[$0] }
        truePositiveRates = points.map { whole.truePositiveRates[$0] }
        thresholds = points.map { whole.thresholds[$0] }
        area = whole.area
    }

    /// At most `count` points for drawing and storing, ends included; `area` stays that of the whole curve.
    ///
    /// - Precondition: `count` is at least 2.
    public func thinned(to count: Int) -> ROCCurve {
        ROCCurve(self, keeping: thinnedPositions(falsePositiveRates, truePositiveRates, to: count))
    }
}

extension ROCCurve: Codable {
    private enum CodingKeys: String, CodingKey {
        case falsePositiveRates = "false_positive_rates"
        case truePositiveRates = "true_positive_rates"
        case thresholds, area
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(falsePositiveRates, forKey: .falsePositiveRates)
        try container.encode(truePositiveRates, forKey: .truePositiveRates)
        try container.encode(thresholds.map { $0.isFinite ? $0 : nil }, forKey: .thresholds)
        try container.encode(area, forKey: .area)
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        falsePositiveRates = try container.decode([Double].self, forKey: .falsePositiveRates)
        truePositiveRates = try container.decode([Double].self, forKey: .truePositiveRates)
        thresholds = try container.decode([Double?].self, forKey: .thresholds).map { $0 ?? .infinity }
        area = try container.decode(Double.self, forKey: .area)
    }
}
