import Foundation
import Inference
import LightboxCore
import ModelRegistry
import Networks
import TestSupport
import Testing
import WireFormats

/// What lies in a folder, hidden names too.
private func listing(_ folder: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
}

private func put(_ text: String, at path: String) throws {
    try AtomicFile.write(Array(text.utf8), to: path)
}

@Suite("Model folder") struct ModelFolderTests {
    @Test("Gives back the manifest, the weights and the graph")
    func roundTrip() throws {
        try withTemporaryFolder { folder in
            var sample = try Sample(output: .classes(["daisy", "rose"], hasExtraSlot: true))
            sample.manifest.metrics = try JSONValue(parsing: #"{"auc": 0.97, "per label": [0.25, null, "none"]}"#)
            sample.manifest.output.thresholds = ["rose": 0.25]
            sample.manifest.output.temperature = 1.5
            sample.manifest.data = .init(sha256: ContentHash(of: "data".utf8), counts: ["train": 7])
            let path = folder + "/models/flowers/v1"
            let attachments = ["notes/labels.txt": Bytes("daisy\nrose\n".utf8)]
            let written = try ModelFolder.write(
                sample.manifest, weights: sample.weights, attachments: attachments, to: path)
            let read = try ModelFolder(path: path + "/")
            #expect(read.manifest == written.manifest)
            #expect(try read.weights() == sample.weights)
            #expect(try read.graph().outputShape == [3])
            #expect(read.manifest.metrics == sample.manifest.metrics)
            #expect(read.manifest.output == sample.manifest.output)
            #expect(read.manifest.provenance == sample.manifest.provenance)
            #expect(
                read.manifest.signature
                    == ModelSignature(
                        inputs: [.init(name: "image", shape: [nil, 32, 32, 3])],
                        outputs: [.init(name: "scores", shape: [nil, 3])]))
            #expect(
                read.manifest.files.map(\.name) == ["model.onnx", "notes/labels.txt", "weights.safetensors"])
            #expect(try listing(folder + "/models/flowers") == ["v1"])
        }
    }

    @Test("Writes the same bytes again")
    func sameBytes() throws {
        try withTemporaryFolder { folder in
            let sample = try Sample()
            for name in ["a", "b"] {
                try ModelFolder.write(sample.manifest, weights: sample.weights, to: folder + "/" + name)
            }
            for file in ["model.json", "model.onnx", "weights.safetensors"] {
                let hashes = try ["a", "b"].map { try ContentHash(ofFile: "\(folder)/\($0)/\(file)") }
                #expect(hashes[0] == hashes[1], "\(file)")
            }
        }
    }

    @Test("The ONNX file gives softmax scores of a known sum")
    func knownArithmetic() throws {
        try withTemporaryFolder { folder in
            // Nothing but the last layer's bias counts: its kernel is zero.
            let sample = try Sample()
            var weights = sample.weights
            let bias: [Float] = [0.5, -1, 2]
            weights.layers["predictions"] = [NDArray(shape: [5, 3]), NDArray(shape: [3], values: bias)]
            let written = try ModelFolder.write(sample.manifest, weights: weights, to: folder + "/m")
            let model = try CompiledModel(.file(written.modelPath))
            let scores = try model.run([Tensor(images(2, shape: [32, 32, 3]))])[0].array
            let powers = bias.map { exp(Double($0)) }
            for image in 0..<2 {
                for index in 0..<3 {
                    let expected = powers[index] / powers.reduce(0, +)
                    #expect(abs(Double(scores.values[3 * image + index]) - expected) < 1e-6)
                }
            }
            #expect(model.inputs.map(\.name) == ["image"] && model.outputs.map(\.name) == ["scores"])
            #expect(model.inputs[0].shape == [nil, 32, 32, 3])
        }
    }

    @Test("Labels and preprocessing travel inside the ONNX file")
    func metadata() throws {
        try withTemporaryFolder { folder in
            let sample = try Sample(output: .states(["Edema", "Fracture"]))
            let written = try ModelFolder.write(sample.manifest, weights: sample.weights, to: folder + "/m")
            let bytes = Bytes(try MappedFile(path: written.modelPath))
            let model = try bytes.withUnsafeBytes { try ONNXModel(bytes: $0) }
            #expect(model.metadata["labels"] == #"["Edema","Fracture"]"#)
            #expect(model.metadata["activation"] == "sigmoid")
            #expect(try JSONValue(parsing: model.metadata["preprocessing"] ?? "")["width"]?.integer == 32)
            #expect(model.documentation.contains("Not a medical device"))
        }
    }

    @Test("A heat-map model keeps the map's shape")
    func heatmap() throws {
        try withTemporaryFolder { folder in
            var preprocessing = try Network.named("heatmap").preprocessing
            (preprocessing.height, preprocessing.width) = (12, 16)
            let manifest = ModelManifest(
                name: "spots", architecture: .network(name: "heatmap", input: [12, 16, 3], top: .map),
                preprocessing: preprocessing, output: .heatmap,
                provenance: .init(lightbox: "0.2", created: Date(timeIntervalSince1970: 0)))
            let graph = try Network.named("heatmap").graph(height: 12, width: 16, output: .features(.none))
            let written = try ModelFolder.write(manifest, weights: .varied(for: graph, seed: 2), to: folder + "/m")
            #expect(
                written.manifest.signature.outputs == [.init(name: "heatmap", shape: [nil, 12, 16, 1])])
            let model = try CompiledModel(.file(written.modelPath))
            #expect(try model.run([Tensor(images(1, shape: [12, 16, 3]))])[0].shape == [1, 12, 16, 1])
        }
    }

    @Test("Keeps any graph by its Keras configuration")
    func kerasConfiguration() throws {
        try withTemporaryFolder { folder in
            var sample = try Sample()
            let direct = try ModelFolder.write(sample.manifest, weights: sample.weights, to: folder + "/direct")
            sample.manifest.architecture = try .keras(direct.graph())
            let written = try ModelFolder.write(sample.manifest, weights: sample.weights, to: folder + "/keras")
            #expect(try written.weights() == sample.weights)
            let input = [Tensor(images(2, shape: [32, 32, 3]))]
            let found = try [direct, written].map { try CompiledModel(.file($0.modelPath)).run(input)[0].array }
            #expect(distance(found[0], found[1]) < 1e-6)
        }
    }

    @Test("Takes a foreign model's files")
    func foreign() throws {
        try withTemporaryFolder { folder in
            var manifest = try Sample().manifest
            manifest.architecture = .file(name: "net")
            manifest.signature = ModelSignature(outputs: [.init(name: "y", shape: [nil, 4])])
            let source = reference("inference/conv_saved_model/saved_model.pb")
            let written = try ModelFolder.write(
                manifest, copying: ["net/saved_model.pb": source], to: folder + "/m")
            #expect(written.modelPath == folder + "/m/net")
            #expect(written.manifest.signature == manifest.signature)
            #expect(throws: RegistryError.self) { try written.graph() }
            #expect(throws: RegistryError.self) { try written.weights() }
            #expect(throws: RegistryError.self) {
                try ModelExport.write(written, as: .onnx, to: folder + "/o.onnx")
            }
        }
    }

    @Test("Joins a backbone whose file has a classifier with a head trained behind its features")
    func joining() throws {
        let network = try Network.named("tiny")
        let backbone = NetworkWeights.varied(for: try network.graph(output: .scores()), seed: 3)
        let head = ClassifierHead(classes: 3, activation: .softmax)
        let graph = try network.graph(head: head)
        let trained = NetworkWeights.varied(for: try head.graph(features: 32), seed: 4)
        let joined = try backbone.joined(withHead: trained, for: graph)
        #expect(joined.layers["predictions"] == trained.layers["predictions"])
        #expect(joined.layers["conv1"] == backbone.layers["conv1"])
        var broken = backbone
        broken.layers["conv5"] = nil
        let error = #expect(throws: WeightError.self) { try broken.joined(withHead: trained, for: graph) }
        #expect(error?.problems.count == 1)
    }
}

