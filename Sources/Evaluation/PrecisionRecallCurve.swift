/// Precision against recall at rising thresholds.
///
/// Points and their order are those of `sklearn.metrics.precision_recall_curve`: recall falls, and a last
/// point without a threshold has precision 1 and recall 0.
public struct PrecisionRecallCurve: Sendable, Hashable, Codable {
    /// The share of true positives among those called positive; one more than `thresholds`.
    public let precisions: [Double]
    /// The share of the positive cases that is found; falling from 1 to 0, one more than `thresholds`.
    public let recalls: [Double]
    /// Rising.
    public let thresholds: [Double]
    /// Of the whole curve, also when points are left out.
    public let averagePrecision: Double

    private enum CodingKeys: String, CodingKey {
        case precisions, recalls, thresholds
        case averagePrecision = "average_precision"
    }

    /// - Parameter dropsIntermediate: keeps only the first and last point of each recall.
    /// - Throws: ``Undefined`` when a score is not finite or no case is positive.
    public init(scores: [Double], truths: [Bool], dropsIntermediate: Bool = false) throws(Undefined) {
        try self.init(RankedScores(scores: scores, truths: truths), dropsIntermediate: dropsIntermediate)
    }

    public init(_ ranked: RankedScores, dropsIntermediate: Bool = false) throws(Undefined) {
        averagePrecision = try ranked.averagePrecision()
        let hits = ranked.truePositives
        let kept = hits.indices.reversed().filter { step in
            guard dropsIntermediate, step > 0, step + 1 < hits.count else { return true }
            return hits[step + 1] != hits[step] || hits[step] != hits[step - 1]
        }
        precisions = kept.map { Double(hits[$0]) / Double(hits[$0] + ranked.falsePositives[$0]) } + [1]
        recalls = kept.map { Double(hits[$0]) / Double(ranked.positives) } + [0]
        thresholds = kept.map { ranked.thresholds[$0] }
    }

    private init(_ whole: PrecisionRecallCurve, keeping points: [Int]) {
        precisions = points.map { whole.precisions[$0] }
        recalls = points.map { whole.recalls[$0] }
        thresholds = points.dropLast().map { whole.thresholds[$0] }
        averagePrecision = whole.averagePrecision
    }

    /// At most `count` points for drawing and storing, ends included; `averagePrecision` stays.
    ///
    /// - Precondition: `count` is at least 2.
    public func thinned(to count: Int) -> PrecisionRecallCurve {
        PrecisionRecallCurve(self, keeping: thinnedPositions(recalls, precisions, to: count))
    }
}
