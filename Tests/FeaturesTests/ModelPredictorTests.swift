import Features
import Foundation
import Imaging
import Inference
import LightboxCore
import ModelRegistry
import Networks
import TestSupport
import Testing

/// Random coloured pictures.
private func pictures(_ count: Int, seed: UInt64 = 3) -> [Image] {
    var random = SeededGenerator(seed: seed)
    return (0..<count).map { _ in
        let samples = (0..<40 * 30 * 3).map { _ in UInt8(truncatingIfNeeded: random.next()) }
        return Image(width: 40, height: 30, channels: 3, samples: .uint8(samples))
    }
}

/// The tiny network with a head of seeded weights.
private func write(_ output: ModelOutput, to path: String) throws -> ModelFolder {
    let network = try Network.named("tiny")
    let head = ClassifierHead(classes: output.scoreCount)
    let manifest = ModelManifest(
        name: "flowers", architecture: .network(name: "tiny", input: [32, 32, 3], top: .head(head)),
        preprocessing: network.preprocessing, output: output,
        provenance: .init(lightbox: "0.2", created: Date(timeIntervalSince1970: 0)))
    var weights = NetworkWeights.initial(for: try network.graph(head: head), seed: 6)
    weights.layers["predictions"]?[1].values = (0..<output.scoreCount).map { Float($0) * 0.3 - 0.2 }
    return try ModelFolder.write(manifest, weights: weights, to: path)
}

/// The values before the activation, from the graph itself.
private func logits(_ folder: ModelFolder, _ images: [Image]) throws -> [[Double]] {
    let head = ClassifierHead(classes: folder.manifest.output.scoreCount)
    let onnx = try Network.named("tiny").graph(head: head).onnx(weights: folder.weights())
    let model = try CompiledModel(.onnx(Bytes(try onnx.serialized()), name: "logits"))
    return try images.map { image in
        let input = folder.manifest.preprocessing.apply(to: image)
        let tensor = Tensor(NDArray(shape: [1, 32, 32, 3], values: input.values))
        return try model.run([tensor])[0].array.values.map { Double($0) }
    }
}

private func softmax(_ values: [Double]) -> [Double] {
    let powers = values.map { exp($0) }
    return powers.map { $0 / powers.reduce(0, +) }
}

private func agree(_ found: [Float], _ expected: [Double], within tolerance: Double = 1e-5) -> Bool {
    found.count == expected.count && zip(found, expected).allSatisfy { abs(Double($0) - $1) < tolerance }
}

