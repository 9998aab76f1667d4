import Foundation
import Inference
import KerasFiles
import LightboxCore
import Networks
import TestSupport
import Testing

/// Whole models of each generation of Keras, against what Keras computes with them.
@Suite("Whole Keras models") struct KerasModelTests {
    struct Stored: Decodable {
        var shape: [Int]
        var outputs: [[Float]]
    }

    static let references: [String: Stored] = {
        do {
            let data = try Data(contentsOf: URL(fileURLWithPath: reference("keras-models/reference.json")))
            return try JSONDecoder().decode([String: Stored].self, from: data)
        } catch { fatalError("Tests/Reference/keras-models/reference.json: \(error)") }
    }()

    static func images(_ shape: [Int]) -> NDArray {
        let count = shape.reduce(2, *)
        let values = (0..<count).map { (index: Int) -> Float in Float(index * 37 % 101) / 50 - 1 }
        return NDArray(shape: [2] + shape, values: values)
    }

    static func outputs(_ graph: Graph, _ weights: NetworkWeights) throws -> NDArray {
        let source = ModelSource.onnx(Bytes(try graph.onnx(weights: weights).serialized()), name: graph.name)
        let compiled = try CompiledModel(source, options: .init(batch: 2))
        return try #require(try compiled.run(["image": images(graph.inputShape)])["features"])
    }

    private func model(_ name: String) throws -> KerasModel {
        let shape = try #require(KerasModelTests.references[name]).shape
        return try KerasFile(path: reference("keras-models/" + name)).model(height: shape[0], width: shape[1])
    }

    @Test("The same numbers come out", arguments: references.keys.sorted())
    func numbers(name: String) throws {
        let stored = try #require(KerasModelTests.references[name])
        let model = try model(name)
        #expect(model.graph.inputShape == stored.shape)
        let found = try KerasModelTests.outputs(model.graph, model.weights)
        let expected = stored.outputs.flatMap(\.self)
        #expect(found.count == expected.count)
        for (value, wanted) in zip(found.values, expected) { #expect(abs(value - wanted) < 1e-5) }
    }

    @Test("Written again, the same numbers come out", arguments: references.keys.sorted())
    func written(name: String) throws {
        let original = try model(name)
        try withTemporaryFolder { folder in
            let path = folder + "/again.h5"
            try KerasFile.write(graph: original.graph, weights: original.weights, to: path)
            let again = try KerasFile(path: path).model()
            #expect(again.weights.layers.count == original.weights.layers.count)
            let (before, after) = (
                try KerasModelTests.outputs(original.graph, original.weights),
                try KerasModelTests.outputs(again.graph, again.weights)
            )
            #expect(zip(before.values, after.values).allSatisfy { abs($0 - $1) < 1e-6 })
        }
    }

    @Test("Facts: what comes out, what is frozen, fixed and left out") func facts() throws {
        #expect(try model("densenet_tf1.h5").outputActivation == .linear)
        #expect(try model("nested_k3.keras").outputActivation == .softmax)
        for name in ["nested_k2.h5", "nested_k3.keras"] {
            let nested = try model(name)
            #expect(nested.architecture.frozenLayers.count == 3)
            #expect(nested.graph.layers.contains { $0.name == "conv2d" })
        }
        let every = try model("every_layer_k3.h5").architecture
        #expect(every.omittedLayers == ["random_flip", "gaussian_noise"])
        #expect(every.fixedWeights.layers.keys.sorted() == ["rescaling"])
    }

    @Test("Files with weights only say so") func weightsOnly() throws {
        let error = try #require(throws: ArchitectureError.self) {
            try KerasFile(path: reference("networks/files/top.h5")).model()
        }
        #expect(error.kind == .invalidInput)
        #expect(error.description.contains("weights without an architecture"))
    }

    @Test("An open size must be given, a fixed one must fit") func sizes() throws {
        let open = try KerasFile(path: reference("keras-models/nested_k3.h5"))
        let error = try #require(throws: ArchitectureError.self) { try open.architecture() }
        #expect(error.description.contains("leaves its input's height open"))
        #expect(try open.graph(height: 33, width: 40).inputShape == [33, 40, 3])
        let fixed = try KerasFile(path: reference("keras-models/densenet_k3.h5"))
        let other = try #require(throws: ArchitectureError.self) { try fixed.architecture(height: 32, width: 40) }
        #expect(other.description.contains("takes a height of 40"))
    }
}
