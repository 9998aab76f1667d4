import Features
import Foundation
import Imaging
import Inference
import LightboxCore
import ModelRegistry
import Networks
import Serving
import TestSupport
import Testing
import WireFormats

private struct Album: RemoteImages {
    let images: [String: [UInt8]]

    func bytes(at url: String, limit: Int) async throws -> Bytes {
        guard let bytes = images[url] else {
            throw ServingError(.remoteImagesRefused, "not on the list", remedy: "Use another.")
        }
        return Bytes(bytes)
    }
}

/// Asks with JSON and gives the outputs.
private func ask(_ model: LoadedModel, _ text: String) async throws -> [String: ServedTensor] {
    try await model.predict(Instances.request(bytes(text), signatures: model.signatures))
}

@Suite("Serving a trained model") struct LoadedModelTests {
    @Test("Scores image bytes, pixels, tensors and URLs as the model's predictor does, under their keys")
    func imageForms() async throws {
        try await withAsyncTemporaryFolder { folder in
            let model = try writeModel(.classes(["a", "b"], hasExtraSlot: true), to: folder + "/m")
            let image = picture()
            let png = PNG.encode(image)
            var settings = LoadedModel.Settings()
            settings.remoteImages = Album(images: ["gs://b/x.png": png])
            let loaded = try await LoadedModel.load(ServableFile(at: folder + "/m"), settings: settings)
            let expected = try ModelPredictor(model).predict([image])[0]
            #expect(loaded.manifest == model.manifest && loaded.memory > 0)
            #expect(loaded.signatures.keys.sorted() == ["pixels", "serving_default", "tensor", "url"])

            let prepared = model.manifest.preprocessing.apply(to: image).values
            guard case .uint8(let samples) = image.samples else { return }
            let rows = (0..<30).map { y in
                (0..<40).map { x in (0..<3).map { samples[(y * 40 + x) * 3 + $0] } }
            }
            for text in [
                "{\"instances\": [{\"key\": \"k\", \"image_bytes\": {\"b64\": \"\(base64(png))\"}}]}",
                "{\"key\": \"k\", \"image_bytes\": {\"b64\": \"\(base64(png))\"}}",
                "{\"instances\": [{\"key\": \"k\", \"image_url\": \"gs://b/x.png\"}]}",
                "{\"instances\": [{\"key\": \"k\", \"pixels\": \(rows)}]}",
                "{\"instances\": [{\"key\": \"k\", \"pixels\": \"\(rows)\"}]}",
            ] {
                let outputs = try await ask(loaded, text)
                #expect(outputs.keys.sorted() == ["key", "prediction", "scores"])
                #expect(agree(floats(outputs["scores"]), expected.scores))
                #expect(outputs["scores"]?.shape == [1, 3])
                #expect(outputs["prediction"]?.elements == .int64([Int64(expected.bestIndex)]))
                #expect(texts(outputs["key"]) == ["k"])
            }
            let tensor = ServedTensor(shape: [1, 32, 32, 3], elements: .float32(prepared))
            let outputs = try await loaded.predict(["image": tensor], signature: "tensor")
            #expect(agree(floats(outputs["scores"]), expected.scores) && outputs["key"] == nil)
        }
    }

    @Test("Takes records of Examples, and hands their keys through")
    func examples() async throws {
        try await withAsyncTemporaryFolder { folder in
            let model = try writeModel(.classes(["a", "b"]), to: folder + "/m")
            let loaded = try LoadedModel(ServableFile(at: folder + "/m"))
            let image = picture()
            let example = Example([
                "png_bytes": .bytes([PNG.encode(image)]), "study": .text("1.2"), "instance": .text("3.4"),
            ])
            let signature = try #require(loaded.signatures["serving_default"])
            let request = try Instances.request(record: Bytes(example.serialized()), signature: signature)
            let outputs = try await loaded.predict(request)
            #expect(agree(floats(outputs["scores"]), try ModelPredictor(model).predict([image])[0].scores))
            #expect(texts(outputs["study"]) == ["1.2"] && texts(outputs["instance"]) == ["3.4"])
            #expect(outputs["key"] == nil)
        }
    }

