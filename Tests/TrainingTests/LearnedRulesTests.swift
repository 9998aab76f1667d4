import Foundation
import LightboxCore
import Testing
import Training

@Suite("Learned uncertainty rules") struct LearnedRulesTests {
    @Test("u settles where the network puts the uncertain images, not at 0 or 1")
    func uSettles() throws {
        var learned = try #require(LearnedRules(rules: [.learned, .zeros]))
        let logits = NDArray(shape: [3, 2], values: [-1, 5, 2, 5, -1.6, 5])
        let states: [[LabelState]] = [
            [.uncertain, .uncertain], [.positive, .uncertain], [.uncertain, .negative],
        ]
        let sums = learned.sums(logits: logits, states: states)
        for _ in 0..<4000 { learned.moveTargets(sums) }
        let rules = learned.applied(to: [.learned, .zeros])
        let mean = Double(Float(-1.6) - 1) / 2
        #expect(abs(rules[0].u - 1 / (1 + exp(-mean))) < 1e-6)
        #expect(rules[1] == .zeros)
    }

    @Test("A step of u is gradient descent on the divergence")
    func uFollowsGradient() throws {
        var learned = try #require(LearnedRules(rules: [UncertaintyRule(u: 0.3, w: 0.5, isLearned: true)]))
        let logit = 0.7
        func divergence(_ theta: Double) -> Double {
            let u = 1 / (1 + exp(-theta))
            let p = 1 / (1 + exp(-logit))
            return u * log(u / p) + (1 - u) * log((1 - u) / (1 - p))
        }
        let before = learned.theta[0]
        let gradient = (divergence(before + 1e-5) - divergence(before - 1e-5)) / 2e-5
        learned.moveTargets([logit, 1])
        #expect(abs(learned.theta[0] - (before - 0.1 * gradient)) < 1e-8)
    }

    @Test("w rises where the uncertain labels pull with the certain ones, and stays in 0...1")
    func wFollowsAlignment() throws {
        var learned = try #require(LearnedRules(rules: [.learned, .learned, .hybrid]))
        learned.moveWeights([0.4, nil, 1])
        #expect(learned.w == [0.6, 0.5, 0.5])
        for _ in 0..<9 { learned.moveWeights([-1, 1, nil]) }
        #expect(learned.w == [0, 1, 0.5])
        #expect(LearnedRules(rules: [.zeros]) == nil)
    }
}
