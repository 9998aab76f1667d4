import Evaluation
import Testing

private struct DeLongReference: Decodable, Sendable, CustomStringConvertible {
    struct One: Decodable {
        let area: Double
        let variance: Double
        let lower: Double
        let upper: Double
        let logitLower: Double
        let logitUpper: Double
    }
    struct Test: Decodable {
        let difference: Double
        let variance: Double
        let z: Double
        let p: Double
    }

    let seed: UInt64
    let count: Int
    let prevalence: Double
    let shift: Double
    let levels: Int
    let first: One
    let second: One
    let test: Test
    let clusteredVariance: Double

    var description: String { "\(count) cases, seed \(seed)" }
    static let all: [DeLongReference] = evaluationReference("delong")

    var samples: Samples {
        Samples(seed: seed, count: count, prevalence: prevalence, shift: shift, levels: levels)
    }
    var secondScores: [Double] {
        zip(samples.scores, Samples.uniform(seed: seed + 1000, count: count)).map { 0.7 * $0 + 0.3 * $1 }
    }
}

@Suite("DeLong") struct DeLongTests {
    @Test("Variance and intervals are those of the definition", arguments: DeLongReference.all)
    fileprivate func variance(_ reference: DeLongReference) throws {
        let truths = reference.samples.truths
        for (scores, expected) in [
            (reference.samples.scores, reference.first), (reference.secondScores, reference.second),
        ] {
            let deLong = try DeLong(scores: scores, truths: truths)
            #expect(agrees(deLong.area, expected.area))
            #expect(agrees(deLong.variance, expected.variance))
            let (plain, logit) = try (deLong.interval(), deLong.logitInterval())
            #expect(agrees([plain.lower, plain.upper], [expected.lower, expected.upper]))
            #expect(agrees([logit.lower, logit.upper], [expected.logitLower, expected.logitUpper]))
            #expect(plain.contains(deLong.area) && logit.contains(deLong.area))
        }
    }

    @Test("The paired test is that of the covariance matrix", arguments: DeLongReference.all)
    fileprivate func pairedTest(_ reference: DeLongReference) throws {
        let truths = reference.samples.truths
        let first = try DeLong(scores: reference.samples.scores, truths: truths)
        let second = try DeLong(scores: reference.secondScores, truths: truths)
        let test = try first.compared(with: second)
        // The difference and the covariance form cancel; the reference itself has lost digits.
        #expect(abs(test.difference - reference.test.difference) < 1e-14)
        #expect(agrees(test.variance, reference.test.variance, within: 1e-11))
        #expect(agrees(test.z, reference.test.z, within: 1e-11))
        #expect(agrees(test.pValue, reference.test.p, within: 1e-10))
        let turned = try second.compared(with: first)
        #expect(turned.z == -test.z && turned.pValue == test.pValue)
    }

    @Test("With several cases of a patient the variance is Obuchowski's", arguments: DeLongReference.all)
    fileprivate func clusters(_ reference: DeLongReference) throws {
        let patients = Samples.integers(
            seed: reference.seed + 2000, count: reference.count, below: max(2, reference.count / 3))
        let samples = reference.samples
        let clustered = try DeLong(scores: samples.scores, truths: samples.truths, clusters: patients)
        #expect(agrees(clustered.variance, reference.clusteredVariance))
        #expect(agrees(clustered.area, reference.first.area))
        // One case for each patient: the plain variance.
        let single = try DeLong(
            scores: samples.scores, truths: samples.truths, clusters: Array(0..<reference.count))
        #expect(agrees(single.variance, reference.first.variance))
    }

    @Test("By hand: three positives, two negatives, one tie")
    func byHand() throws {
        // Placements of the positives: 1, 3/4, 1/2; of the negatives: 5/6, 2/3.
        let deLong = try DeLong(
            scores: [0.9, 0.5, 0.3, 0.2, 0.5], truths: [true, true, true, false, false])
        let expected = [1, 0.75, 0.5, 1, 0.5]
        #expect(agrees(deLong.placements, expected))
        #expect(deLong.area == 0.75)
        // var(1, 3/4, 1/2) / 3 + var(1, 1/2) / 2 = 1/48 + 1/16
        #expect(agrees(deLong.variance, 1.0 / 48 + 1.0 / 16))
    }

    @Test("What has no variance says why")
    func undefined() throws {
        #expect(throws: Undefined.singlePositive) {
            try DeLong(scores: [0.1, 0.2, 0.3], truths: [true, false, false])
        }
        #expect(throws: Undefined.singleNegative) {
            try DeLong(scores: [0.1, 0.2, 0.3], truths: [true, true, false])
        }
        #expect(throws: Undefined.noPositives) { try DeLong(scores: [0.1, 0.2], truths: [false, false]) }
        #expect(throws: Undefined.singleCluster) {
            try DeLong(scores: [1, 2, 3, 4], truths: [true, false, true, false], clusters: [7, 7, 7, 7])
        }
        let perfect = try DeLong(scores: [4, 3, 2, 1], truths: [true, true, false, false])
        #expect(perfect.variance == 0)
        #expect(throws: Undefined.noVariance) { try perfect.interval() }
        #expect(throws: Undefined.atTheBoundary) { try perfect.logitInterval() }
        #expect(throws: Undefined.identicalRanking) { try perfect.compared(with: perfect) }
        let inverted = try DeLong(scores: [1, 2, 3, 4], truths: [true, true, false, false])
        #expect(throws: Undefined.noVariance) { try perfect.compared(with: inverted) }
        let others = try DeLong(scores: [1, 2, 3, 4], truths: [true, false, true, false])
        #expect(throws: Undefined.differentCases) { try perfect.compared(with: others) }
    }
}