    @Test("Answers many instances in order, and names the one that is no image")
    func manyInstances() async throws {
        try await withAsyncTemporaryFolder { folder in
            let model = try writeModel(.states(["a", "b"]), to: folder + "/m")
            let loaded = try LoadedModel(ServableFile(at: folder + "/m"))
            let images = (0..<20).map { picture(seed: UInt64($0)) }
            let files = images.map { ServedTensor.Elements.strings([Bytes(PNG.encode($0))]) }
            let all = ServedTensor(
                shape: [20], elements: .strings(images.map { Bytes(PNG.encode($0)) }))
            let outputs = try await loaded.predict(["image_bytes": all])
            let expected = try ModelPredictor(model).predict(images)
            #expect(agree(floats(outputs["scores"]), expected.flatMap(\.scores)))
            #expect(outputs["prediction"] == nil && files.count == 20)

            var broken = images.map { Bytes(PNG.encode($0)) }
            broken[7] = Bytes([1, 2, 3])
            let wrong = ServedTensor(shape: [20], elements: .strings(broken))
            let error = await servingError { _ = try await loaded.predict(["image_bytes": wrong]) }
            #expect(error?.code == .badImage && error?.instance == 7 && error?.field == "image_bytes")
            #expect(loaded.load == 0)
        }
    }

