import Evaluation
import Figures
import Foundation
import LightboxCore

/// Scores made with a seed, and their evaluation.
enum SampleEvaluation {
    static func data(seed: UInt64, labels: [String], cases: Int = 400, shift: Double = 1.5) -> [LabelledScores] {
        labels.enumerated().map { number, label in
            var truth = SeededGenerator(seed: 11, stream: label)
            var noise = SeededGenerator(seed: seed, stream: label)
            // The fifth label is never positive, so nothing of it is defined.
            let truths = (0..<cases).map { _ in truth.uniform() < 0.25 && number != 4 }
            let scores = truths.map { truth in
                let draws = (0..<6).reduce(0.0) { sum, _ in sum + noise.uniform() }
                return 1 / (1 + exp(-(draws - 4 + (truth ? shift : 0))))
            }
            return LabelledScores(
                label: label, scores: scores, truths: truths, patients: (0..<cases).map { $0 / 2 })
        }
    }

    static func labels(_ count: Int, bootstrap: Bool = false) -> (ModelEvaluation, ModelComparison) {
        var settings = EvaluationSettings()
        if !bootstrap { settings.bootstrap = nil }
        let names = Array(Samples.labels.prefix(count))
        let (first, second) = (data(seed: 5, labels: names), data(seed: 6, labels: names, shift: 1.1))
        let evaluation = ModelEvaluation(
            model: "densenet121 frontal u0.4 w0.75", dataSet: "validation set, 400 studies", first,
            settings: settings)
        return (evaluation, ModelComparison(first, second, names: ("u0.4 w0.75", "ignore")))
    }

    static var classes: ModelEvaluation {
        var random = SeededGenerator(seed: 3)
        let truths = (0..<200).map { $0 % 3 }
        let probabilities = truths.map { truth in
            let weights = (0..<3).map { 0.2 + random.uniform() + ($0 == truth ? 0.8 : 0) }
            let sum = weights.reduce(0, +)
            return weights.map { $0 / sum }
        }
        var settings = EvaluationSettings()
        settings.bootstrap = nil
        return ModelEvaluation(
            model: "mobilenet_v2 head", dataSet: "flowers", classes: ["daisy", "dandelion", "no label"],
            probabilities: probabilities, truths: truths, settings: settings)
    }
}
