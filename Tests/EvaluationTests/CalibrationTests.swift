import Evaluation
import Foundation
import Testing

private struct CalibrationReference: Decodable, Sendable, CustomStringConvertible {
    struct Diagram: Decodable {
        let observed: [Double]
        let predicted: [Double]
        let counts: [Int]
        let expected: Double
        let maximum: Double
        let reliability: Double
        let resolution: Double
    }
    struct Temperature: Decodable {
        let temperature: Double
        let before: Double
        let after: Double
    }

    let seed: UInt64
    let count: Int
    let levels: Int
    let bins: Int
    let brier: Double
    let logLoss: Double
    let uniform: Diagram
    let quantile: Diagram
    let temperature: Temperature

    var description: String { "\(count) cases, seed \(seed), \(bins) bins" }
    static let all: [CalibrationReference] = evaluationReference("calibration")

    var samples: Samples {
        var samples = Samples(seed: seed, count: count, prevalence: 0.3, shift: 0.4, levels: levels)
        if levels > 0 { samples.scores.replaceSubrange(0..<2, with: [0, 1]) }
        return samples
    }
}

@Suite("Calibration") struct CalibrationTests {
    @Test("Losses, bins and errors are scikit-learn's and numpy's", arguments: CalibrationReference.all)
    fileprivate func diagrams(_ reference: CalibrationReference) throws {
        let samples = reference.samples
        let calibration = try Calibration(
            probabilities: samples.scores, truths: samples.truths, bins: reference.bins)
        #expect(agrees(calibration.brier, reference.brier))
        #expect(agrees(calibration.logLoss, reference.logLoss))
        for (diagram, expected) in [
            (calibration.equalWidth, reference.uniform), (calibration.equalMass, reference.quantile),
        ] {
            #expect(diagram.bins.map(\.count) == expected.counts)
            #expect(agrees(diagram.bins.map(\.observed), expected.observed))
            #expect(agrees(diagram.bins.map(\.meanProbability), expected.predicted, within: 1e-11))
            // Differences of means that numpy adds up plainly.
            #expect(abs(diagram.expectedError - expected.expected) < 1e-12)
            #expect(abs(diagram.maximumError - expected.maximum) < 1e-12)
            #expect(diagram.bins.allSatisfy { $0.interval.contains($0.observed) })
        }
        let parts = calibration.decomposition
        #expect(abs(parts.reliability - reference.uniform.reliability) < 1e-12)
        #expect(abs(parts.resolution - reference.uniform.resolution) < 1e-12)
        let sum = parts.reliability - parts.resolution + parts.uncertainty + parts.withinBins
        #expect(abs(sum - calibration.brier) < 1e-15)
    }

    @Test("Temperatures are scipy's", arguments: CalibrationReference.all)
    fileprivate func temperature(_ reference: CalibrationReference) throws {
        let samples = reference.samples
        let scaling = try TemperatureScaling(probabilities: samples.scores, truths: samples.truths)
        #expect(agrees(scaling.temperature, reference.temperature.temperature, within: 1e-10))
        #expect(agrees(scaling.logLossBefore, reference.temperature.before, within: 1e-10))
        #expect(agrees(scaling.logLossAfter, reference.temperature.after, within: 1e-10))
        #expect(scaling.logLossAfter <= scaling.logLossBefore)
    }

    @Test("A forecast of the frequency itself has no error and no resolution")
    func constantForecast() throws {
        let calibration = try Calibration(
            probabilities: [0.25, 0.25, 0.25, 0.25], truths: [true, false, false, false])
        #expect(calibration.equalWidth.expectedError == 0 && calibration.equalMass.maximumError == 0)
        #expect(calibration.decomposition.resolution == 0 && calibration.decomposition.uncertainty == 0.1875)
        #expect(calibration.equalWidth.bins.count == 1)
    }

    @Test("What is no probability is refused")
    func refusals() {
        #expect(throws: Undefined.noCases) { try Calibration(probabilities: [], truths: []) }
        #expect(throws: Undefined.notProbabilities) { try Calibration(probabilities: [1.5], truths: [true]) }
        #expect(throws: Undefined.notFinite) { try Calibration(probabilities: [.nan], truths: [true]) }
    }

    @Test("A temperature of 2 brings back logits that were doubled; ranks stay")
    func knownTemperature() throws {
        let logits = Samples.uniform(seed: 4, count: 20_000).map { 4 * $0 - 2 }
        let truths = zip(logits, Samples.uniform(seed: 5, count: 20_000)).map {
            $1 < Logistic.probability($0)
        }
        let honest = try TemperatureScaling(logits: logits, truths: truths).temperature
        let bold = try TemperatureScaling(logits: logits.map { 2 * $0 }, truths: truths)
        #expect(agrees(bold.temperature, 2 * honest, within: 1e-10))
        #expect(abs(honest - 1) < 0.05)
        #expect(agrees(bold.probability(ofLogit: 2), Logistic.probability(2 / bold.temperature)))
        #expect(bold.apply(to: 0.2) < bold.apply(to: 0.7))
    }

    @Test("Without a best temperature it says why")
    func noTemperature() {
        #expect(throws: Undefined.separated) {
            try TemperatureScaling(logits: [-1, -0.1, 0.2, 3], truths: [false, false, true, true])
        }
        #expect(throws: Undefined.notInformative) {
            try TemperatureScaling(logits: [-1, 2, 1], truths: [true, false, true])
        }
        #expect(throws: Undefined.noCases) { try TemperatureScaling(logits: [Double](), truths: []) }
        #expect(throws: Undefined.notFinite) { try TemperatureScaling(logits: [.nan], truths: [true]) }
    }
}
