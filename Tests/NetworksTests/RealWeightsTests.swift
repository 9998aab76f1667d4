import Foundation
import Imaging
import Inference
import KerasFiles
import LightboxCore
import Networks
import TestSupport
import Testing

/// Weights as trained on ImageNet, on nine photographs and radiographs, against Keras's features.
@Suite(
    "Real weights",
    .enabled(
        if: testData("weights/reference/reference.json") != nil,
        "needs the real data folder, see LIGHTBOX_TEST_DATA")
)
struct RealWeightsTests {
    private struct Reference: Decodable {
        struct Input: Decodable { var png: String }
        struct Stored: Decodable {
            var features: [[Float]]

            enum CodingKeys: String, CodingKey { case features = "avg_pooled_features" }
        }

        var inputs: [Input]
        var networks: [String: Stored]
    }

    struct Case: Sendable, CustomTestStringConvertible {
        var network: String
        var reference: String
        var file: String
        var testDescription: String { file }
    }

    private static let mobileNetV2 = "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224"
    static let cases = [
        Case(network: "mobilenet_v2", reference: "MobileNetV2 alpha=1.0", file: mobileNetV2 + "_no_top.h5"),
        Case(network: "mobilenet_v2", reference: "MobileNetV2 alpha=1.0", file: mobileNetV2 + ".h5"),
        Case(
            network: "mobilenet_v2", reference: "MobileNetV2 alpha=1.0",
            file: "keras3/" + mobileNetV2 + "_no_top.weights.h5"),
        Case(network: "mobilenet_0.25", reference: "MobileNet alpha=0.25", file: "mobilenet_2_5_224_tf_no_top.h5"),
        Case(network: "mobilenet_0.25", reference: "MobileNet alpha=0.25", file: "mobilenet_2_5_224_tf.h5"),
    ].filter { testData("weights/" + $0.file) != nil }

    @Test("Features equal Keras's", arguments: cases)
    func features(given: Case) throws {
        let folder = try #require(testData("weights/reference"))
        let data = try Data(contentsOf: URL(fileURLWithPath: folder + "/reference.json"))
        let stored = try JSONDecoder().decode(Reference.self, from: data)
        let expected = try #require(stored.networks[given.reference]).features
        let network = try Network.named(given.network)
        let images = try stored.inputs.map { input in
            network.preprocessing.apply(to: try ImageFile.decode(path: folder + "/" + input.png)).values
        }
        let graph = try network.graph()
        let weights = try KerasFile.weights(try #require(testData("weights/" + given.file)), for: graph)
        let bytes = Bytes(try graph.onnx(weights: weights).serialized())
        let model = try CompiledModel(.onnx(bytes, name: network.name))
        let batch = NDArray(shape: [images.count] + graph.inputShape, values: images.flatMap(\.self))
        let found = try #require(try model.run(["image": batch])["features"])
        #expect(found.shape == [expected.count, network.featureCount])
        let difference = zip(found.values, expected.flatMap(\.self)).map { abs($0 - $1) }.max() ?? .infinity
        #expect(difference < 1e-3)
    }

    @Test("The five best classes are Keras's") func classifier() throws {
        let path = try #require(testData("weights/mobilenet_2_5_224_tf.h5"))
        let network = try Network.named("mobilenet_0.25")
        let graph = try network.graph(output: .scores())
        let weights = try KerasFile.weights(path, for: graph)
        let model = try CompiledModel(.onnx(Bytes(try graph.onnx(weights: weights).serialized()), name: "scores"))
        let png = try #require(testData("weights/reference/input0_224.png"))
        let image = network.preprocessing.apply(to: try ImageFile.decode(path: png))
        let batch = NDArray(shape: [1] + graph.inputShape, values: image.values)
        let scores = try #require(try model.run(["image": batch])["features"]).values
        let best = scores.indices.sorted { scores[$0] > scores[$1] }.prefix(5)
        // Sea urchin, quill, centipede, daisy, pineapple, as in the reference's top5.
        #expect(Array(best) == [328, 749, 79, 985, 953])
        #expect(abs(scores[328] - 0.70334) < 1e-4)
    }
}
