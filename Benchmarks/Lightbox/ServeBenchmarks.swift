import Features
import Foundation
import LightboxCore
import ModelRegistry
import Networks

/// The models that the serving rows ask: a mean of one number, a mean of a whole 299 × 299 × 3 array, and MobileNetV2
/// behind images. Weights are made up: the speed does not depend on them.
enum ServeBenchmarks {
    static func writeModels(to folder: String) throws {
        try writeMean(side: 1, channels: 1, to: folder + "/trivial.onnx")
        try writeMean(side: 299, channels: 3, to: folder + "/tensor.onnx")
        let network = try Network.named("mobilenet_v2")
        let head = ClassifierHead(classes: 1000)
        let manifest = ModelManifest(
            name: "image", architecture: .network(name: network.name, input: [224, 224, 3], top: .head(head)),
            preprocessing: network.preprocessing,
            output: .classes((0..<1000).map { "class \($0)" }, hasExtraSlot: false),
            provenance: .init(lightbox: "", created: Date()))
        let weights = NetworkWeights.initial(for: try network.graph(head: head), seed: 1)
        _ = try ModelFolder.write(manifest, weights: weights, to: folder + "/image")
    }

    private static func writeMean(side: Int, channels: Int, to path: String) throws {
        let graph = try Graph(name: "mean", input: [side, side, channels]) { $0.globalAverage("mean") }
        try AtomicFile.write(graph.onnx(weights: NetworkWeights()).serialized(), to: path)
    }

    /// The network of the image model by itself: batches that are already in memory, in OpenVINO's own streams.
    static func bareLoop(_ folder: String) throws {
        let predictor = try ModelPredictor(ModelFolder(path: folder + "/image"))
        let grey = Image(
            width: 224, height: 224, channels: 3, samples: .uint8(Array(repeating: 99, count: 224 * 224 * 3)))
        let input = predictor.input(for: Array(repeating: grey, count: predictor.batch))
        let keys = Array(repeating: InstanceKey(fields: []), count: predictor.batch)
        let batches = 1600 / predictor.batch
        let time = try best(rounds: 3) {
            var left = batches
            try mapInOrder(
                threads: 4,
                next: { () -> Int? in
                    left -= 1
                    return left >= 0 ? left : nil
                },
                transform: { _ in try predictor.predict(input, keys: keys) }, consume: { _ in true })
        }
        report("image bare loop", Double(batches * predictor.batch) / time, "images/s")
    }
}
