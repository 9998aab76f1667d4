import Foundation
import KerasFiles
import LightboxCore
import Networks
import TestSupport
import Testing

@Suite("Keras files") struct KerasFileTests {
    static let body: Graph = makeGraph(.features(.average))
    static let classifier: Graph = makeGraph(.scores())

    private static func makeGraph(_ output: Network.Output) -> Graph {
        do { return try Network.tiny.graph(output: output) } catch {
            fatalError("tiny has no \(output): \(error)")
        }
    }

    private func file(_ name: String) -> String { reference("networks/files/" + name) }

    @Test(
        "Every layout gives the same arrays",
        arguments: [
            "top.h5", "top_model.h5", "top.weights.h5", "nameless.weights.h5", "top.keras", "compressed.h5",
            "counted_on.h5",
        ])
    func layouts(name: String) throws {
        let expected = try KerasFile.weights(file("no_top.h5"), for: KerasFileTests.body)
        #expect(expected.layers.count == 10)
        #expect(try KerasFile.weights(file(name), for: KerasFileTests.body) == expected)
    }

    @Test("A model inside a model gives its layers") func nested() throws {
        let expected = try KerasFile.weights(file("no_top.h5"), for: KerasFileTests.body)
        #expect(try KerasFile.weights(file("nested_model.h5"), for: KerasFileTests.body) == expected)
    }

    @Test("Numbers of every width, order, compression and box size are read") func forms() throws {
        let layers = try KerasFile(path: file("forms.weights.h5")).layers
        let expected = NDArray(shape: [7, 5], values: (0..<35).map { Float($0) / 4 })
        #expect(layers.map(\.group) == ["dense"])
        #expect(layers[0].arrays == Array(repeating: expected, count: 9))
    }

    @Test("The newest layout of HDF5 is read where it is simple") func newLayout() throws {
        let layers = try KerasFile(path: file("latest.weights.h5")).layers
        #expect(layers.map(\.arrays) == [[NDArray(shape: [7, 5], values: (0..<35).map { Float($0) / 4 })]])
    }

    @Test("Links to other places are not followed") func links() throws {
        #expect(try KerasFile(path: file("linked.weights.h5")).layers.isEmpty)
    }

    @Test("Names with strokes and classifiers by other names are found") func olderNames() throws {
        let graph = try Graph(name: "older", input: [8, 8, 3]) { image in
            image.conv("conv1_conv", 4, kernel: 3).norm("conv1_bn").relu().globalAverage().dense("predictions", 10)
        }
        let weights = try KerasFile.weights(file("slashes.h5"), for: graph)
        #expect(weights.layers["predictions"]?.map(\.shape) == [[4, 10], [10]])
        let other = try Graph(name: "other", input: [8, 8, 3]) { $0.conv("conv2_conv", 4, kernel: 3) }
        let error = try #require(throws: WeightError.self) {
            try KerasFile.weights(file("slashes.h5"), for: other)
        }
        #expect(error.problems.contains(.missing(layer: "conv2_conv", expected: [[3, 3, 3, 4]])))
    }

    @Test("The classifier comes along when asked for", arguments: ["top.h5", "top.keras", "nameless.weights.h5"])
    func classifier(name: String) throws {
        let weights = try KerasFile.weights(file(name), for: KerasFileTests.classifier)
        #expect(weights.layers["predictions"]?.map(\.shape) == [[32, 10], [10]])
    }

    @Test("A whole model brings its architecture", arguments: ["top.keras", "top_model.h5"])
    func configuration(name: String) throws {
        let text = try #require(try KerasFile(path: file(name)).configuration)
        #expect(text.contains("\"SeparableConv2D\""))
    }

    @Test("A missing layer is named with its shapes") func missing() throws {
        let error = try #require(throws: WeightError.self) {
            try KerasFile.weights(file("no_top.h5"), for: KerasFileTests.classifier)
        }
        #expect(error.problems == [.missing(layer: "predictions", expected: [[32, 10], [10]])])
        #expect(error.description.contains("layer predictions is missing (32×10, 10)"))
        #expect(error.description.contains("no_top.h5"))
    }

    @Test("A misshapen layer is named with both shapes") func misshapen() throws {
        let grey = try Network.tiny.graph(channels: 1)
        let error = try #require(throws: WeightError.self) { try KerasFile.weights(file("top.h5"), for: grey) }
        #expect(
            error.problems == [.misshapen(layer: "conv1", expected: [[3, 3, 1, 8]], found: [[3, 3, 3, 8]])])
    }

    @Test("An extra layer is named") func extra() throws {
        let shorter = try Graph(name: "shorter", input: [32, 32, 3]) { image in
            image.conv("conv1", 8, kernel: 3, stride: 2, padding: .same).norm().relu6()
                .separable("sepconv2", 16).norm().relu()
                .conv("conv5", 32, kernel: 1, bias: true)
        }
        let error = try #require(throws: WeightError.self) { try KerasFile.weights(file("top.h5"), for: shorter) }
        #expect(error.problems.contains(.extra(layer: "dwconv3", found: [[3, 3, 16, 1]])))
    }

    @Test("Another network's file lists the first problems and counts the rest") func otherNetwork() throws {
        let other = try Network.xception.graph()
        let error = try #require(throws: WeightError.self) { try KerasFile.weights(file("top.h5"), for: other) }
        #expect(error.problems.count > 80)
        #expect(error.description.utf8.count < 2_000)
    }

    @Test("What is no weight file is refused with a reason") func otherFiles() throws {
        try withTemporaryFolder { folder in
            for (name, bytes) in [
                ("empty.h5", []), ("text.h5", Array("no weights".utf8)), ("zip.keras", [0x50, 0x4b, 3, 4, 0, 0]),
            ] as [(String, [UInt8])] {
                try Data(bytes).write(to: URL(fileURLWithPath: folder + "/" + name))
                let error = try #require(throws: WeightError.self) { try KerasFile(path: folder + "/" + name) }
                #expect(error.kind == .corrupt)
            }
            let absent = try #require(throws: WeightError.self) { try KerasFile(path: folder + "/absent.h5") }
            #expect(absent.kind == .notFound)
        }
    }

    @Test("Files are read side by side") func concurrent() async throws {
        let expected = try KerasFile.weights(file("no_top.h5"), for: KerasFileTests.body)
        try await withThrowingTaskGroup(of: NetworkWeights.self) { group in
            for name in ["top.h5", "top.keras", "nested_model.h5", "top.weights.h5"] {
                let path = file(name)
                group.addTask { try KerasFile.weights(path, for: KerasFileTests.body) }
            }
            for try await weights in group { #expect(weights == expected) }
        }
    }
}