@Suite("Model predictor") struct ModelPredictorTests {
    @Test("Gives one prediction per image in the order given, under its key", arguments: [1, 3, 8])
    func order(batch: Int) async throws {
        try await withAsyncTemporaryFolder { folder in
            let model = try write(.classes(["a", "b"], hasExtraSlot: true), to: folder + "/m")
            var settings = FeatureExtractor.Settings(precision: .float32)
            settings.batch = batch
            let predictor = try ModelPredictor(model, settings: settings)
            let images = pictures(5)
            let keys = (0..<5).map { InstanceKey(fields: [.init("path", "\($0).png")]) }
            let found = try predictor.predict(images, keys: keys)
            #expect(found.map(\.key) == keys)
            for (prediction, values) in zip(found, try logits(model, images)) {
                #expect(agree(prediction.scores, softmax(values)))
                #expect(prediction.bestIndex == values.indices.max { values[$0] < values[$1] })
                #expect(prediction.labels == ["a", "b"] && prediction.scores.count == 3)
            }
            #expect(try await predictor.predictions(for: images, keys: keys) == found)
            #expect(
                try predictor.predict(images).map(\.key) == Array(repeating: InstanceKey(fields: []), count: 5))
        }
    }

    @Test("Streams batches in order")
    func streaming() async throws {
        try await withAsyncTemporaryFolder { folder in
            let predictor = try ModelPredictor(try write(.states(["a", "b"]), to: folder + "/m"))
            let images = pictures(11)
            let expected = try predictor.predict(images)
            var (next, found): (Int, [Prediction]) = (0, [])
            try await predictor.process(
                next: {
                    guard next < images.count else { return nil }
                    let piece = next..<min(next + 4, images.count)
                    next = piece.upperBound
                    let keys = piece.map { InstanceKey(fields: [.init("n", String($0))]) }
                    return (keys, predictor.input(for: Array(images[piece])))
                },
                consume: { found += $0 })
            #expect(found.map { $0.key["n"] } == (0..<11).map { String($0) })
            #expect(zip(found, expected).allSatisfy { agree($0.scores, $1.scores.map { Double($0) }) })
        }
    }

    @Test("Divides the values before the activation by the temperature", arguments: [0.05, 0.5, 2.5])
    func temperature(temperature: Double) throws {
        try withTemporaryFolder { folder in
            var output = ModelOutput.classes(["a", "b", "c"])
            output.temperature = temperature
            let classes = try write(output, to: folder + "/classes")
            output = .states(["a", "b", "c"])
            output.temperature = temperature
            let states = try write(output, to: folder + "/states")
            let images = pictures(3)
            let values = try logits(classes, images).map { $0.map { $0 / temperature } }
            for (prediction, values) in zip(try ModelPredictor(classes).predict(images), values) {
                #expect(agree(prediction.scores, softmax(values), within: 1e-4))
            }
            for (prediction, values) in zip(try ModelPredictor(states).predict(images), values) {
                #expect(agree(prediction.scores, values.map { 1 / (1 + exp(-$0)) }, within: 1e-4))
            }
        }
    }

    @Test("Calibrates the scores of a file that cannot be opened up", arguments: [true, false])
    func closedFile(isSoftmax: Bool) throws {
        try withTemporaryFolder { folder in
            var output: ModelOutput = isSoftmax ? .classes(["a", "b"]) : .states(["a", "b"])
            let model = try write(output, to: folder + "/m")
            let files = try ModelExport.write(model, as: .openvino, to: folder)
            output.temperature = 3
            output.thresholds = ["b": 0]
            let predictor = try ModelPredictor(
                file: files[0], output: output, preprocessing: model.manifest.preprocessing)
            let images = pictures(2)
            for (prediction, values) in zip(try predictor.predict(images), try logits(model, images)) {
                let scaled = values.map { $0 / 3 }
                let expected = isSoftmax ? softmax(scaled) : scaled.map { 1 / (1 + exp(-$0)) }
                #expect(agree(prediction.scores, expected, within: 1e-4))
                #expect(prediction.found == ["b"])
            }
        }
    }

    @Test("Gives heat maps of a heat-map model, and no scores")
    func heatmaps() throws {
        try withTemporaryFolder { folder in
            var preprocessing = try Network.named("heatmap").preprocessing
            (preprocessing.height, preprocessing.width) = (12, 16)
            let manifest = ModelManifest(
                name: "spots", architecture: .network(name: "heatmap", input: [12, 16, 3], top: .map),
                preprocessing: preprocessing, output: .heatmap,
                provenance: .init(lightbox: "0.2", created: Date(timeIntervalSince1970: 0)))
            let graph = try Network.named("heatmap").graph(height: 12, width: 16, output: .features(.none))
            let model = try ModelFolder.write(
                manifest, weights: .initial(for: graph, seed: 2), to: folder + "/m")
            let predictor = try ModelPredictor(model)
            let maps = try predictor.heatmaps(for: pictures(2))
            #expect(maps.map(\.shape) == [[12, 16], [12, 16]])
            let direct = try CompiledModel(.file(model.modelPath)).run([Tensor(predictor.input(for: pictures(2)))])
            let expected = direct[0].array.values
            let found = maps.flatMap(\.values)
            #expect(zip(found, expected).allSatisfy { abs($0 - $1) < 1e-5 } && Set(found).count > 100)
            #expect(throws: FeatureError.self) { try predictor.predict(pictures(1)) }
            let scores = try ModelPredictor(try write(.states(["a"]), to: folder + "/scores"))
            #expect(throws: FeatureError.self) { try scores.heatmaps(for: pictures(1)) }
        }
    }

    @Test("Refuses labels that are not the model's scores")
    func labels() throws {
        try withTemporaryFolder { folder in
            let model = try write(.classes(["a", "b"]), to: folder + "/m")
            let error = #expect(throws: FeatureError.self) {
                try ModelPredictor(
                    file: model.modelPath, output: .classes(["a", "b", "c"]),
                    preprocessing: model.manifest.preprocessing)
            }
            #expect(error?.code == .modelUnsuitable)
        }
    }

    @Test("Chooses its precision on a sample")
    func precision() throws {
        try withTemporaryFolder { folder in
            let model = try write(.classes(["a", "b", "c"]), to: folder + "/m")
            let sample = pictures(10, seed: 8).map { model.manifest.preprocessing.apply(to: $0) }
            let predictor = try ModelPredictor(model, sample: sample, settings: .init(precision: .auto))
            #expect(predictor.report?.candidates.count == 3)
            #expect(predictor.provenance.network == "flowers")
        }
    }
}

@Suite("Prediction") struct PredictionTests {
    @Test("Names the best label, and none for the extra slot")
    func best() {
        let labels = ["a", "b"]
        let clear = Prediction(labels: labels, scores: [0.2, 0.7, 0.1])
        #expect(clear.bestIndex == 1 && clear.bestLabel == "b" && clear["a"] == 0.2 && clear["c"] == nil)
        let none = Prediction(labels: labels, scores: [0.2, 0.1, 0.7])
        #expect(none.bestIndex == 2 && none.bestLabel == nil)
        #expect(Prediction(labels: labels, scores: [0.5, 0.5]).bestIndex == 0)
    }

    @Test("Finds what reaches its threshold; what has none is not judged")
    func found() {
        let prediction = Prediction(
            labels: ["a", "b", "c"], scores: [0.5, 0.9, 0.4], thresholds: ["a": 0.5, "c": 0.41])
        #expect(prediction.found == ["a"])
    }
}
