import Evaluation
import LightboxCore
import Testing

@Suite("Ensembles and uncertain labels") struct EnsembleTests {
    @Test("Means of probabilities and of logits, by hand")
    func means() {
        #expect(agrees(Ensemble.meanOfProbabilities.joined([0.2, 0.4, 0.9]), 0.5))
        // Logits of 0.8 and 0.5 are log 4 and 0: the mean is log 2, the probability 2/3.
        #expect(agrees(Ensemble.meanOfLogits.joined([0.8, 0.5]), 2.0 / 3))
        #expect(agrees(Ensemble.meanOfLogits.joined([0.3, 0.7]), 0.5))
        #expect(Ensemble.meanOfLogits.joined([0, 0.5]) > 0)
        for rule in Ensemble.allCases {
            #expect(agrees(rule.joined(models: [[0.1, 0.9], [0.1, 0.9]]), [0.1, 0.9]))
            let classes = rule.joined(classes: [[0.2, 0.3, 0.5], [0.6, 0.3, 0.1]])
            #expect(abs(classes.reduce(0, +) - 1) < 1e-15)
        }
        #expect(agrees(Ensemble.meanOfProbabilities.joined(classes: [[0.2, 0.8], [0.6, 0.4]]), [0.4, 0.6]))
    }

    @Test("Views of a study are joined in the order of the studies")
    func views() {
        let joined = Ensemble.meanOfProbabilities.joined([0.2, 0.9, 0.4], by: ["b", "a", "b"])
        #expect(joined.map(\.group) == ["b", "a"])
        #expect(agrees(joined.map(\.probability), [0.3, 0.9]))
    }

    @Test("Uncertain labels go where they are sent; not mentioned is negative")
    func uncertain() {
        let states: [LabelState] = [.notMentioned, .negative, .uncertain, .positive]
        #expect(states.map(UncertainHandling.leaveOut.truth) == [false, false, nil, true])
        #expect(states.map(UncertainHandling.asNegative.truth) == [false, false, false, true])
        #expect(states.map(UncertainHandling.asPositive.truth) == [false, false, true, true])
        let data = LabelledScores(
            label: "edema", scores: [0.1, 0.2, 0.3, 0.4], states: states, patients: [5, 6, 7, 8])
        #expect(data.scores == [0.1, 0.2, 0.4] && data.patients == [5, 6, 8])
        #expect(data.uncertain == 1 && data.leftOut == 1)
        let kept = LabelledScores(label: "edema", scores: [1, 2, 3, 4], states: states, uncertain: .asPositive)
        #expect(kept.truths.count == 4 && kept.uncertain == 1 && kept.leftOut == 0)
        #expect(LabelledScores.numbered(["p2", "p1", "p2"]) == [0, 1, 0])
    }
}
