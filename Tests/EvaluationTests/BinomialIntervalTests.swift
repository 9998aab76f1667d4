import Evaluation
import Testing

private struct IntervalReference: Decodable {
    struct Proportion: Decodable, Sendable, CustomStringConvertible {
        let k: Int
        let n: Int
        let level: Double
        let wilson: [Double]
        let clopperPearson: [Double]
        var description: String { "\(k) of \(n), \(level)" }
    }
    struct Normal: Decodable {
        let z: Double
        let cdf: Double
        let twoSided: Double
    }
    struct Quantile: Decodable {
        let p: Double
        let z: Double
    }
    struct Adjustment: Decodable {
        let p: [Double]
        let adjusted: [Double]
    }

    let proportions: [Proportion]
    let normal: [Normal]
    let quantiles: [Quantile]
    let holm: [Adjustment]

    static let stored: IntervalReference = evaluationReference("intervals")
}

@Suite("Intervals of proportions, normal distribution") struct BinomialIntervalTests {
    @Test("Wilson's and Clopper and Pearson's are scipy's", arguments: IntervalReference.stored.proportions)
    fileprivate func proportions(_ reference: IntervalReference.Proportion) throws {
        let wilson = try BinomialInterval.wilson(
            successes: reference.k, trials: reference.n, level: reference.level)
        #expect(agrees([wilson.lower, wilson.upper], reference.wilson))
        let exact = try BinomialInterval.clopperPearson(
            successes: reference.k, trials: reference.n, level: reference.level)
        #expect(agrees([exact.lower, exact.upper], reference.clopperPearson))
        let share = Double(reference.k) / Double(reference.n)
        #expect(wilson.contains(share) && exact.contains(share))
    }

    @Test("No trial has no interval")
    func noTrial() {
        #expect(throws: Undefined.noCases) { try BinomialInterval.wilson(successes: 0, trials: 0) }
        #expect(throws: Undefined.noCases) { try BinomialInterval.clopperPearson(successes: 0, trials: 0) }
    }

    @Test("Probabilities and quantiles of the normal distribution are scipy's")
    func normal() {
        for reference in IntervalReference.stored.normal {
            #expect(agrees(NormalDistribution.cumulative(reference.z), reference.cdf), "\(reference.z)")
            #expect(agrees(NormalDistribution.twoSided(reference.z), reference.twoSided), "\(reference.z)")
        }
        for reference in IntervalReference.stored.quantiles {
            #expect(agrees(NormalDistribution.quantile(reference.p), reference.z), "\(reference.p)")
        }
        #expect(NormalDistribution.quantile(0) == -.infinity && NormalDistribution.quantile(1) == .infinity)
        #expect(abs(NormalDistribution.halfWidth(level: 0.95) - 1.959963984540054) < 1e-14)
    }

    @Test("Holm's adjusted p-values are statsmodels'")
    func holm() {
        for reference in IntervalReference.stored.holm {
            #expect(agrees(Holm.adjusted(reference.p), reference.adjusted))
        }
        #expect(Holm.adjusted([]).isEmpty)
    }
}