    @Test("Joins requests that come at the same time, each with its own answer")
    func concurrent() async throws {
        try await withAsyncTemporaryFolder { folder in
            let model = try writeModel(.classes(["a", "b"]), to: folder + "/m")
            let loaded = try LoadedModel(ServableFile(at: folder + "/m"))
            let images = (0..<8).map { picture(seed: UInt64($0)) }
            let expected = try ModelPredictor(model).predict(images).map(\.scores)
            let tensors = images.map {
                ServedTensor(
                    shape: [1, 32, 32, 3], elements: .float32(model.manifest.preprocessing.apply(to: $0).values))
            }
            try await withThrowingTaskGroup(of: Bool.self) { group in
                for index in 0..<200 {
                    group.addTask {
                        let outputs = try await loaded.predict(["image": tensors[index % 8]], signature: "tensor")
                        return agree(floats(outputs["scores"]), expected[index % 8])
                    }
                }
                for try await isRight in group { #expect(isRight) }
            }
        }
    }

    @Test("Adds probabilities, labels, an embedding and a heat map on request")
    func extras() async throws {
        try await withAsyncTemporaryFolder { folder in
            var output = ModelOutput.states(["a", "b"])
            output.thresholds = ["b": 0]
            output.temperature = 2
            let model = try writeModel(output, to: folder + "/m")
            let loaded = try LoadedModel(ServableFile(at: folder + "/m"))
            let image = picture()
            let expected = try ModelPredictor(model).predict([image])[0]
            let text =
                "{\"image_bytes\": {\"b64\": \"\(base64(PNG.encode(image)))\"}, "
                + "\"extras\": [\"probabilities\", \"labels\", \"heatmap\", \"embedding\"]}"
            let outputs = try await ask(loaded, text)
            #expect(agree(floats(outputs["probabilities"]), expected.scores))
            #expect(texts(outputs["labels"]) == ["a", "b"])
            #expect(outputs["found"]?.elements == .bool([false, true]))

            // The pooled features, and with the last layer's weights the values before the activation again.
            let features = try Network.named("tiny").graph(output: .features(.none))
            let weights = try model.weights()
            let onnx = try features.onnx(weights: weights)
            let map = try CompiledModel(.onnx(Bytes(try onnx.serialized()), name: "map"))
                .run([
                    Tensor(
                        NDArray(
                            shape: [1, 32, 32, 3], values: model.manifest.preprocessing.apply(to: image).values))
                ])[0]
                .array
            let (rows, columns, channels) = (map.shape[1], map.shape[2], map.shape[3])
            let pooled = (0..<channels).map { channel in
                (0..<(rows * columns)).reduce(Float(0)) { $0 + map.values[$1 * channels + channel] }
                    / Float(rows * columns)
            }
            #expect(agree(floats(outputs["embedding"]), pooled, within: 1e-4))
            #expect(outputs["embedding"]?.shape == [1, channels])

            guard let kernel = weights.layers["predictions"]?[0],
                case .strings(let pictures)? = outputs["heatmap_png_bytes"]?.elements
            else {
                Issue.record("no heat map")
                return
            }
            let sums = (0..<(rows * columns)).map { place in
                (0..<channels).reduce(Float(0)) {
                    $0 + map.values[place * channels + $1] * kernel.values[$1 * 2 + expected.bestIndex]
                }
            }
            let overlay = try PNG.decode(pictures[0])
            #expect(overlay.width == 32 && overlay.height == 32 && overlay.channels == 4)
            let highest = sums.max() ?? 0
            let small = Image(
                width: columns, height: rows, channels: 1,
                samples: .uint16(sums.map { UInt16((max(0, $0 / highest) * 65535).rounded()) }))
            let wanted = Preprocessing(height: 32, width: 32, channels: 1, scaling: .none).apply(to: small).values
            guard case .uint8(let pixels) = overlay.samples else { return }
            let opacity = (0..<1024).map { Float(pixels[4 * $0 + 3]) }
            #expect(agree(opacity, wanted, within: 1))
        }
    }

    @Test("Says which extras a model cannot give")
    func missingExtras() async throws {
        try await withAsyncTemporaryFolder { folder in
            let head = ClassifierHead(pooling: .max, classes: 2)
            _ = try writeModel(.classes(["a", "b"]), to: folder + "/m", head: head)
            let loaded = try LoadedModel(ServableFile(at: folder + "/m"))
            let image = ServedTensor(
                shape: [1], elements: .strings([Bytes(PNG.encode(picture()))]))
            let error = await servingError {
                _ = try await loaded.predict(["image_bytes": image], extras: .heatmap)
            }
            #expect(error?.code == .unavailableExtra)
            #expect(try await loaded.predict(["image_bytes": image], extras: .embedding)["embedding"] != nil)
            let url = await servingError {
                _ = try await loaded.predict(["image_url": ServedTensor(["x"])], signature: "url")
            }
            #expect(url?.code == .remoteImagesRefused)
        }
    }

    @Test("Gives the map of a heat-map model, and its picture")
    func heatmapModel() async throws {
        try await withAsyncTemporaryFolder { folder in
            var preprocessing = try Network.named("heatmap").preprocessing
            (preprocessing.height, preprocessing.width) = (12, 16)
            let manifest = ModelManifest(
                name: "spots", architecture: .network(name: "heatmap", input: [12, 16, 3], top: .map),
                preprocessing: preprocessing, output: .heatmap,
                provenance: .init(lightbox: "0.3", created: Date(timeIntervalSince1970: 0)))
            let graph = try Network.named("heatmap").graph(height: 12, width: 16, output: .features(.none))
            let model = try ModelFolder.write(manifest, weights: .initial(for: graph, seed: 2), to: folder + "/m")
            let loaded = try LoadedModel(ServableFile(at: folder + "/m"))
            let image = picture()
            let file = ServedTensor(shape: [1], elements: .strings([Bytes(PNG.encode(image))]))
            let outputs = try await loaded.predict(["image_bytes": file], extras: .heatmap)
            let expected = try ModelPredictor(model).heatmaps(for: [image])[0].values
            #expect(agree(floats(outputs["heatmap"]), expected))
            #expect(outputs["heatmap"]?.shape == [1, 12, 16, 1])
            let overlay = try PNG.decode(outputs["heatmap_png_bytes"]?.strings?[0] ?? .empty)
            #expect(overlay.width == 16 && overlay.height == 12)
        }
    }

    @Test(
        "Reads DICOM", .enabled(if: testData("dicom") != nil, "needs the real data folder, see LIGHTBOX_TEST_DATA")
    )
    func dicom() async throws {
        let files = try FileTree.files(below: testData("dicom") ?? "").filter { $0.hasSuffix(".dcm") }
        var read = 0
        for file in files.prefix(12) {
            let bytes = Bytes(try MappedFile(path: file))
            if let image = try? ImageReader().image(bytes) {
                read += image.width > 0 ? 1 : 0
            }
        }
        #expect(read > 0)
    }

    @Test("Holds arrays against the signature")
    func checks() async throws {
        try await withAsyncTemporaryFolder { folder in
            _ = try writeModel(.classes(["a", "b"]), to: folder + "/m")
            let model = try LoadedModel(ServableFile(at: folder + "/m"))
            func code(_ inputs: [String: ServedTensor], _ signature: String? = nil) async -> ServingError.Code? {
                await servingError { _ = try await model.predict(inputs, signature: signature) }?.code
            }
            let zeros = ServedTensor(NDArray(shape: [1, 32, 32, 3]))
            #expect(await code([:]) == .missingInput)
            #expect(await code(["x": zeros]) == .unexpectedInput)
            #expect(await code(["image": zeros], "no") == .unknownSignature)
            #expect(await code(["image_bytes": zeros]) == .wrongType)
            #expect(await code(["image": ServedTensor(NDArray(shape: [1, 31, 32, 3]))], "tensor") == .wrongShape)
            #expect(await code(["image": ServedTensor(NDArray(shape: [0, 32, 32, 3]))], "tensor") == .wrongShape)
            #expect(await code(["image": zeros, "key": ServedTensor(["a", "b"])], "tensor") == .wrongShape)
            #expect(await code(["pixels": ServedTensor(NDArray(shape: [1, 4, 4, 2]))], "pixels") == .wrongShape)
        }
    }
}

@Suite("Serving model files") struct ForeignModelTests {
    private struct Arrays: Decodable {
        struct Array: Decodable {
            let shape: [Int]
            let values: [Double]
        }
        let inputs: [String: Array]
        let outputs: [String: Array]
    }