@Suite("Writing a model folder") struct ModelFolderWritingTests {
    @Test("Refuses to overwrite unless asked, then replaces the whole")
    func overwriting() throws {
        try withTemporaryFolder { folder in
            let path = folder + "/m"
            let (first, second) = (try Sample(seed: 1), try Sample(seed: 2))
            try ModelFolder.write(
                first.manifest, weights: first.weights, attachments: ["old.txt": Bytes("x".utf8)], to: path)
            let error = #expect(throws: RegistryError.self) {
                try ModelFolder.write(second.manifest, weights: second.weights, to: path)
            }
            #expect(error?.code == .alreadyThere && error?.kind == .conflict)
            #expect(try ModelFolder(path: path).weights() == first.weights)
            try ModelFolder.write(second.manifest, weights: second.weights, to: path, isReplacing: true)
            #expect(try ModelFolder(path: path).weights() == second.weights)
            #expect(try listing(path) == ["model.json", "model.onnx", "weights.safetensors"])
            #expect(try listing(folder) == ["m"])
        }
    }

    @Test("An interrupted write leaves nothing, and what stood there stays", arguments: [false, true])
    func interrupted(isReplacing: Bool) throws {
        try withTemporaryFolder { folder in
            let path = folder + "/m"
            let sample = try Sample()
            if isReplacing { try ModelFolder.write(sample.manifest, weights: sample.weights, to: path) }
            // The model stands as a file by then, so that nothing can be put below it.
            let attachments = ["model.onnx/notes.txt": Bytes("x".utf8)]
            #expect(throws: (any Error).self) {
                try ModelFolder.write(
                    sample.manifest, weights: sample.weights, attachments: attachments, to: path,
                    isReplacing: isReplacing)
            }
            #expect(try listing(folder) == (isReplacing ? ["m"] : []))
            if isReplacing { try ModelFolder(path: path).verify() }
        }
    }

    @Test(
        "Refuses names that leave the folder",
        arguments: ["../x", "/x", "a//b", "a/./b", "", "model.json", "a\u{0}b"])
    func names(name: String) throws {
        try withTemporaryFolder { folder in
            let sample = try Sample()
            let error = #expect(throws: RegistryError.self) {
                try ModelFolder.write(
                    sample.manifest, weights: sample.weights, attachments: [name: Bytes("x".utf8)],
                    to: folder + "/inner/m")
            }
            #expect(error?.code == .unsafeName)
            #expect(try FileTree.files(below: folder).isEmpty)
        }
    }

    @Test("Refuses parts that do not fit one another")
    func inconsistent() throws {
        try withTemporaryFolder { folder in
            func code(_ change: (inout Sample) throws -> Void) throws -> RegistryError.Code? {
                var sample = try Sample()
                try change(&sample)
                return #expect(throws: RegistryError.self) {
                    try ModelFolder.write(sample.manifest, weights: sample.weights, to: folder + "/m")
                }?.code
            }
            #expect(try code { $0.manifest.output.labels = ["daisy", "rose"] } == .inconsistent)
            #expect(try code { $0.manifest.output.hasExtraSlot = true } == .inconsistent)
            #expect(try code { $0.manifest.output.labels[1] = "daisy" } == .damagedManifest)
            #expect(try code { $0.manifest.preprocessing.width = 33 } == .damagedManifest)
            #expect(try code { $0.manifest.output.thresholds = ["oak": 0.5] } == .damagedManifest)
            #expect(try code { $0.manifest.output.temperature = 0 } == .damagedManifest)
            #expect(try code { $0.manifest.metrics = .number(.nan) } == .inconsistent)
            var sample = try Sample()
            sample.manifest.architecture = try .keras(
                Network.named("tiny").graph(head: ClassifierHead(classes: 3)))
            let linear = #expect(throws: RegistryError.self) {
                try ModelFolder.write(sample.manifest, weights: sample.weights, to: folder + "/m")
            }
            #expect(linear?.code == .inconsistent)
            #expect(throws: WeightError.self) {
                try ModelFolder.write(Sample().manifest, weights: NetworkWeights(), to: folder + "/m")
            }
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty)
        }
    }

    @Test("Stores thresholds, temperature and metrics later")
    func update() throws {
        try withTemporaryFolder { folder in
            let sample = try Sample()
            var model = try ModelFolder.write(sample.manifest, weights: sample.weights, to: folder + "/m")
            try model.update { manifest in
                manifest.output.thresholds["rose"] = 0.75
                manifest.output.temperature = 2
                manifest.metrics = .object([JSONMember("accuracy", .number(0.5))])
            }
            #expect(try ModelFolder(path: folder + "/m").manifest == model.manifest)
            #expect(throws: RegistryError.self) { try model.update { $0.output.temperature = -1 } }
            #expect(try ModelFolder(path: folder + "/m").manifest.output.temperature == 2)
        }
    }

    @Test("Stands at models/MODEL/VERSION of the home folder")
    func place() throws {
        let home = Home(path: "/data/home")
        #expect(try ModelFolder.path(home: home, model: "hugs", version: "v1") == "/data/home/models/hugs/v1")
        #expect(throws: HomeError.self) { try ModelFolder.path(home: home, model: "..", version: "v1") }
    }
}

