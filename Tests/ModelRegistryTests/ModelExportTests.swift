import Foundation
import Inference
import KerasFiles
import LightboxCore
import ModelRegistry
import Networks
import TestSupport
import Testing

@Suite("Model export") struct ModelExportTests {
    /// A model of a network with the smallest useful input and its own classifier.
    private func model(_ network: Network, in folder: String) throws -> ModelFolder {
        let size = max(network.minimumSize, 8)
        let isMap = network.classes == 0
        var preprocessing = network.preprocessing
        (preprocessing.height, preprocessing.width) = (size, size + 1)
        let labels = (0..<5).map { "label \($0)" }
        let output: ModelOutput = isMap ? .heatmap : .classes(labels)
        let manifest = ModelManifest(
            name: network.name,
            architecture: .network(
                name: network.name, input: [size, size + 1, preprocessing.channels],
                top: isMap ? .map : .classifier(classes: 5)),
            preprocessing: preprocessing, output: output,
            provenance: .init(lightbox: "0.2", created: Date(timeIntervalSince1970: 0)))
        let graph = try network.graph(
            height: size, width: size + 1,
            output: isMap ? .features(.none) : .scores(classes: 5))
        let gain = ["resnet50", "xception"].contains(network.name) ? 1.0 : 1.4
        return try ModelFolder.write(
            manifest, weights: .varied(for: graph, seed: 5, gain: gain), to: folder + "/" + network.name)
    }

    @Test(
        "OpenVINO's own form gives the scores of the ONNX file",
        arguments: [
            "densenet121", "heatmap", "inception_v3", "mobilenet_0.25", "mobilenet_v2_0.35", "resnet50", "tiny",
            "xception",
        ])
    func openVINO(name: String) throws {
        try withTemporaryFolder { folder in
            let model = try model(try Network.named(name), in: folder)
            let files = try ModelExport.write(model, as: .openvino, to: folder + "/net.xml")
            #expect(files == [folder + "/net.xml", folder + "/net.bin"])
            let input = [Tensor(images(2, shape: try model.graph().inputShape))]
            let direct = try CompiledModel(.file(model.modelPath), options: .init(batch: 2))
            let exported = try CompiledModel(.file(folder + "/net.xml"), options: .init(batch: 2))
            let expected = try direct.run(input)[0].array
            #expect(distance(expected, try exported.run(input)[0].array) < 1e-4)
            let half = expected.count / 2
            #expect((0..<half).contains { abs(expected.values[$0] - expected.values[half + $0]) > 2e-4 })
            #expect(direct.outputs.map(\.name) == exported.outputs.map(\.name))
            #expect(exported.inputs.map(\.name) == ["image"])
        }
    }

    @Test("Leaves the number of images open in every form")
    func openBatch() throws {
        try withTemporaryFolder { folder in
            let model = try model(.tiny, in: folder)
            try ModelExport.write(model, as: .openvino, to: folder)
            for path in [model.modelPath, folder + "/model.xml"] {
                let compiled = try CompiledModel(.file(path))
                #expect(compiled.inputs[0].shape?[0] == nil)
                for count in [1, 3] {
                    let scores = try compiled.run([Tensor(images(count, shape: [8, 9, 3]))])[0].array
                    #expect(scores.shape == [count, 5])
                }
            }
        }
    }

    @Test("A Keras file gives weights and architecture back")
    func keras() throws {
        try withTemporaryFolder { folder in
            let model = try model(.tiny, in: folder)
            try ModelExport.write(model, as: .kerasH5, to: folder + "/net.h5")
            let read = try KerasFile(path: folder + "/net.h5").model()
            #expect(read.outputActivation == .softmax)
            let input = [Tensor(images(2, shape: [8, 9, 3]))]
            let bytes = Bytes(try read.graph.onnx(weights: read.weights).serialized())
            let found = try CompiledModel(.onnx(bytes, name: "keras")).run(input)[0].array
            #expect(distance(found, try CompiledModel(.file(model.modelPath)).run(input)[0].array) < 1e-5)
        }
    }

    @Test("Copies the files that stand there already", arguments: [ModelExport.Format.onnx, .safetensors])
    func copies(format: ModelExport.Format) throws {
        try withTemporaryFolder { folder in
            let model = try model(.tiny, in: folder)
            let files = try ModelExport.write(model, as: format, to: folder)
            #expect(files == [folder + "/" + format.fileName])
            let hashes = try [model.path, folder].map { try ContentHash(ofFile: $0 + "/" + format.fileName) }
            #expect(hashes[0] == hashes[1])
        }
    }
}
