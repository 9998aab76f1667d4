import Foundation
import KerasFiles
import LightboxCore
import Networks
import TestSupport
import Testing

/// That Keras and h5py read these files too is checked by Tests/Reference/keras-models/check_written.py.
@Suite("Writing Keras models") struct KerasWritingTests {
    private func bytes(_ path: String) throws -> Data { try Data(contentsOf: URL(fileURLWithPath: path)) }

    @Test("Graph and weights come back", arguments: ["tiny", "mobilenet_v2_0.35", "heatmap"])
    func roundTrip(name: String) throws {
        let graph = try Network.named(name).graph(output: .features(.none))
        let weights = NetworkWeights.initial(for: graph, seed: 3)
        try withTemporaryFolder { folder in
            let path = folder + "/model.h5"
            try KerasFile.write(graph: graph, weights: weights, to: path)
            #expect(try KerasFile(path: path).model().weights == weights)
            #expect(try KerasFile.weights(path, for: graph) == weights)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["model.h5"])
        }
    }

    @Test("The same model gives the same bytes, in HDF5's first layout") func deterministic() throws {
        let graph = try Network.tiny.graph()
        let weights = NetworkWeights.initial(for: graph, seed: 3)
        try withTemporaryFolder { folder in
            for name in ["a", "b"] { try KerasFile.write(graph: graph, weights: weights, to: folder + "/" + name) }
            let first = try bytes(folder + "/a")
            #expect(try bytes(folder + "/b") == first)
            // Signature, five versions, 8-byte addresses and lengths, K of leaves and nodes.
            #expect(
                Array(first.prefix(24)) == [
                    0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 0, 0, 8, 8, 0, 4, 0, 16, 0, 0, 0, 0,
                    0,
                ])
            // The end of the file, as its header says.
            let end = first[40..<48].reversed().reduce(0) { $0 << 8 | Int($1) }
            #expect(end == first.count)
        }
    }

    @Test("Hundreds of layers with long names: more than one node of names, more than one attribute")
    func manyLayers() throws {
        let graph = try Graph(name: "long", input: [2, 2, 1]) { image in
            (0..<700).reduce(image) { node, index in
                let name = "layer_\(index)_" + String(repeating: "x", count: 100)
                return index % 50 == 0 ? node.norm(name) : node.relu(name)
            }
        }
        let weights = NetworkWeights.initial(for: graph, seed: 3)
        try withTemporaryFolder { folder in
            let path = folder + "/long.h5"
            try KerasFile.write(graph: graph, weights: weights, to: path)
            let found = try KerasFile(path: path).model()
            #expect(found.weights == weights)
            #expect(found.graph.layers.count == graph.layers.count)
        }
    }

    @Test("Names with strokes, which Keras 3 refuses, are written with underscores") func strokes() throws {
        let graph = try Graph(name: "older", input: [8, 8, 3]) { image in
            image.conv("conv1/conv", 4, kernel: 3).norm("conv1/bn").relu("conv1_bn")
        }
        let weights = NetworkWeights.initial(for: graph, seed: 3)
        try withTemporaryFolder { folder in
            let path = folder + "/older.h5"
            try KerasFile.write(graph: graph, weights: weights, to: path)
            let names = try KerasFile(path: path).model().graph.layers.dropFirst().map(\.name)
            #expect(names == ["conv1_conv", "conv1_bn", "conv1_bn_1"])
        }
    }

    @Test("Weights of another network are refused, and nothing is written") func refused() throws {
        let graph = try Network.tiny.graph()
        try withTemporaryFolder { folder in
            #expect(throws: WeightError.self) {
                try KerasFile.write(graph: graph, weights: NetworkWeights(), to: folder + "/model.h5")
            }
            #expect(throws: FileFailure.self) {
                try KerasFile.write(
                    graph: graph, weights: .initial(for: graph, seed: 1), to: folder + "/absent/model.h5")
            }
            let left = try FileManager.default.contentsOfDirectory(atPath: folder)
            #expect(left.isEmpty)
        }
    }
}
