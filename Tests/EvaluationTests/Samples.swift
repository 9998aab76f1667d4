import Foundation
import LightboxCore
import TestSupport

/// Cases by formula, the same as Tests/Reference/evaluation/samples.py makes.
struct Samples {
    var scores: [Double] = []
    var truths: [Bool] = []

    /// - Parameters:
    ///   - shift: how much higher positives score.
    ///   - levels: of a grid that the scores lie on; 0 for none.
    init(seed: UInt64, count: Int, prevalence: Double, shift: Double, levels: Int = 0) {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<count {
            let truth = generator.uniform() < prevalence
            var score = (generator.uniform() + (truth ? shift : 0)) / (1 + shift)
            if levels > 0 { score = (score * Double(levels)).rounded(.down) / Double(levels) }
            truths.append(truth)
            scores.append(score)
        }
    }

    static func uniform(seed: UInt64, count: Int) -> [Double] {
        var generator = SeededGenerator(seed: seed)
        return (0..<count).map { _ in generator.uniform() }
    }

    static func integers(seed: UInt64, count: Int, below bound: Int) -> [Int] {
        var generator = SeededGenerator(seed: seed)
        return (0..<count).map { _ in Int(generator.next().multipliedFullWidth(by: UInt64(bound)).high) }
    }
}

/// Numbers of another implementation: `Tests/Reference/evaluation/NAME.json`.
func evaluationReference<Value: Decodable>(_ name: String, as type: Value.Type = Value.self) -> Value {
    do {
        let bytes = try Data(contentsOf: URL(fileURLWithPath: reference("evaluation/\(name).json")))
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(type, from: bytes)
    } catch { fatalError("Tests/Reference/evaluation/\(name).json: \(error)") }
}

/// Whether two numbers agree to 1e-12 of the second.
func agrees(_ value: Double?, _ expected: Double?, within tolerance: Double = 1e-12) -> Bool {
    switch (value, expected) {
    case (nil, nil): true
    case (let value?, let expected?): value == expected || abs(value - expected) <= tolerance * abs(expected)
    default: false
    }
}

func agrees(_ values: [Double], _ expected: [Double], within tolerance: Double = 1e-12) -> Bool {
    values.count == expected.count && zip(values, expected).allSatisfy { agrees($0, $1, within: tolerance) }
}
