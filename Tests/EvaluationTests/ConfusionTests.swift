import Evaluation
import Testing

@Suite("Confusion") struct ConfusionTests {
    @Test("Rates by hand")
    func rates() throws {
        let confusion = Confusion(truePositives: 8, falsePositives: 5, trueNegatives: 85, falseNegatives: 2)
        let rates = ConfusionRates(confusion)
        #expect(rates.sensitivity.value == 0.8)
        #expect(agrees(rates.specificity.value, 85.0 / 90))
        #expect(agrees(rates.positivePredictiveValue.value, 8.0 / 13))
        #expect(agrees(rates.negativePredictiveValue.value, 85.0 / 87))
        #expect(rates.accuracy.value == 0.93)
        #expect(agrees(rates.f1.value, 16.0 / 23))
        // (8 * 85 - 5 * 2) / sqrt(13 * 10 * 90 * 87)
        #expect(agrees(rates.matthewsCorrelation.value, 670 / (13.0 * 10 * 90 * 87).squareRoot()))
        for metric in [rates.sensitivity, rates.specificity, rates.accuracy] {
            #expect(metric.interval?.method == .wilson && metric.interval!.contains(metric.value!))
        }
    }

    @Test("What is not defined says why")
    func undefined() {
        let nothingFound = ConfusionRates(
            Confusion(truePositives: 0, falsePositives: 0, trueNegatives: 5, falseNegatives: 0))
        #expect(nothingFound.sensitivity.undefined == .noPositives)
        #expect(nothingFound.specificity.value == 1)
        #expect(nothingFound.positivePredictiveValue.undefined == .nothingPredictedPositive)
        #expect(nothingFound.balancedAccuracy.undefined == .noPositives)
        #expect(nothingFound.f1.undefined == .neitherTrueNorPredicted)
        #expect(nothingFound.matthewsCorrelation.undefined == .constantPrediction)
        #expect(nothingFound.cohenKappa.undefined == .chanceIsPerfect)
        #expect(nothingFound.sensitivity.intervals.isEmpty)
        let everythingFound = ConfusionRates(
            Confusion(truePositives: 3, falsePositives: 2, trueNegatives: 0, falseNegatives: 0))
        #expect(everythingFound.negativePredictiveValue.undefined == .nothingPredictedNegative)
        let empty = ConfusionRates(
            Confusion(truePositives: 0, falsePositives: 0, trueNegatives: 0, falseNegatives: 0))
        #expect(empty.accuracy.undefined == .noCases && empty.specificity.undefined == .noNegatives)
    }

    @Test("A threshold of its own gives the counts at or above it")
    func threshold() throws {
        let ranked = try RankedScores(scores: [0.1, 0.4, 0.4, 0.8], truths: [false, true, false, true])
        #expect(Confusion(ranked, threshold: 0.4).predictedPositives == 3)
        #expect(Confusion(ranked, threshold: 0.41).predictedPositives == 1)
        #expect(Confusion(ranked, threshold: 9).predictedPositives == 0)
        #expect(Confusion(ranked, threshold: -9).predictedPositives == 4)
    }
}