    @Test("Computes what other programs do with the file", arguments: ["conv.onnx", "conv.xml", "conv.tflite"])
    func files(name: String) async throws {
        let json = try Data(contentsOf: URL(fileURLWithPath: reference("inference/models.json")))
        let expected = try JSONDecoder().decode([String: Arrays].self, from: json)["conv"]
        guard let input = expected?.inputs["image"], let output = expected?.outputs.first?.value else {
            Issue.record("no reference")
            return
        }
        let model = try LoadedModel(ServableFile(at: reference("inference/" + name)))
        let signature = try #require(model.signatures["serving_default"])
        #expect(signature.inputs.map(\.type) == [.float32])
        let rows = input.shape[0]
        let size = input.values.count / rows
        // Row by row where the file takes one at a time; else all together.
        let isOpen = signature.inputs[0].shape[0] == nil
        var found: [Float] = []
        for row in isOpen ? [0..<rows] : (0..<rows).map({ $0..<($0 + 1) }) {
            let values = input.values[(row.lowerBound * size)..<(row.upperBound * size)].map { Float($0) }
            let tensor = ServedTensor(shape: [row.count] + input.shape.dropFirst(), elements: .float32(values))
            let outputs = try await model.predict([signature.inputs[0].name: tensor])
            found += floats(outputs[signature.outputs[0].name])
        }
        #expect(agree(found, output.values.map { Float($0) }))
    }

    @Test("Takes a whole Keras model under its layers' names", arguments: ["sequence_k3.keras", "sequence_k2.h5"])
    func keras(name: String) async throws {
        let model = try LoadedModel(ServableFile(at: reference("keras-models/" + name)))
        let signature = try #require(model.signatures["serving_default"])
        let shape = signature.inputs[0].shape.map { $0 ?? 2 }
        let outputs = try await model.predict([signature.inputs[0].name: ServedTensor(NDArray(shape: shape))])
        #expect(outputs.values.first?.rows == 2)
    }

    @Test("Finds the model in a folder, and says when there is none or more")
    func folders() throws {
        try withTemporaryFolder { folder in
            let files = FileManager.default
            let onnx = reference("inference/conv.onnx")
            #expect(throws: ServingError.self) { try ServableFile(at: folder) }
            #expect(throws: ServingError.self) { try ServableFile(at: folder + "/none") }
            try files.copyItem(atPath: onnx, toPath: folder + "/m.onnx")
            #expect(try ServableFile(at: folder + "/") == .onnx(folder + "/m.onnx"))
            try files.copyItem(atPath: onnx, toPath: folder + "/n.onnx")
            #expect(throws: ServingError.self) { try ServableFile(at: folder) }
            #expect(
                try ServableFile(at: reference("inference/conv_saved_model"))
                    == .savedModel(reference("inference/conv_saved_model")))
        }
    }

    @Test("Refuses damaged files, and data outside of the folder")
    func refusals() throws {
        try withTemporaryFolder { folder in
            try Data([1, 2, 3]).write(to: URL(fileURLWithPath: folder + "/a.onnx"))
            #expect(throws: ServingError.self) { try LoadedModel(.onnx(folder + "/a.onnx")) }
            // model.graph.initializer.external_data: location.
            func message(_ field: UInt8, _ content: [UInt8]) -> [UInt8] {
                [field << 3 | 2, UInt8(content.count)] + content
            }
            for place in ["../secret", "/etc/passwd", "a/../../b", "missing.bin", "link.bin", ""] {
                let entry = message(1, Array("location".utf8)) + message(2, Array(place.utf8))
                let model = message(7, message(5, message(13, entry)))
                try Data(model).write(to: URL(fileURLWithPath: folder + "/b.onnx"))
                try? FileManager.default.createSymbolicLink(
                    atPath: folder + "/link.bin", withDestinationPath: "/etc/passwd")
                #expect(throws: ServingError.self, "\(place)") { try LoadedModel(.onnx(folder + "/b.onnx")) }
            }
        }
    }
}

extension ServedTensor {
    fileprivate var strings: [Bytes]? {
        if case .strings(let values) = elements { values } else { nil }
    }
}
