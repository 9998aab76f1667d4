import Foundation
import LightboxCore
import Testing
import Torch
import Training

/// Losses beside TensorFlow's, to 1e-6.
@Suite("Losses") struct LossNumbersTests {
    private struct Reference: Decodable {
        struct Single: Decodable {
            let state: Int
            let u: Double, w: Double, logit: Double, loss: Double
            let positive: Double?
        }
        struct Batch: Decodable {
            let u: Double, w: Double, loss: Double
            let logits: [[Float]]
            let states: [[Int]]
        }
        struct Classes: Decodable {
            let logits: [[Float]]
            let labels: [Int]
            let loss: Double
        }
        let single: [Single]
        let positive: [Single]
        let batches: [Batch]
        let softmax: [Classes]
    }
    private let numbers: Reference

    init() throws { numbers = try trainingReference("losses.json") }

    private func array(_ rows: [[Float]]) -> NDArray {
        NDArray(shape: [rows.count, rows[0].count], values: rows.flatMap(\.self))
    }

    @Test("Of one label in every state under any u, w and positive weight")
    func everyState() throws {
        for reference in numbers.single + numbers.positive {
            let rule = UncertaintyRule(u: reference.u, w: reference.w)
            let targets = LabelTargets(rules: [rule], positiveWeights: [reference.positive ?? 1])
            let state = try #require(LabelState(rawValue: reference.state))
            let logits = NDArray(shape: [1, 1], values: [Float(reference.logit)])
            #expect(abs(targets.lossSum(logits: logits, states: [[state]]) - reference.loss) < 1e-6)
        }
    }

    @Test("Of whole batches: the sum over the number of values")
    func batches() throws {
        for reference in numbers.batches {
            let targets = LabelTargets(rules: Array(repeating: .init(u: reference.u, w: reference.w), count: 14))
            let states = reference.states.map { $0.compactMap(LabelState.init) }
            let sum = targets.lossSum(logits: array(reference.logits), states: states)
            #expect(abs(sum / Double(14 * states.count) - reference.loss) < 1e-6)
        }
    }

    @Test("The engine's loss is the same", .enabled(if: hasEngine, engineNeeded))
    func engine() throws {
        for reference in numbers.batches {
            let targets = LabelTargets(rules: Array(repeating: .init(u: reference.u, w: reference.w), count: 14))
            let (target, weight) = targets.arrays(reference.states.map { $0.compactMap(LabelState.init) })
            let loss = try Loss.sigmoidCrossEntropy(
                logits: Tensor(array(reference.logits)), targets: Tensor(target), weights: Tensor(weight)
            ).item()
            #expect(abs(Double(loss) - reference.loss) < 1e-6 * max(1, reference.loss))
        }
    }

    @Test("Of classes")
    func softmax() {
        for reference in numbers.softmax {
            let targets = ClassTargets(classes: reference.logits[0].count, hasExtraSlot: false)
            let sum = targets.lossSum(logits: array(reference.logits), labels: reference.labels)
            #expect(abs(sum / Double(reference.labels.count) - reference.loss) < 1e-6)
        }
    }

    @Test("An image without a label goes to the extra last slot, or counts nothing")
    func extraSlot() {
        let with = ClassTargets(classes: 2, hasExtraSlot: true)
        #expect(with.outputs == 3)
        #expect(with.arrays([1, nil]).targets.values == [0, 1, 0, 0, 0, 1])
        #expect(with.arrays([1, nil]).weights.values == [1, 1])
        let without = ClassTargets(classes: 2, hasExtraSlot: false)
        #expect(without.arrays([1, nil]).weights.values == [1, 0])
        #expect(without.lossSum(logits: NDArray(shape: [1, 2]), labels: [nil]) == 0)
    }

    @Test("Weights from counts: negatives per positive, and scikit-learn's balanced")
    func balancedWeights() throws {
        let labels = LabelCounts(names: ["a", "b"], counts: [[50, 30, 4, 20], [10, 0, 0, 0]], images: 104)
        #expect(try ClassWeights.balanced().positiveWeights(labels) == [4, 1])
        let classes = LabelCounts(names: ["a", "b"], counts: [[30], [10]], images: 40)
        let weights = try ClassWeights.balanced().imageWeights(classes)
        #expect(abs(weights[0] - 40.0 / 60) < 1e-12 && weights[1] == 2)
        #expect(try ClassWeights.given(["B": 3]).imageWeights(classes) == [1, 3])
        #expect(throws: TrainingError.self) { try ClassWeights.given(["c": 3]).imageWeights(classes) }
    }
}
