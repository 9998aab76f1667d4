import Foundation
import Inference
import LightboxCore
import SavedModels
import TestSupport
import Testing

/// What TensorFlow answered (Tests/Reference/savedmodels/make_savedmodels.py).
struct StoredAnswers: Decodable {
    struct Value: Decodable {
        let type: String
        let shape: [Int]
        let values: [Double]?
        let base64: [Data]?

        var tensor: GraphTensor {
            switch type {
            case "string": GraphTensor(shape: shape, .strings(base64!.map { Bytes($0) }))
            case "int64": GraphTensor(shape: shape, .int64(values!.map { Int64($0) }))
            case "int32": GraphTensor(shape: shape, .int32(values!.map { Int32($0) }))
            default: GraphTensor(shape: shape, .float32(values!.map { Float($0) }))
            }
        }
    }

    struct Pair: Decodable {
        let inputs: [String: Value]
        let outputs: [String: Value]
    }

    let bySignature: [String: [Pair]]

    init(_ name: String) throws {
        let data = try Data(contentsOf: URL(fileURLWithPath: reference("savedmodels/\(name).json")))
        bySignature = try JSONDecoder().decode([String: [Pair]].self, from: data)
    }

    /// The answers to requests of one signature.
    static func pairs(_ name: String, _ signature: String) throws -> [Pair] {
        try #require(try StoredAnswers(name).bySignature[signature])
    }
}

func savedModel(_ name: String) throws -> SavedModel { try SavedModel(path: reference("savedmodels/" + name)) }

/// A plan's answer: the front end, then OpenVINO.
func answer(
    _ plan: ServablePlan, _ inputs: [String: GraphTensor], fetch: ((String) throws -> Bytes)? = nil
) throws -> [String: GraphTensor] {
    let front = try plan.frontEnd.run(inputs, fetch: fetch)
    guard let network = plan.network else { return front.outputs }
    return try withTemporaryFolder { folder in
        try network.write(to: folder)
        let model = try CompiledModel(.file(folder))
        let given = Dictionary(uniqueKeysWithValues: zip(network.inputs.map(\.port), front.network))
        let results = try model.run(model.inputs.map { try #require(given[$0.name]).forNetwork })
        let byPort = Dictionary(uniqueKeysWithValues: zip(model.outputs.map(\.name), results))
        return try network.outputs.reduce(into: front.outputs) { answers, output in
            let tensor = try #require(byPort[output.port])
            answers[output.name] = GraphTensor(shape: tensor.shape, .float32(tensor.array.values))
        }
    }
}

extension GraphTensor {
    fileprivate var forNetwork: Tensor {
        switch elements {
        case .float32(let values): Tensor(shape: shape, elements: .float32(values))
        case .uint8(let values): Tensor(shape: shape, elements: .uint8(values))
        case .int32(let values): Tensor(shape: shape, elements: .int32(values))
        case .int64(let values): Tensor(shape: shape, elements: .int64(values))
        default: preconditionFailure("no network takes \(type)")
        }
    }

    /// The numbers as doubles; nil for strings.
    var doubles: [Double]? {
        switch elements {
        case .float32(let values): values.map(Double.init)
        case .float64(let values): values
        case .int32(let values): values.map(Double.init)
        case .int64(let values): values.map(Double.init)
        case .uint8(let values): values.map(Double.init)
        case .uint16(let values): values.map(Double.init)
        case .bool(let values): values.map { $0 ? 1 : 0 }
        case .strings: nil
        }
    }

    /// The largest difference; infinite for another shape or other texts.
    func distance(to other: GraphTensor) -> Double {
        guard shape == other.shape else { return .infinity }
        guard let left = doubles, let right = other.doubles else { return self == other ? 0 : .infinity }
        return zip(left, right).map { abs($0 - $1) }.max() ?? 0
    }
}
