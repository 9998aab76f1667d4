import Evaluation
import Testing

/// A small case, and what scikit-learn makes of it.
struct CurveReference: Decodable, CustomStringConvertible {
    struct Curve: Decodable {
        let x: [Double?]
        let y: [Double?]
        /// null for infinity.
        let thresholds: [Double?]
    }

    let name: String
    let scores: [Double]
    let truths: [Bool]
    let roc: Curve
    let rocDropped: Curve
    let pr: Curve
    let prDropped: Curve
    /// nil where a class has no case.
    let area: Double?
    /// nil where no case is positive.
    let averagePrecision: Double?

    var description: String { name }

    static let all: [CurveReference] = evaluationReference("curves")
}

@Suite("Curves") struct CurveTests {
    @Test("ROC points, thresholds and area are scikit-learn's", arguments: CurveReference.all)
    func roc(_ reference: CurveReference) throws {
        for (dropsIntermediate, expected) in [(false, reference.roc), (true, reference.rocDropped)] {
            guard let area = reference.area else {
                let reason = reference.truths.contains(true) ? Undefined.noNegatives : .noPositives
                #expect(throws: reason) { try ROCCurve(scores: reference.scores, truths: reference.truths) }
                continue
            }
            let curve = try ROCCurve(
                scores: reference.scores, truths: reference.truths, dropsIntermediate: dropsIntermediate)
            #expect(agrees(curve.falsePositiveRates, expected.x.compactMap { $0 }))
            #expect(agrees(curve.truePositiveRates, expected.y.compactMap { $0 }))
            #expect(curve.thresholds == expected.thresholds.map { $0 ?? .infinity })
            #expect(agrees(curve.area, area))
        }
    }

    @Test("Precision, recall, thresholds and average are scikit-learn's", arguments: CurveReference.all)
    func precisionRecall(_ reference: CurveReference) throws {
        for (dropsIntermediate, expected) in [(false, reference.pr), (true, reference.prDropped)] {
            guard let average = reference.averagePrecision else {
                #expect(throws: Undefined.noPositives) {
                    try PrecisionRecallCurve(scores: reference.scores, truths: reference.truths)
                }
                continue
            }
            let curve = try PrecisionRecallCurve(
                scores: reference.scores, truths: reference.truths, dropsIntermediate: dropsIntermediate)
            #expect(agrees(curve.recalls, expected.x.compactMap { $0 }))
            #expect(agrees(curve.precisions, expected.y.compactMap { $0 }))
            #expect(curve.thresholds == expected.thresholds.compactMap { $0 })
            #expect(agrees(curve.averagePrecision, average))
        }
    }

    @Test("What is not finite, or no case at all, is refused", arguments: [Double.nan, .infinity, -.infinity])
    func refusals(_ score: Double) {
        #expect(throws: Undefined.notFinite) { try ROCCurve(scores: [0.1, score], truths: [true, false]) }
        #expect(throws: Undefined.noCases) { try ROCCurve(scores: [], truths: []) }
        #expect(throws: Undefined.noCases) { try PrecisionRecallCurve(scores: [], truths: []) }
    }

    @Test("Rising transforms change no point", arguments: [0, 15])
    func monotone(_ levels: Int) throws {
        let samples = Samples(seed: 5, count: 400, prevalence: 0.3, shift: 0.3, levels: levels)
        let curve = try ROCCurve(scores: samples.scores, truths: samples.truths)
        // Exact in binary, so that distinct scores stay distinct.
        let other = try ROCCurve(scores: samples.scores.map { $0 * 1024 - 7 }, truths: samples.truths)
        #expect(curve.area == other.area)
        #expect(curve.truePositiveRates == other.truePositiveRates)
        #expect(curve.falsePositiveRates == other.falsePositiveRates)
    }

    @Test("Swapped labels give one minus the area; so do negated scores", arguments: [0, 8])
    func symmetry(_ levels: Int) throws {
        let samples = Samples(seed: 6, count: 333, prevalence: 0.4, shift: 0.3, levels: levels)
        let area = try RankedScores(scores: samples.scores, truths: samples.truths).area()
        let swapped = try RankedScores(scores: samples.scores, truths: samples.truths.map { !$0 }).area()
        let negated = try RankedScores(scores: samples.scores.map { -$0 }, truths: samples.truths).area()
        #expect(agrees(swapped, 1 - area) && agrees(negated, 1 - area))
    }

    @Test("The order of the cases changes nothing")
    func orderOfCases() throws {
        let samples = Samples(seed: 7, count: 100, prevalence: 0.4, shift: 0.3, levels: 10)
        let there = try ROCCurve(scores: samples.scores, truths: samples.truths)
        #expect(try ROCCurve(scores: samples.scores.reversed(), truths: samples.truths.reversed()) == there)
    }

    @Test("Weights of one give the plain metrics, weights of two the same as every case twice")
    func weights() throws {
        let samples = Samples(seed: 8, count: 200, prevalence: 0.3, shift: 0.3, levels: 20)
        let ranked = try RankedScores(scores: samples.scores, truths: samples.truths)
        #expect(try ranked.area(weights: Array(repeating: 1, count: 200)) == ranked.area())
        #expect(
            try ranked.averagePrecision(weights: Array(repeating: 1, count: 200)) == ranked.averagePrecision())
        let weights = (0..<200).map { $0 % 3 }
        let repeated = weights.indices.flatMap { Array(repeating: $0, count: weights[$0]) }
        let written = try RankedScores(
            scores: repeated.map { samples.scores[$0] }, truths: repeated.map { samples.truths[$0] })
        #expect(try ranked.area(weights: weights) == written.area())
        #expect(try agrees(ranked.averagePrecision(weights: weights), written.averagePrecision()))
    }

    @Test("A thinned curve keeps its ends and its area")
    func thinned() throws {
        let samples = Samples(seed: 9, count: 5000, prevalence: 0.3, shift: 0.3)
        let ranked = try RankedScores(scores: samples.scores, truths: samples.truths)
        let (roc, recall) = try (ROCCurve(ranked), PrecisionRecallCurve(ranked))
        #expect((50...100).contains(roc.thinned(to: 100).thresholds.count))
        #expect(roc.thinned(to: 100).area == roc.area)
        #expect(
            roc.thinned(to: 100).truePositiveRates.first == 0 && roc.thinned(to: 2).truePositiveRates == [0, 1])
        let few = recall.thinned(to: 50)
        #expect((10...50).contains(few.recalls.count) && few.thresholds.count == few.recalls.count - 1)
        #expect(few.recalls.first == 1 && few.recalls.last == 0)
        #expect(recall.thinned(to: 50).precisions.last == 1)
        #expect(recall.thinned(to: 100_000) == recall)
    }
}
