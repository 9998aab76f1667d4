import Foundation
import LightboxCore
import Serving
import TestSupport
import Testing

private struct Stored: Decodable {
    struct Value: Decodable {
        let type: String
        let shape: [Int]
        let values: [Double]?
        let base64: [Data]?

        /// With an index of instances, also where the model takes a single value.
        var tensor: ServedTensor {
            let shape = shape.isEmpty ? [1] : shape
            switch type {
            case "string": return ServedTensor(shape: shape, elements: .strings((base64 ?? []).map { Bytes($0) }))
            case "int64": return ServedTensor(shape: shape, elements: .int64((values ?? []).map { Int64($0) }))
            case "int32": return ServedTensor(shape: shape, elements: .int32((values ?? []).map { Int32($0) }))
            default: return ServedTensor(shape: shape, elements: .float32((values ?? []).map { Float($0) }))
            }
        }
    }

    let inputs: [String: Value]
    let outputs: [String: Value]

    static func pairs(_ name: String, _ signature: String) throws -> [Stored] {
        let data = try Data(contentsOf: URL(fileURLWithPath: reference("savedmodels/\(name).json")))
        return try JSONDecoder().decode([String: [Stored]].self, from: data)[signature] ?? []
    }
}

private struct OneImage: RemoteImages {
    let image: Bytes
    func bytes(at url: String, limit: Int) async throws -> Bytes { image }
}

private func load(_ name: String, settings: LoadedModel.Settings = .init()) throws -> LoadedModel {
    try LoadedModel(ServableFile(at: reference("savedmodels/" + name)), settings: settings)
}

@Suite("Serving SavedModels") struct SavedModelTests {
    @Test(
        "Answers as TensorFlow does",
        arguments: [
            ("tf1-example", "serving_default"), ("tf1-example-resource", "serving_default"),
            ("tf1-keyed", "serving_default"), ("tf1-single", "serving_default"), ("tf1-plain", "serving_default"),
            ("tf2-mapped", "serving_default"), ("tf2-mapped", "any_kind"), ("tf2-mapped", "examples"),
            ("tf2-mapped", "numbers"), ("tf2-keras", "serving_default"),
        ])
    func answers(name: String, signature: String) async throws {
        let model = try load(name)
        let pairs = try Stored.pairs(name, signature)
        #expect(!pairs.isEmpty)
        for pair in pairs {
            let outputs = try await model.predict(pair.inputs.mapValues(\.tensor), signature: signature)
            #expect(Set(outputs.keys) == Set(pair.outputs.keys))
            for (name, expected) in pair.outputs {
                let expected = expected.tensor
                #expect(outputs[name]?.shape == expected.shape)
                if expected.type == .float32 {
                    #expect(agree(floats(outputs[name]), floats(expected), within: 1e-3), "\(name)")
                } else {
                    #expect(outputs[name] == expected)
                }
            }
        }
    }

    @Test("Takes a model of one image for many, and names the bad one")
    func rows() async throws {
        let model = try load("tf1-single")
        let input = try #require(model.signatures["serving_default"]?.inputs.first)
        #expect(input.shape == [nil] && input.type == .string)
        let value = try #require(
            try Stored.pairs("tf1-single", "serving_default").first?.inputs[input.name]?.tensor)
        guard case .strings(let images) = value.elements else { return }
        let both = ServedTensor(shape: [2], elements: .strings([images[0], images[0]]))
        let outputs = try await model.predict([input.name: both])
        #expect(outputs.values.allSatisfy { $0.rows == 2 })
        let broken = ServedTensor(shape: [2], elements: .strings([images[0], Bytes([1, 2])]))
        let error = await servingError { _ = try await model.predict([input.name: broken]) }
        #expect(error?.code == .badImage && error?.instance == 1)
    }

    @Test("Reads the request of the workflow that made the model")
    func json() async throws {
        let model = try load("tf1-example")
        let signature = try #require(model.signatures["serving_default"])
        #expect(signature.takesRawRecords && signature.takesRawLines)
        let pair = try #require(try Stored.pairs("tf1-example", "serving_default").first)
        guard case .strings(let records)? = pair.inputs["example"]?.tensor.elements else { return }
        let request = try Instances.request(record: records[0], signature: signature)
        let line = try Instances.prediction(try await model.predict(request), row: 0, of: 1)
        let text = String(decoding: line, as: UTF8.self)
        #expect(text.contains("\"feature_vector\": [") && text.contains("\"study\": \""))
    }

    @Test("Refuses a model that reads files, and fetches for it where that is allowed")
    func fetching() async throws {
        #expect(throws: (any Error).self) { try load("tf2-reads-file") }
        let pair = try #require(try Stored.pairs("tf2-keras", "serving_default").first)
        guard case .strings(let images)? = pair.inputs["image_bytes"]?.tensor.elements else { return }
        var settings = LoadedModel.Settings()
        settings.remoteImages = OneImage(image: images[0])
        let model = try load("tf2-reads-file", settings: settings)
        let outputs = try await model.predict(["path": ServedTensor(["gs://a/b.png"])])
        #expect(outputs["scores"]?.shape == [1, 3])
    }
}
