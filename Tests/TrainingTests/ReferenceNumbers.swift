import Foundation
import TestSupport
import Testing
import Torch

/// A stored file of `Tests/Reference/training`, decoded.
func trainingReference<Value: Decodable>(_ name: String, as type: Value.Type = Value.self) throws -> Value {
    let data = try Data(contentsOf: URL(fileURLWithPath: reference("training/" + name)))
    return try JSONDecoder().decode(Value.self, from: data)
}

/// Whether libtorch can be opened here.
let hasEngine = (try? TorchLibrary.open()) != nil
let engineNeeded: Comment = "needs libtorch, which scripts/bootstrap fetches"

/// Tests that train. One after another: the engine's number of threads is one for the whole process.
@Suite("Engine", .serialized, .enabled(if: hasEngine, engineNeeded)) struct EngineTests {}
