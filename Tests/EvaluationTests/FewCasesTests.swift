import Evaluation
import Foundation
import LightboxCore
import Testing

@Suite("Few cases") struct FewCasesTests {
    /// Up to seven cases of up to three patients; many ties, certain and saturated probabilities.
    private func cases(_ generator: inout SeededGenerator) -> LabelledScores {
        let count = Int(generator.uniform() * 8)
        let levels = [0, 0.2, 0.2 + 1e-16, 0.5, 0.9, 1, 1 - 1e-16]
        let scores = (0..<count).map { _ in levels[Int(generator.uniform() * Double(levels.count))] }
        let truths = (0..<count).map { _ in generator.uniform() < 0.5 }
        let patients = (0..<count).map { _ in Int(generator.uniform() * 3) }
        return LabelledScores(
            label: "few", scores: scores, truths: truths, patients: generator.uniform() < 0.5 ? patients : nil)
    }

    @Test("Whatever the cases, every metric is a number in its range or says why not")
    func everything() throws {
        var generator = SeededGenerator(seed: 12)
        var settings = EvaluationSettings()
        settings.bootstrap = Bootstrap(replicates: 40)
        var reasons: Set<Undefined> = []
        for _ in 0..<600 {
            let result = ModelEvaluation([cases(&generator)], settings: settings)
            let label = result.labels[0]
            for metric in [label.auc, label.averagePrecision, label.brier, label.calibrationError] {
                if let reason = metric.undefined { reasons.insert(reason) }
                reasons.formUnion(metric.missingIntervals.map(\.undefined))
                guard let value = metric.value else { continue }
                #expect(value >= 0 && value <= 1)
                #expect(metric.intervals.allSatisfy { $0.lower >= 0 && $0.lower <= $0.upper && $0.upper <= 1 })
            }
            if let temperature = label.temperature?.value { #expect(temperature > 0) }
            if let reason = label.temperature?.undefined { reasons.insert(reason) }
            #expect(try JSONDecoder().decode(ModelEvaluation.self, from: result.json()) == result)
        }
        // Rare ways out are taken, and the fit always ends.
        #expect(reasons.isSuperset(of: [.noCases, .noPositives, .noNegatives, .singlePositive, .noVariance]))
        #expect(reasons.isSuperset(of: [.separated, .notInformative, .atTheBoundary]))
        #expect(!reasons.contains(.noConvergence))
    }
}
