import Foundation
import Inference
import KerasFiles
import LightboxCore
import Networks
import TestSupport
import Testing

/// Every architecture with weights made by formula, lowered and run, against Keras with the same weights.
@Suite("Networks against Keras") struct KerasNumbersTests {
    struct Stored: Decodable {
        var input: [Int]
        var gain: Float
        var parameters: Int
        /// Layers with weights, in Keras's order.
        var order: [String]
        var none: Sampled
        var avg: Sampled
        var max: Sampled
    }

    struct Sampled: Decodable {
        var shape: [Int]
        var samples: [Float]
        var mean: Double
        var largest: Double
    }

    private struct Reference: Decodable { var networks: [String: Stored] }

    static let references: [String: Stored] = {
        do {
            let data = try Data(contentsOf: URL(fileURLWithPath: reference("networks/reference.json")))
            return try JSONDecoder().decode(Reference.self, from: data).networks
        } catch { fatalError("Tests/Reference/networks/reference.json: \(error)") }
    }()

    private func graph(_ name: String, _ pooling: Pooling, _ stored: Stored) throws -> Graph {
        let network = try Network.named(String(name.prefix { $0 != " " }))
        return try network.graph(
            height: stored.input[0], width: stored.input[1], channels: stored.input[2], output: .features(pooling))
    }

    private func run(_ graph: Graph, _ weights: NetworkWeights, _ images: NDArray, folds: Bool = true) throws
        -> NDArray
    {
        let model = try graph.onnx(weights: weights, options: ONNXOptions(foldsNorms: folds))
        let source = ModelSource.onnx(Bytes(try model.serialized()), name: graph.name)
        let compiled = try CompiledModel(source, options: .init(batch: images.shape[0]))
        return try #require(try compiled.run(["image": images])["features"])
    }

    private func compare(_ found: NDArray, _ stored: Sampled, tolerance: Double = 1e-5) {
        #expect(found.shape == stored.shape)
        guard found.shape == stored.shape else { return }
        let mean = found.values.reduce(0.0) { $0 + Double($1) } / Double(found.count)
        #expect(abs(mean - stored.mean) < tolerance * stored.largest)
        for (index, sample) in stored.samples.enumerated() {
            let value = found.values[index * found.count / stored.samples.count]
            #expect(abs(Double(value - sample)) < tolerance * stored.largest)
        }
    }

    @Test("The unpooled map, its mean and its maximum", arguments: references.keys.sorted())
    func features(name: String) throws {
        let stored = try #require(KerasNumbersTests.references[name])
        let images = Formula.images(count: stored.none.shape[0], shape: stored.input)
        let map = try graph(name, .none, stored)
        #expect(map.parameterCount == stored.parameters)
        let weights = Formula.weights(for: map, gain: stored.gain)
        compare(try run(map, weights, images), stored.none)
        compare(try run(graph(name, .average, stored), weights, images), stored.avg)
        compare(try run(graph(name, .max, stored), weights, images), stored.max)
    }

    @Test("Unfolded norms give the same", arguments: ["tiny", "mobilenet_v2_0.35", "densenet121"])
    func unfolded(name: String) throws {
        let stored = try #require(KerasNumbersTests.references[name])
        let images = Formula.images(count: stored.none.shape[0], shape: stored.input)
        let graph = try graph(name, .average, stored)
        let weights = Formula.weights(for: graph, gain: stored.gain)
        compare(try run(graph, weights, images, folds: false), stored.avg)
    }

    @Test("Layers stand in Keras's order", arguments: references.keys.sorted())
    func order(name: String) throws {
        let stored = try #require(KerasNumbersTests.references[name])
        let graph = try graph(name, .none, stored)
        #expect(
            graph.kerasOrder.map { graph.layers[$0] }.filter { !$0.weights.isEmpty }.map(\.name) == stored.order)
    }

    @Test("A Keras file gives the arrays that Keras was given") func file() throws {
        let graph = try Network.tiny.graph(output: .scores())
        let found = try KerasFile.weights(reference("networks/files/top.h5"), for: graph)
        let expected = Formula.weights(for: graph)
        for (layer, arrays) in expected.layers {
            for (index, array) in arrays.enumerated() {
                let read = try #require(found.layers[layer]?[index])
                #expect(zip(read.values, array.values).allSatisfy { abs($0 - $1) < 1e-6 }, "\(layer) \(index)")
            }
        }
    }
}
