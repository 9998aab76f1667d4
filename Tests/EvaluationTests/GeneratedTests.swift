import Evaluation
import Testing

/// A large case by its seed, and scikit-learn's numbers.
struct GeneratedReference: Decodable, CustomStringConvertible {
    let seed: UInt64
    let count: Int
    let prevalence: Double
    let shift: Double
    let levels: Int
    let positives: Int
    let points: Int
    let keptPoints: Int
    let keptThresholdSum: Double
    let fprSum: Double
    let tprSum: Double
    let precisionSum: Double
    let recallSum: Double
    let area: Double
    let averagePrecision: Double
    let brier: Double
    let logLoss: Double
    /// True positives, false positives, true negatives, false negatives at 0.5.
    let confusion: [Int]
    let accuracy: Double
    let balancedAccuracy: Double
    let f1: Double
    let mcc: Double
    let kappa: Double

    var description: String { "\(count) cases, seed \(seed)" }
    var samples: Samples {
        Samples(seed: seed, count: count, prevalence: prevalence, shift: shift, levels: levels)
    }

    static let all: [GeneratedReference] = evaluationReference("generated")
}

@Suite("Up to 200,000 cases") struct GeneratedTests {
    @Test("Areas, losses and rates are scikit-learn's", arguments: GeneratedReference.all)
    func metrics(_ reference: GeneratedReference) throws {
        let samples = reference.samples
        let ranked = try RankedScores(scores: samples.scores, truths: samples.truths)
        #expect(ranked.positives == reference.positives)
        #expect(try agrees(ranked.area(), reference.area))
        #expect(try agrees(ranked.averagePrecision(), reference.averagePrecision))
        let brier = try ProbabilityLoss.brier(probabilities: samples.scores, truths: samples.truths)
        let logLoss = try ProbabilityLoss.logLoss(probabilities: samples.scores, truths: samples.truths)
        #expect(agrees(brier, reference.brier))
        #expect(agrees(logLoss, reference.logLoss))

        let confusion = Confusion(ranked, threshold: 0.5)
        #expect(
            [
                confusion.truePositives, confusion.falsePositives, confusion.trueNegatives,
                confusion.falseNegatives,
            ] == reference.confusion)
        #expect(confusion == Confusion(predictions: samples.scores.map { $0 >= 0.5 }, truths: samples.truths))
        #expect(try agrees(confusion.accuracy(), reference.accuracy))
        #expect(try agrees(confusion.balancedAccuracy(), reference.balancedAccuracy))
        #expect(try agrees(confusion.f1(), reference.f1))
        #expect(try agrees(confusion.matthewsCorrelation(), reference.mcc))
        #expect(try agrees(confusion.cohenKappa(), reference.kappa))
    }

    @Test("Curves are scikit-learn's", arguments: GeneratedReference.all)
    func curves(_ reference: GeneratedReference) throws {
        let samples = reference.samples
        let ranked = try RankedScores(scores: samples.scores, truths: samples.truths)
        let whole = try ROCCurve(ranked, dropsIntermediate: false)
        let kept = try ROCCurve(ranked)
        let recall = try PrecisionRecallCurve(ranked)
        #expect(whole.thresholds.count == reference.points)
        #expect(kept.thresholds.count == reference.keptPoints)
        #expect(agrees(kept.thresholds.dropFirst().reduce(0, +), reference.keptThresholdSum, within: 1e-11))
        // Plain sums of up to 200,000 terms.
        #expect(agrees(whole.falsePositiveRates.reduce(0, +), reference.fprSum, within: 1e-11))
        #expect(agrees(whole.truePositiveRates.reduce(0, +), reference.tprSum, within: 1e-11))
        #expect(agrees(recall.precisions.reduce(0, +), reference.precisionSum, within: 1e-11))
        #expect(agrees(recall.recalls.reduce(0, +), reference.recallSum, within: 1e-11))
    }
}
