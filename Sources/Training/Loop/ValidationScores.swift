import Evaluation
import Foundation
import LightboxCore

/// What the network said of the validation samples, gathered over batches and processes.
struct ValidationScores {
    /// Samples of the set.
    let count: Int
    /// Values per sample; 0 when only the loss is wanted.
    let outputs: Int
    private var lossSum = 0.0
    private var seen: [Double]
    /// Logits, `count × outputs`.
    private var logits: [Double]
    /// Per sample the raw states of the labels, or one class (-1 for none).
    private var truths: [Double]
    private let truthsPerSample: Int

    init(count: Int, objective: Objective) {
        self.count = count
        switch objective.task {
        case .labels: (outputs, truthsPerSample) = (objective.outputs, objective.outputs)
        case .classes: (outputs, truthsPerSample) = (objective.outputs, 1)
        case .heatmap: (outputs, truthsPerSample) = (0, 0)
        }
        seen = Array(repeating: 0, count: count)
        logits = Array(repeating: 0, count: count * outputs)
        truths = Array(repeating: 0, count: count * truthsPerSample)
    }

    mutating func add(_ output: NDArray, _ batch: TrainingBatch, lossSum sum: Double) {
        lossSum += sum
        for (row, index) in batch.indices.enumerated() {
            seen[index] += 1
            for value in 0..<outputs {
                logits[index * outputs + value] += Double(output.values[row * outputs + value])
            }
            switch batch.targets {
            case .states(let states):
                for (label, state) in states[row].enumerated() {
                    truths[index * truthsPerSample + label] += Double(state.rawValue)
                }
            case .classes(let classes): truths[index] += Double(classes[row] ?? -1)
            case .maps: break
            }
        }
    }

    /// Adds what the other processes have seen; the same result in all of them.
    mutating func combine(_ sum: ([Double]) throws -> [Double]) rethrows {
        let all = try sum([lossSum] + seen + logits + truths)
        lossSum = all[0]
        seen = Array(all[1..<1 + count])
        logits = Array(all[1 + count..<1 + count + logits.count])
        truths = Array(all[(1 + count + logits.count)...])
    }

    /// Samples that were seen.
    var samples: Int { Int(seen.reduce(0, +)) }
    /// Mean over the samples.
    var loss: Double { lossSum / max(1, seen.reduce(0, +)) }

    private func logits(_ sample: Int) -> [Double] {
        logits[sample * outputs..<(sample + 1) * outputs].map { $0 / seen[sample] }
    }

    private func truth(_ sample: Int, _ label: Int = 0) -> Int {
        Int((truths[sample * truthsPerSample + label] / seen[sample]).rounded())
    }

    /// Areas, losses and their intervals; nil for maps, or when no sample has a label.
    func evaluation(_ objective: Objective, labels: [String]) -> ModelEvaluation? {
        let known = seen.indices.filter { seen[$0] > 0 }
        switch objective.task {
        case .heatmap: return nil
        case .labels:
            let data = labels.enumerated().map { label, name in
                LabelledScores(
                    label: name, scores: known.map { sigmoid(logits($0)[label]) },
                    states: known.map { LabelState(rawValue: truth($0, label)) ?? .notMentioned })
            }
            return ModelEvaluation(dataSet: "validation", data, settings: .quick)
        case .classes:
            let labelled = known.filter { truth($0) >= 0 }
            guard !labelled.isEmpty else { return nil }
            return ModelEvaluation(
                dataSet: "validation", classes: labels,
                probabilities: labelled.map { softmax(logits($0).prefix(labels.count)) },
                truths: labelled.map { truth($0) }, settings: .quick)
        }
    }

    /// Share of the samples with a class whose highest score is theirs.
    func accuracy(_ objective: Objective) -> Double? {
        guard case .classes = objective.task else { return nil }
        let labelled = seen.indices.filter { seen[$0] > 0 && truth($0) >= 0 }
        guard !labelled.isEmpty else { return nil }
        let right = labelled.count { sample in
            let values = logits(sample)
            return values.firstIndex(of: values.max()!) == truth(sample)
        }
        return Double(right) / Double(labelled.count)
    }
}
