import Datasets
public import Evaluation
import Features
import Foundation
import LightboxCore
import ModelRegistry
import WireFormats

/// Leaves an evaluation in the folder of the model that was judged, with the thresholds and the temperature that follow
/// from it, so that each later answer can say how far it is to be taken at its word.
public struct EvaluationKeeping: Sendable {
    /// How thresholds are chosen; nil for Youden's among findings, and for none among classes, where the highest score
    /// decides.
    public var rule: OperatingPoint.Rule?
    /// Whether a temperature is fitted, on the images that the model is judged on (Guo et al. 2017).
    public var calibrates = false

    public init(rule: OperatingPoint.Rule? = nil, calibrates: Bool = false) {
        self.rule = rule
        self.calibrates = calibrates
    }

    /// - Throws: ``InputError`` for a version of the registry, which stays what it is.
    func check(_ folder: ModelFolder, _ home: Home) throws {
        guard [home.models, home.versions].allSatisfy({ !folder.path.hasPrefix($0 + "/") }) else {
            throw InputError(
                .invalidInput,
                "A version of the registry stays as it is. Evaluate the folder that it was made from with --keep, and make "
                    + "a new version of that.")
        }
    }

    func keep(_ evaluation: ModelEvaluation, temperature: Double?, in folder: inout ModelFolder) throws {
        let rule = rule ?? (evaluation.classes == nil ? .youden : nil)
        let metrics = try JSONValue(parsing: String(decoding: evaluation.json(), as: UTF8.self))
        try folder.update { manifest in
            manifest.metrics = metrics
            if let temperature { manifest.output.temperature = temperature }
            guard let rule else { return }
            manifest.output.thresholds = [:]
            for label in evaluation.labels {
                manifest.output.thresholds[label.label] =
                    label.operatingPoints.first { $0.rule == rule }?.threshold
            }
        }
    }
}

extension ImagePredictions {
    /// Fits one temperature to all labels and applies it to the scores.
    ///
    /// - Returns: the model's new one.
    mutating func calibrate(_ dataset: LabelledDataset, _ output: ModelOutput) throws -> Double {
        let fitted: TemperatureScaling
        do throws(Undefined) {
            fitted = try dataset.labels.kind == .classes ? ofClasses(dataset, output) : ofLabels(dataset)
        } catch {
            throw InputError(.invalidInput, "No temperature can be fitted: \(error).")
        }
        var change = output
        change.temperature = fitted.temperature
        let calibration = ModelPredictor.Calibration(change)
        predictions = predictions.map { prediction in
            Prediction(
                key: prediction.key, labels: prediction.labels, scores: calibration.scores(prediction.scores),
                thresholds: prediction.thresholds)
        }
        return (output.temperature ?? 1) * fitted.temperature
    }

    private func ofClasses(
        _ dataset: LabelledDataset, _ output: ModelOutput
    ) throws(Undefined) -> TemperatureScaling {
        let tiny = Double(Float.leastNonzeroMagnitude)
        return try TemperatureScaling(
            logits: predictions.map { $0.scores.map { log(max(Double($0), tiny)) } },
            classes: indices.map { dataset.classIndex(of: $0)! })
    }

    /// Over the images of all labels; uncertain ones are left out.
    private func ofLabels(_ dataset: LabelledDataset) throws(Undefined) -> TemperatureScaling {
        var (probabilities, truths): ([Double], [Bool]) = ([], [])
        for (index, prediction) in zip(indices, predictions) {
            for (state, score) in zip(dataset.states(of: index), prediction.scores) {
                guard let truth = UncertainHandling.leaveOut.truth(of: state) else { continue }
                probabilities.append(Double(score))
                truths.append(truth)
            }
        }
        return try TemperatureScaling(probabilities: probabilities, truths: truths)
    }
}
