import Features
import Foundation
import Imaging
import Inference
import LightboxCore
import Networks
import TestSupport
import Testing

private let weightsName =
    "weights/mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224_no_top.h5"

/// Inputs and Keras's features of the folder of real weights.
private struct StoredFeatures: Decodable {
    struct Input: Decodable { let png: String }
    struct Features: Decodable {
        let file: String
        let features: [[Float]]
        enum CodingKeys: String, CodingKey {
            case file
            case features = "avg_pooled_features"
        }
    }
    let inputs: [Input]
    let networks: [String: Features]
}

private func cosine(_ left: [Float], _ right: [Float]) -> Double {
    let product = zip(left, right).reduce(0) { $0 + Double($1.0) * Double($1.1) }
    let powers = [left, right].map { $0.reduce(0) { $0 + Double($1) * Double($1) } }
    return product / (powers[0] * powers[1]).squareRoot()
}

/// Smooth random pictures, grey or coloured.
private func pictures(_ count: Int, size: Int, seed: UInt64) -> [Image] {
    var random = SeededGenerator(seed: seed)
    return (0..<count).map { index in
        let channels = index % 3 == 0 ? 1 : 3
        let waves = (0..<6).map { _ in (0..<3).map { _ in random.uniform() * 0.3 } }
        var samples: [UInt8] = []
        for row in 0..<size {
            for column in 0..<size {
                for channel in 0..<channels {
                    let value = waves.reduce(0.0) { sum, wave in
                        sum
                            + sin(
                                wave[0] * Double(row) + wave[1] * Double(column) + wave[2] * 20 + Double(channel))
                    }
                    samples.append(UInt8(max(0, min(255, 128 + 25 * value))))
                }
            }
        }
        return Image(width: size, height: size, channels: channels, samples: .uint8(samples))
    }
}

private func tinyModel() throws -> FeatureModel {
    let network = try Network.named("tiny")
    let graph = try network.graph()
    return try FeatureModel(
        network: network, weights: .initial(for: graph, seed: 3), hash: ContentHash(of: "seed 3".utf8))
}

private func sample(_ model: FeatureModel, _ count: Int) -> [NDArray] {
    pictures(count, size: 40, seed: 5).map { model.preprocessing.apply(to: $0) }
}

@Suite("Feature extractor") struct FeatureExtractorTests {
    @Test("One vector per image in the order given, whatever the batch", arguments: [1, 3, 8])
    func order(batch: Int) async throws {
        let model = try tinyModel()
        var settings = FeatureExtractor.Settings(precision: .float32)
        settings.batch = 1
        let single = try FeatureExtractor(model, settings: settings)
        settings.batch = batch
        let extractor = try FeatureExtractor(model, settings: settings)
        let images = pictures(7, size: 50, seed: 1)
        let vectors = try await extractor.vectors(for: images)
        #expect(vectors.count == 7 && vectors.allSatisfy { $0.count == extractor.featureCount })
        for (image, vector) in zip(images, vectors) {
            let alone = try single.run([image])[0]
            #expect(zip(alone, vector).allSatisfy { abs($0 - $1) < 1e-4 })
        }
    }

    @Test("Streams batches in order, with what belongs to them")
    func streaming() async throws {
        let extractor = try FeatureExtractor(try tinyModel(), settings: .init(precision: .float32))
        let images = pictures(20, size: 32, seed: 2)
        let expected = try await extractor.vectors(for: images)
        var next = 0
        var found: [[Float]] = []
        try await extractor.process(
            next: {
                guard next < images.count else { return nil }
                let piece = Array(images[next..<min(images.count, next + 3)])
                defer { next += piece.count }
                return (next, extractor.input(for: piece))
            },
            consume: { (start: Int, vectors) in
                #expect(start == found.count)
                found += vectors
            })
        #expect(found.count == 20)
        #expect(zip(found, expected).allSatisfy { cosine($0, $1) > 0.99999 })
    }

    @Test("Provenance says what was computed with")
    func provenance() throws {
        let extractor = try FeatureExtractor(try tinyModel(), settings: .init(precision: .bfloat16))
        #expect(extractor.provenance.network == "tiny")
        #expect(extractor.provenance.precision == .bfloat16)
        #expect(extractor.provenance.weights == ContentHash(of: "seed 3".utf8))
        let data = try JSONEncoder().encode(extractor.provenance)
        #expect(try JSONDecoder().decode(FeatureExtractor.Provenance.self, from: data) == extractor.provenance)
    }

    @Test("auto takes only a precision that agrees, and says how each did")
    func automatic() throws {
        let model = try tinyModel()
        var settings = FeatureExtractor.Settings(precision: .auto)
        settings.agreement = 1.1
        let strict = try FeatureExtractor(model, sample: sample(model, 16), settings: settings)
        #expect(strict.provenance.precision == .float32)
        settings.agreement = 0.5
        let loose = try FeatureExtractor(model, sample: sample(model, 16), settings: settings)
        let report = try #require(loose.report)
        #expect(report.candidates.map(\.precision) == [.float32, .bfloat16, .int8])
        #expect(report.candidates[0].meanCosine > 0.999999 && report.sampleCount == 8)
        #expect(report.candidates.allSatisfy { $0.imagesPerSecond > 0 && $0.meanCosine > 0.98 })
        #expect(report.chosen == loose.provenance.precision)
        #expect(throws: FeatureError.self) { try FeatureExtractor(model, settings: settings) }
    }

