import Foundation
import TestSupport

/// A stored file of `Tests/Reference/training`, decoded.
func trainingReference<Value: Decodable>(_ name: String, as type: Value.Type = Value.self) throws -> Value {
    let data = try Data(contentsOf: URL(fileURLWithPath: reference("training/" + name)))
    return try JSONDecoder().decode(Value.self, from: data)
}