@Suite("Damaged model folders") struct DamagedModelFolderTests {
    private func withModel(_ body: (String) throws -> Void) throws {
        try withTemporaryFolder { folder in
            let sample = try Sample()
            try ModelFolder.write(sample.manifest, weights: sample.weights, to: folder + "/m")
            try body(folder + "/m")
        }
    }

    private func failure(_ path: String) -> RegistryError? {
        #expect(throws: RegistryError.self) { try ModelFolder(path: path) }
    }

    @Test("Names the file that is missing, shorter or changed")
    func files() throws {
        try withModel { path in
            let file = path + "/weights.safetensors"
            let whole = try Data(contentsOf: URL(fileURLWithPath: file))
            try AtomicFile.write(whole.dropLast(1), to: file)
            #expect(failure(path)?.code == .changedFile)
            var changed = whole
            changed[changed.count - 1] ^= 1
            try AtomicFile.write(changed, to: file)
            let error = failure(path)
            #expect(error?.code == .changedFile && error?.path == file)
            #expect(throws: Never.self) { try ModelFolder(path: path, isVerified: false) }
            try FileManager.default.removeItem(atPath: file)
            #expect(failure(path)?.code == .missingFile)
        }
    }

    @Test("Follows no link out of the folder")
    func links() throws {
        try withModel { path in
            let outside = path + ".outside"
            try FileManager.default.moveItem(atPath: path + "/model.onnx", toPath: outside)
            try FileManager.default.createSymbolicLink(
                atPath: path + "/model.onnx", withDestinationPath: outside)
            #expect(failure(path)?.code == .unsafeName)
            try FileManager.default.removeItem(atPath: path + "/model.onnx")
            #expect(mkfifo(path + "/model.onnx", 0o644) == 0)
            #expect(failure(path)?.code == .unsafeName)
        }
    }

