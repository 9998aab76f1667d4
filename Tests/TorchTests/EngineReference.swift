import Foundation
import TestSupport

/// `Tests/Reference/training/engine.json`.
struct EngineReference: Decodable {
    struct Layer: Decodable {
        var shape: [Int]
        var output: [Float]
        var image: [Float]
        var weights: [[Float]]
        var remembered: [[Float]]
    }

    var layers: [String: Layer]
    var losses: [String: Double]
    /// By step, then by weight.
    var optimizers: [String: [[[Float]]]]

    static let stored: EngineReference = {
        do {
            let data = try Data(contentsOf: URL(fileURLWithPath: reference("training/engine.json")))
            return try JSONDecoder().decode(EngineReference.self, from: data)
        } catch { fatalError("Tests/Reference/training/engine.json: \(error)") }
    }()
}

/// Largest difference beside the largest expected magnitude.
func distance(_ found: [Float], _ expected: [Float]) -> Float {
    guard found.count == expected.count else { return .infinity }
    let largest = expected.reduce(0) { max($0, abs($1)) }
    let off = zip(found, expected).reduce(0) { max($0, abs($1.0 - $1.1)) }
    return off.isNaN ? .infinity : off / max(largest, 1e-6)
}
