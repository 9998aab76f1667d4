/// Scores sorted once, with the counts that every ranking metric follows from.
///
/// A step is a distinct score: as a threshold it calls every case positive whose score is at least as high.
/// Counts are integers, so areas are exact to the last rounding whatever the number of cases.
public struct RankedScores: Sendable {
    /// Positions of the cases, highest score first; cases of one score in their own order.
    public let order: [Int]
    /// The distinct scores, falling.
    public let thresholds: [Double]
    /// Positive cases at or above each threshold.
    public let truePositives: [Int]
    /// Negative cases at or above each threshold.
    public let falsePositives: [Int]
    /// Truth of the cases in `order`.
    let isPositive: [Bool]

    public var count: Int { order.count }
    public var positives: Int { truePositives.last ?? 0 }
    public var negatives: Int { falsePositives.last ?? 0 }

    /// - Parameters:
    ///   - scores: higher means more likely positive; any finite numbers.
    ///   - truths: one for each score.
    /// - Throws: ``Undefined/notFinite``. No case at all is no error here; what is computed from it is undefined.
    /// - Precondition: as many truths as scores.
    public init(scores: [Double], truths: [Bool]) throws(Undefined) {
        precondition(scores.count == truths.count, "one truth for each score")
        guard scores.allSatisfy(\.isFinite) else { throw .notFinite }
        var cases = scores.enumerated().map { (score: $1, index: $0) }
        cases.sort { $0.score > $1.score || ($0.score == $1.score && $0.index < $1.index) }
        order = cases.map(\.index)
        isPositive = order.map { truths[$0] }
        var thresholds: [Double] = []
        var counts: (true: [Int], false: [Int]) = ([], [])
        var found = (true: 0, false: 0)
        for position in cases.indices {
            if isPositive[position] { found.true += 1 } else { found.false += 1 }
            let score = cases[position].score
            if position + 1 < cases.count && cases[position + 1].score == score { continue }
            thresholds.append(score)
            counts.true.append(found.true)
            counts.false.append(found.false)
        }
        self.thresholds = thresholds
        truePositives = counts.true
        falsePositives = counts.false
    }

    /// - Throws: when a class has no case.
    func needBothClasses() throws(Undefined) {
        guard count > 0 else { throw .noCases }
        guard positives > 0 else { throw .noPositives }
        guard negatives > 0 else { throw .noNegatives }
    }

    /// Positions in `order` of the cases at a step.
    func positions(ofStep step: Int) -> Range<Int> {
        let start = step == 0 ? 0 : truePositives[step - 1] + falsePositives[step - 1]
        return start..<truePositives[step] + falsePositives[step]
    }
}

extension RankedScores {
    /// The area under the ROC curve: the chance that a positive case scores higher than a negative one, ties
    /// counting half. Equal to `sklearn.metrics.roc_auc_score`.
    public func area() throws(Undefined) -> Double {
        try needBothClasses()
        var doubled = 0
        var above = (true: 0, false: 0)
        for step in thresholds.indices {
            let (positives, negatives) = (truePositives[step], falsePositives[step])
            doubled += (negatives - above.false) * (positives + above.true)
            above = (positives, negatives)
        }
        return Double(doubled) / (2 * Double(positives) * Double(negatives))
    }

    /// The mean of the precision over the steps in recall, without interpolation.
    /// Equal to `sklearn.metrics.average_precision_score`, which says 0 where there is no positive case.
    public func averagePrecision() throws(Undefined) -> Double {
        guard count > 0 else { throw .noCases }
        guard positives > 0 else { throw .noPositives }
        var sum = CompensatedSum()
        var above = 0
        for (hits, misses) in zip(truePositives, falsePositives) where hits > above {
            sum += Double(hits - above) * (Double(hits) / Double(hits + misses))
            above = hits
        }
        return sum.value / Double(positives)
    }

    /// The area when each case counts `weights` times; nil when a class has no weight.
    ///
    /// - Parameter weights: one for each case, in the cases' own order.
    public func area(weights: [Int]) -> Double? {
        var doubled = 0
        var above = (true: 0, false: 0)
        forEachStep(weights) { here in
            doubled += here.false * (here.true + 2 * above.true)
            above = (above.true + here.true, above.false + here.false)
        }
        guard above.true > 0 && above.false > 0 else { return nil }
        return Double(doubled) / (2 * Double(above.true) * Double(above.false))
    }

    /// The average precision when each case counts `weights` times; nil when no positive case has weight.
    public func averagePrecision(weights: [Int]) -> Double? {
        var sum = CompensatedSum()
        var above = (true: 0, false: 0)
        forEachStep(weights) { here in
            above = (above.true + here.true, above.false + here.false)
            guard here.true > 0 else { return }
            sum += Double(here.true) * (Double(above.true) / Double(above.true + above.false))
        }
        return above.true > 0 ? sum.value / Double(above.true) : nil
    }

    /// Hands over the weight of the positive and of the negative cases at each step, highest score first.
    private func forEachStep(_ weights: [Int], _ body: ((true: Int, false: Int)) -> Void) {
        precondition(weights.count == count)
        weights.withUnsafeBufferPointer { weights in
            order.withUnsafeBufferPointer { order in
                isPositive.withUnsafeBufferPointer { isPositive in
                    for step in thresholds.indices {
                        var here = (true: 0, false: 0)
                        for position in positions(ofStep: step) {
                            // Without a branch: truths come in no order that could be foreseen.
                            let weight = weights[order[position]]
                            let hit = isPositive[position] ? weight : 0
                            here.true += hit
                            here.false += weight - hit
                        }
                        body(here)
                    }
                }
            }
        }
    }
}