    @Test(
        "Refuses names that lead out of the folder",
        arguments: ["../secret", "/etc/hostname", "a/../../secret", "..", "model.json", "a\\\\b", "a\\nb"])
    func names(name: String) throws {
        try withModel { path in
            try put("x", at: (path as NSString).deletingLastPathComponent + "/secret")
            try rewrite(path) { $0.replacingOccurrences(of: "\"weights.safetensors\"", with: "\"\(name)\"") }
            #expect(failure(path)?.code == .unsafeName)
        }
    }

    @Test("Says which field is wrong, without its value")
    func fields() throws {
        try withModel { path in
            try rewrite(path) { $0.replacingOccurrences(of: "\"softmax\"", with: "\"Jane Doe\"") }
            let error = failure(path)
            #expect(error?.code == .damagedManifest)
            #expect(error?.problem.contains("output.activation") == true)
            #expect(error?.description.contains("Jane") == false)
        }
        try withModel { path in
            try rewrite(path) { $0.replacingOccurrences(of: "\"preprocessing\"", with: "\"preparing\"") }
            #expect(failure(path)?.problem.contains("preprocessing") == true)
        }
    }

    @Test("Passes over fields it does not know, refuses a later format")
    func versions() throws {
        try withModel { path in
            try rewrite(path) {
                $0.replacingOccurrences(of: "\"format\" : 1", with: "\"format\" : 1, \"new\": {\"a\": [1]}")
            }
            #expect(throws: Never.self) { try ModelFolder(path: path) }
            try rewrite(path) { $0.replacingOccurrences(of: "\"format\" : 1", with: "\"format\" : 2") }
            #expect(failure(path)?.code == .newerFormat)
        }
    }

    @Test("Refuses manifests that are cut, deep or huge")
    func manifests() throws {
        try withModel { path in
            let file = path + "/model.json"
            let whole = try Data(contentsOf: URL(fileURLWithPath: file))
            for count in stride(from: 0, to: whole.count - 2, by: 97) {
                try AtomicFile.write(whole.prefix(count), to: file)
                #expect(failure(path)?.code == .damagedManifest)
            }
            try put(String(repeating: "[", count: 1 << 20), at: file)
            #expect(failure(path)?.code == .damagedManifest)
            try put(#"{"training": "# + String(repeating: " ", count: 17 << 20) + "}", at: file)
            #expect(failure(path)?.code == .limitExceeded)
            try FileManager.default.removeItem(atPath: file)
            #expect(failure(path)?.code == .notAModel)
            #expect(failure(path + "/nowhere")?.code == .notAModel)
        }
    }

    @Test("Refuses a manifest that does not list the model, or lists a file twice")
    func listing() throws {
        try withModel { path in
            try rewrite(path) { $0.replacingOccurrences(of: "\"model.onnx\"", with: "\"weights.safetensors\"") }
            #expect(failure(path) != nil)
        }
        try withModel { path in
            try FileManager.default.moveItem(atPath: path + "/model.onnx", toPath: path + "/other.onnx")
            try rewrite(path) { $0.replacingOccurrences(of: "\"model.onnx\"", with: "\"other.onnx\"") }
            #expect(failure(path)?.code == .missingFile)
        }
    }

    @Test("Changed bytes of the manifest never end the process")
    func mutations() throws {
        try withModel { path in
            let file = path + "/model.json"
            let whole = try Data(contentsOf: URL(fileURLWithPath: file))
            var random = SeededGenerator(seed: 4)
            for _ in 0..<300 {
                var changed = whole
                for _ in 0..<3 { changed[Int(random.next() % UInt64(whole.count))] = UInt8(random.next() & 0x7f) }
                try changed.write(to: URL(fileURLWithPath: file))
                _ = try? ModelFolder(path: path)
            }
        }
    }

    private func rewrite(_ path: String, _ change: (String) -> String) throws {
        let file = path + "/model.json"
        let text = String(decoding: try Data(contentsOf: URL(fileURLWithPath: file)), as: UTF8.self)
        let changed = change(text)
        #expect(changed != text)
        try put(changed, at: file)
    }
}
