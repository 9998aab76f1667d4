import Evaluation
import Foundation
import Testing

private struct ClassReference: Decodable, Sendable, CustomStringConvertible {
    struct Temperature: Decodable {
        let temperature: Double
        let before: Double
        let after: Double
    }

    let seed: UInt64
    let count: Int
    let classes: Int
    let matrix: [[Int]]
    let accuracy: Double
    let balancedAccuracy: Double
    let macroF1: Double
    let mcc: Double
    let kappa: Double
    let kappaLinear: Double
    let kappaQuadratic: Double
    let macroAuc: Double
    let weightedAuc: Double
    let logLoss: Double
    let temperature: Temperature

    var description: String { "\(count) cases, \(classes) classes" }
    static let all: [ClassReference] = evaluationReference("classes")

    /// True classes, rarer the higher, and probabilities that favour them.
    var cases: (truths: [Int], probabilities: [[Double]]) {
        let numbers = Samples.uniform(seed: seed, count: count * (classes + 1))
        var cases: (truths: [Int], probabilities: [[Double]]) = ([], [])
        for row in stride(from: 0, to: numbers.count, by: classes + 1) {
            let truth = min(Int(numbers[row] * numbers[row] * Double(classes)), classes - 1)
            let raw = (0..<classes).map { numbers[row + 1 + $0] + ($0 == truth ? 0.5 : 0) }
            let sum = raw.reduce(0, +)
            cases.truths.append(truth)
            cases.probabilities.append(raw.map { $0 / sum })
        }
        return cases
    }
}

@Suite("Several classes") struct ClassTests {
    @Test("Matrix, rates and areas are scikit-learn's", arguments: ClassReference.all)
    fileprivate func metrics(_ reference: ClassReference) throws {
        let cases = reference.cases
        let names = (0..<reference.classes).map { "class \($0)" }
        let result = ClassEvaluation(names: names, probabilities: cases.probabilities, truths: cases.truths)
        #expect(result.confusion.counts == reference.matrix)
        #expect(agrees(result.accuracy.value, reference.accuracy))
        #expect(agrees(result.balancedAccuracy.value, reference.balancedAccuracy))
        #expect(agrees(result.macroF1.value, reference.macroF1))
        #expect(agrees(result.matthewsCorrelation.value, reference.mcc))
        #expect(agrees(result.cohenKappa.value, reference.kappa))
        #expect(try agrees(result.confusion.cohenKappa(.linear), reference.kappaLinear))
        #expect(try agrees(result.confusion.cohenKappa(.quadratic), reference.kappaQuadratic))
        #expect(agrees(result.macroAUC.value, reference.macroAuc))
        #expect(agrees(result.weightedAUC.value, reference.weightedAuc))
        #expect(agrees(result.logLoss.value, reference.logLoss))
        #expect(agrees(result.temperatureScaling?.temperature, reference.temperature.temperature, within: 1e-9))
        #expect(agrees(result.temperatureScaling?.logLossAfter, reference.temperature.after, within: 1e-10))
        #expect(result.accuracy.intervals.map(\.method) == [.wilson, .clopperPearson])
    }

    @Test("A class against the rest keeps all counts")
    func oneAgainstRest() {
        let matrix = ConfusionMatrix(truths: [0, 0, 1, 1, 2], predictions: [0, 1, 1, 1, 0], classes: 3)
        #expect(
            matrix.oneAgainstRest(1)
                == Confusion(truePositives: 2, falsePositives: 1, trueNegatives: 2, falseNegatives: 0))
        #expect(matrix.truths == [2, 2, 1] && matrix.predictions == [2, 3, 0])
    }

    @Test("A class without cases leaves its mean undefined, not the accuracy")
    func missingClass() {
        let rows = [[0.7, 0.2, 0.1], [0.2, 0.7, 0.1]]
        let result = ClassEvaluation(names: ["a", "b", "c"], probabilities: rows, truths: [0, 1])
        #expect(result.macroAUC.undefined == .noPositives)
        #expect(result.accuracy.value == 1 && result.balancedAccuracy.value == 1)
        #expect(result.temperatureScaling == nil)
        let empty = ClassEvaluation(names: ["a", "b"], probabilities: [], truths: [])
        #expect(empty.accuracy.undefined == .noCases && empty.macroAUC.undefined == .noCases)
        #expect(empty.macroF1.undefined == .noCases && empty.cohenKappa.undefined == .noCases)
    }

    @Test("Two classes: the area is that of the second class's probability")
    func twoClasses() throws {
        let samples = Samples(seed: 2, count: 300, prevalence: 0.4, shift: 0.3)
        let area = try RankedScores(scores: samples.scores, truths: samples.truths).area()
        let several = try OneAgainstRest.area(
            probabilities: samples.scores.map { [1 - $0, $0] }, truths: samples.truths.map { $0 ? 1 : 0 })
        #expect(agrees(several, area, within: 1e-9))
    }
}
