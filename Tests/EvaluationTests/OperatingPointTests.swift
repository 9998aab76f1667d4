import Evaluation
import Testing

@Suite("Operating points") struct OperatingPointTests {
    @Test("Each rule finds the best of all thresholds", arguments: [0, 12], [1, 2, 3] as [UInt64])
    func best(_ levels: Int, _ seed: UInt64) throws {
        let samples = Samples(seed: seed, count: 150, prevalence: 0.3, shift: 0.4, levels: levels)
        let ranked = try RankedScores(scores: samples.scores, truths: samples.truths)
        // Every threshold, one by one.
        let all = try Set(samples.scores).sorted(by: >).map { threshold in
            let confusion = Confusion(
                predictions: samples.scores.map { $0 >= threshold }, truths: samples.truths)
            return try (threshold, sensitivity: confusion.sensitivity(), specificity: confusion.specificity())
        }
        func rates(_ rule: OperatingPoint.Rule) throws -> (sensitivity: Double, specificity: Double) {
            let point = OperatingPoint(rule, ranked)
            #expect(samples.scores.contains(point.threshold!))
            let confusion = Confusion(
                predictions: samples.scores.map { $0 >= point.threshold! }, truths: samples.truths)
            #expect(point.confusion == confusion)
            return try (confusion.sensitivity(), confusion.specificity())
        }
        let youden = try rates(.youden)
        let highest = all.map { $0.sensitivity + $0.specificity }.max()!
        #expect(abs(youden.sensitivity + youden.specificity - highest) < 1e-12)
        for target in [0.5, 0.8, 0.9, 1] {
            let sensitive = try rates(.sensitivity(target))
            let allowed = all.filter { $0.sensitivity >= target }
            #expect(sensitive.sensitivity >= target)
            #expect(sensitive.specificity == allowed.map(\.specificity).max())
        }
        for target in [0.5, 0.8, 0.9] {
            let specific = try rates(.specificity(target))
            let allowed = all.filter { $0.specificity >= target }
            #expect(specific.specificity >= target)
            #expect(specific.sensitivity == allowed.map(\.sensitivity).max())
            let alike = allowed.filter { $0.sensitivity == specific.sensitivity }
            #expect(specific.specificity == alike.map(\.specificity).max())
        }
    }

    @Test("A share is reached when the counts say so: 9 of 10 is 0.9")
    func exactTarget() throws {
        // Nine positives, a negative, the tenth positive.
        let truths = (0..<11).map { $0 != 9 }
        let ranked = try RankedScores(scores: (0..<11).map { Double(20 - $0) }, truths: truths)
        let point = OperatingPoint(.sensitivity(0.9), ranked)
        #expect(point.threshold == 12 && point.rates?.sensitivity.value == 0.9)
        #expect(point.rates?.sensitivity.interval?.method == .wilson)
    }

    @Test("A given threshold is taken as it is; what cannot be reached says why")
    func undefined() throws {
        let ranked = try RankedScores(scores: [0.9, 0.8, 0.1], truths: [false, true, false])
        #expect(OperatingPoint(.threshold(0.5), ranked).confusion?.predictedPositives == 2)
        #expect(OperatingPoint(.specificity(0.9), ranked).undefined == .noSuchThreshold)
        #expect(OperatingPoint(.specificity(0.9), ranked).threshold == nil)
        let positive = try RankedScores(scores: [0.9, 0.8], truths: [true, true])
        #expect(OperatingPoint(.youden, positive).undefined == .noNegatives)
        let empty = try RankedScores(scores: [], truths: [])
        #expect(OperatingPoint(.youden, empty).undefined == .noCases)
        #expect(OperatingPoint(.threshold(0.5), empty).undefined == .noCases)
    }
}
