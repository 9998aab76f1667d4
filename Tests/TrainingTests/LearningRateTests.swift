import Foundation
import Testing
import Training

/// Rates and stops beside PyTorch's and Keras's.
@Suite("Learning rate") struct LearningRateTests {
    private struct Reference: Decodable {
        struct Cycle: Decodable {
            let peak: Double, rising: Double, start: Double, final: Double
            let steps: Int
            let rates: [Double]
        }
        struct Cosine: Decodable {
            let peak: Double, final: Double
            let steps: Int, warmup: Int
            let rates: [Double]
        }
        struct Plateau: Decodable {
            let history: [Double], shares: [Double]
            let factor: Double, minimumChange: Double
            let patience: Int, cooldown: Int
        }
        struct Stopping: Decodable {
            let history: [Double]
            let patience: Int
            let minimumChange: Double
            let stops: Int?
        }
        let oneCycle: [Cycle]
        let cosine: [Cosine]
        let plateau: [Plateau]
        let stopping: [Stopping]
    }
    private let numbers: Reference

    init() throws { numbers = try trainingReference("schedules.json") }

    @Test("One cycle, as OneCycleLR of PyTorch")
    func oneCycle() {
        for reference in numbers.oneCycle {
            let cycle = OneCycle(
                risingShare: reference.rising, startDivisor: reference.start, finalDivisor: reference.final)
            let rate = LearningRate(peak: reference.peak, schedule: .oneCycle(cycle))
            for (step, expected) in reference.rates.enumerated() {
                #expect(abs(rate.rate(step: step, of: reference.steps) - expected) < 1e-12)
            }
        }
    }

    @Test("Cosine with warm-up, as CosineDecay of Keras; the warm-up begins one step later there, at zero")
    func cosine() {
        for reference in numbers.cosine {
            let rate = LearningRate(
                peak: reference.peak, schedule: .cosine(final: reference.final), warmupSteps: reference.warmup)
            for step in 0..<reference.steps {
                let expected = reference.rates[step < reference.warmup ? step + 1 : step]
                #expect(abs(rate.rate(step: step, of: reference.steps) - expected) < 1e-7 * reference.peak + 1e-9)
            }
        }
    }

    @Test("Plateau, as ReduceLROnPlateau of Keras")
    func plateau() {
        for reference in numbers.plateau {
            let settings = Plateau(
                factor: reference.factor, patience: reference.patience, minimumChange: reference.minimumChange,
                cooldown: reference.cooldown)
            let rate = LearningRate(peak: 1, schedule: .plateau(settings))
            for (index, expected) in reference.shares.enumerated() {
                let found = rate.rate(step: 9, of: 10, after: Array(reference.history[...index]))
                #expect(abs(found - expected) < 1e-6 * expected)
            }
            #expect(Set(reference.shares).count > 1)
        }
    }

    @Test("Stops early where EarlyStopping of Keras does; an undefined metric is no improvement")
    func earlyStopping() {
        for reference in numbers.stopping {
            let rule = EarlyStopping(patience: reference.patience, minimumChange: reference.minimumChange)
            let stops = reference.history.indices.first { rule.shouldStop(after: Array(reference.history[...$0])) }
            #expect(stops.map { $0 + 1 } == reference.stops)
        }
        #expect(EarlyStopping(patience: 2).shouldStop(after: [nil, nil]))
        #expect(!EarlyStopping(patience: 2).shouldStop(after: [nil, 1]))
    }
}
