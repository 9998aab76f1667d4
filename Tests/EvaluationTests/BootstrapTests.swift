import Evaluation
import Testing

private struct BootstrapReference: Decodable, Sendable, CustomStringConvertible {
    let seed: UInt64
    let count: Int
    let prevalence: Double
    let shift: Double
    let levels: Int
    let clustered: Bool
    let stratified: Bool
    let statistic: String
    let replicates: Int
    let firstValues: [Double]
    let percentile: [Double]
    let bca: [Double]

    var description: String {
        "\(statistic)\(clustered ? ", by patient" : "")\(stratified ? ", stratified" : "")"
    }
    static let all: [BootstrapReference] = evaluationReference("bootstrap")

    var ranked: RankedScores {
        get throws {
            let samples = Samples(seed: seed, count: count, prevalence: prevalence, shift: shift, levels: levels)
            return try RankedScores(scores: samples.scores, truths: samples.truths)
        }
    }
    var patients: [Int]? {
        clustered ? Samples.integers(seed: seed + 2000, count: count, below: count / 2) : nil
    }
    func bootstrap(_ method: Bootstrap.Method) -> Bootstrap {
        Bootstrap(replicates: replicates, seed: 99, method: method, isStratified: stratified)
    }
}

@Suite("Bootstrap") struct BootstrapTests {
    @Test("Replicates and intervals are numpy's and scipy's for the same draws", arguments: BootstrapReference.all)
    fileprivate func reference(_ reference: BootstrapReference) throws {
        let ranked = try reference.ranked
        let plan = ResamplingPlan(
            truths: ranked.truths, patients: reference.patients, isStratified: reference.stratified)
        let isArea = reference.statistic == "auc"
        let values = reference.bootstrap(.bca).values(plan, threads: 2) {
            isArea ? ranked.area(weights: $0) : ranked.averagePrecision(weights: $0)
        }
        #expect(agrees(values.prefix(5).compactMap { $0 }, reference.firstValues, within: 1e-11))
        for (method, expected) in [(Bootstrap.Method.percentile, reference.percentile), (.bca, reference.bca)] {
            let bootstrap = reference.bootstrap(method)
            let interval =
                try isArea
                ? bootstrap.areaInterval(ranked, patients: reference.patients)
                : bootstrap.averagePrecisionInterval(ranked, patients: reference.patients)
            #expect(agrees([interval.lower, interval.upper], expected, within: 1e-10))
            #expect(interval.method == (method == .bca ? .bootstrapBCa : .bootstrapPercentile))
        }
    }

    @Test("Leaving out by placements equals leaving out in fact", arguments: BootstrapReference.all)
    fileprivate func jackknife(_ reference: BootstrapReference) throws {
        let ranked = try reference.ranked
        let plan = ResamplingPlan(
            truths: ranked.truths, patients: reference.patients, isStratified: reference.stratified)
        let slow = try reference.bootstrap(.bca).interval(plan) { ranked.area(weights: $0) }
        let fast = try reference.bootstrap(.bca).areaInterval(ranked, patients: reference.patients)
        #expect(agrees([fast.lower, fast.upper], [slow.lower, slow.upper]))
    }

    @Test("Seeds decide, threads do not; more coverage is wider")
    func repeatable() throws {
        let samples = Samples(seed: 3, count: 150, prevalence: 0.3, shift: 0.3)
        let ranked = try RankedScores(scores: samples.scores, truths: samples.truths)
        var bootstrap = Bootstrap(replicates: 300, seed: 7)
        let one = try bootstrap.areaInterval(ranked, threads: 1)
        #expect(try bootstrap.areaInterval(ranked, threads: 3) == one)
        #expect(try one.contains(ranked.area()))
        bootstrap.level = 0.8
        let narrow = try bootstrap.areaInterval(ranked)
        #expect(narrow.lower > one.lower && narrow.upper < one.upper)
        bootstrap = Bootstrap(replicates: 300, seed: 8)
        #expect(try bootstrap.areaInterval(ranked) != one)
    }

    @Test("What cannot be drawn says why")
    func undefined() throws {
        let perfect = try RankedScores(scores: [4, 3, 2, 1], truths: [true, true, false, false])
        #expect(throws: Undefined.noVariance) { try Bootstrap().areaInterval(perfect) }
        let rare = try RankedScores(scores: [4, 3, 2, 1], truths: [false, true, false, false])
        #expect(throws: Undefined.undefinedReplicates) {
            try Bootstrap(replicates: 200, isStratified: false).areaInterval(rare)
        }
        let negative = try RankedScores(scores: [1, 2], truths: [false, false])
        #expect(throws: Undefined.noPositives) { try Bootstrap().areaInterval(negative) }
        #expect(throws: Undefined.undefinedReplicates) { try Bootstrap().interval(of: [nil, nil]) }
        #expect(throws: Undefined.oneSidedReplicates) {
            try Bootstrap().interval(of: [0.1, 0.2, 0.3], estimate: 0.5, leftOut: [[0.1, 0.2]])
        }
    }

    @Test("A long average precision takes the percentile interval, and says so")
    func limit() throws {
        let samples = Samples(seed: 3, count: 100, prevalence: 0.3, shift: 0.3)
        let ranked = try RankedScores(scores: samples.scores, truths: samples.truths)
        let bootstrap = Bootstrap(replicates: 100)
        #expect(try bootstrap.averagePrecisionInterval(ranked, bcaLimit: 99).method == .bootstrapPercentile)
        #expect(try bootstrap.averagePrecisionInterval(ranked).method == .bootstrapBCa)
    }
}