    @Test("A quantised model is made once and found again")
    func cache() throws {
        try withTemporaryFolder { folder in
            let model = try tinyModel()
            let settings = FeatureExtractor.Settings(precision: .int8, cacheFolder: folder)
            let first = try FeatureExtractor(model, sample: sample(model, 8), settings: settings)
            let files = try FileManager.default.contentsOfDirectory(atPath: folder + "/quantised")
            #expect(files.count == 1 && files[0].hasSuffix(".onnx"))
            var messages: [String] = []
            let second = try FeatureExtractor(model, sample: sample(model, 8), settings: settings) {
                messages.append($0)
            }
            #expect(!messages.contains { $0.contains("calibrating") })
            #expect(first.provenance == second.provenance && first.provenance.quantisedModel != nil)
        }
    }

    @Test(
        "Takes a user's own files, channels last",
        arguments: ["conv.onnx", "conv.xml", "conv_saved_model", "conv.tflite"])
    func ownFiles(file: String) async throws {
        let preprocessing = Preprocessing(height: 8, width: 8, scaling: .minusOneToOne)
        let model = try FeatureModel(file: reference("inference/" + file), preprocessing: preprocessing)
        let extractor = try FeatureExtractor(model, settings: .init(precision: .float32))
        #expect(extractor.featureCount == 4)
        #expect(extractor.batch == (file == "conv.tflite" ? 1 : 8))
        let images = pictures(3, size: 20, seed: 9)
        let direct = try CompiledModel(.file(reference("inference/conv.onnx")))
        let expected = try direct.run([Tensor(extractor.input(for: images))])[0].array.values
        let found = try await extractor.vectors(for: images).flatMap { $0 }
        #expect(zip(expected, found).allSatisfy { abs($0 - $1) < 1e-4 } && found.count == expected.count)
        if file != "conv.onnx" {
            let error = #expect(throws: FeatureError.self) {
                try FeatureExtractor(model, sample: sample(model, 8), settings: .init(precision: .int8))
            }
            #expect(error?.code == .precisionUnavailable)
        }
    }

    @Test("Takes a model with channels first and pools its feature map")
    func channelsFirst() async throws {
        let preprocessing = Preprocessing(height: 8, width: 8, scaling: .zeroToOne)
        let path = reference("inference/map.onnx")
        let average = try FeatureExtractor(
            FeatureModel(file: path, preprocessing: preprocessing), settings: .init(precision: .float32))
        let whole = try FeatureExtractor(
            FeatureModel(file: path, pooling: .none, preprocessing: preprocessing),
            settings: .init(precision: .float32))
        #expect(average.featureCount == 3 && whole.featureCount == 3 * 8 * 8)
        // The model gives its own input back, so the features are the means of the colours.
        let image = pictures(2, size: 8, seed: 4)[1]
        let input = average.input(for: [image]).values
        let means = (0..<3).map { c in stride(from: c, to: input.count, by: 3).reduce(0) { $0 + input[$1] } / 64 }
        let found = try await average.vectors(for: [image])[0]
        #expect(zip(means, found).allSatisfy { abs($0 - $1) < 1e-5 })
    }

    @Test("Says when the preprocessing does not give what the model takes")
    func mismatch() throws {
        let preprocessing = Preprocessing(height: 9, width: 8, scaling: .none)
        let model = try FeatureModel(file: reference("inference/conv.onnx"), preprocessing: preprocessing)
        let error = #expect(throws: FeatureError.self) {
            try FeatureExtractor(model, settings: .init(precision: .float32))
        }
        #expect(error?.code == .modelUnsuitable)
    }
}

@Suite(
    "Real MobileNetV2",
    .enabled(if: testData(weightsName) != nil, "needs the real weights, see LIGHTBOX_TEST_DATA"))
struct RealWeightsTests {
    private func picture(_ path: String) throws -> Image {
        try ImageFile.decode(Bytes(try MappedFile(path: path)), file: path)
    }

    private func stored() throws -> (images: [Image], features: [[Float]]) {
        let folder = try #require(testData("weights/reference"))
        let data = try Data(contentsOf: URL(fileURLWithPath: folder + "/reference.json"))
        let stored = try JSONDecoder().decode(StoredFeatures.self, from: data)
        let images = try stored.inputs.map { try picture(folder + "/" + $0.png) }
        return (images, try #require(stored.networks["MobileNetV2 alpha=1.0"]).features)
    }

    @Test("f32 features equal Keras's")
    func float32() async throws {
        let (images, expected) = try stored()
        let model = try FeatureModel(
            network: try Network.named("mobilenet_v2"), weights: try #require(testData(weightsName)))
        let extractor = try FeatureExtractor(model, settings: .init(precision: .float32))
        let found = try await extractor.vectors(for: images)
        for (a, b) in zip(expected, found) { #expect(zip(a, b).allSatisfy { abs($0 - $1) < 1e-3 }) }
    }

    @Test("int8 features keep a mean cosine of 0.99 to f32's on images that did not calibrate")
    func int8() async throws {
        let (images, expected) = try stored()
        let model = try FeatureModel(
            network: try Network.named("mobilenet_v2"), weights: try #require(testData(weightsName)))
        let photos = try #require(testData("photos/daisy"))
        let chests = try #require(testData("chest-xrays/images"))
        let files = try [photos, chests].flatMap { folder in
            try FileManager.default.contentsOfDirectory(atPath: folder).sorted().prefix(16).map {
                folder + "/" + $0
            }
        }
        let sample = try files.map { file in
            model.preprocessing.apply(to: try picture(file))
        }
        let extractor = try FeatureExtractor(model, sample: sample, settings: .init(precision: .int8))
        let found = try await extractor.vectors(for: images)
        let cosines = zip(expected, found).map(cosine)
        #expect(cosines.reduce(0, +) / Double(cosines.count) > 0.99)
    }
}
