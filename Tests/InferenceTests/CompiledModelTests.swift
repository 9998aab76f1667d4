import Foundation
import Inference
import LightboxCore
import TestSupport
import Testing

private struct StoredArray: Decodable {
    let shape: [Int]
    let type: String?
    let values: [Double]

    var tensor: Tensor {
        switch type {
        case "uint8": Tensor(shape: shape, elements: .uint8(values.map { UInt8($0) }))
        case "int64": Tensor(shape: shape, elements: .int64(values.map { Int64($0) }))
        default: Tensor(shape: shape, elements: .float32(values.map { Float($0) }))
        }
    }
}

/// What onnxruntime computes with the stored models (Tests/Reference/inference/make_models.py).
private struct StoredModel: Decodable {
    let inputs: [String: StoredArray]
    let outputs: [String: StoredArray]

    static func named(_ name: String) throws -> StoredModel {
        let data = try Data(contentsOf: URL(fileURLWithPath: reference("inference/models.json")))
        return try #require(try JSONDecoder().decode([String: StoredModel].self, from: data)[name])
    }
}

private func model(_ name: String, _ options: CompiledModel.Options = .init()) throws -> CompiledModel {
    try CompiledModel(.file(reference("inference/" + name)), options: options)
}

private func distance(_ left: [Float], _ right: [Float]) -> Float {
    left.count == right.count ? zip(left, right).map { abs($0 - $1) }.max() ?? 0 : .infinity
}

@Suite("Compiled model") struct CompiledModelTests {
    @Test(
        "Computes what onnxruntime computes, from every file format",
        arguments: ["conv.onnx", "conv.xml", "conv_saved_model", "conv.tflite"])
    func formats(file: String) throws {
        let stored = try StoredModel.named("conv")
        let image = try #require(stored.inputs["image"]).tensor
        let expected = try #require(stored.outputs["features"]).tensor.array
        let model = try model(file)
        #expect(model.inputs.count == 1 && model.outputs.count == 1)
        if file == "conv.tflite" {
            // TFLite files have a fixed batch.
            let first = NDArray(shape: [1, 8, 8, 3], values: Array(image.array.values.prefix(192)))
            let result = try model.run([Tensor(first)])[0].array
            #expect(distance(result.values, Array(expected.values.prefix(4))) < 1e-5)
        } else {
            let result = try model.run([image])[0].array
            #expect(result.shape == [3, 4])
            #expect(distance(result.values, expected.values) < 1e-5)
        }
    }

    @Test("Reads ONNX bytes in memory, and gives the arrays their names")
    func bytes() throws {
        let stored = try StoredModel.named("conv")
        let file = Bytes(try MappedFile(path: reference("inference/conv.onnx")))
        let model = try CompiledModel(.onnx(file, name: "conv"))
        #expect(model.inputs == [Port(name: "image", elementType: .float32, shape: [nil, 8, 8, 3])])
        #expect(model.outputs == [Port(name: "features", elementType: .float32, shape: [nil, 4])])
        let result = try model.run(["image": stored.inputs["image"]!.tensor.array])
        #expect(distance(result["features"]!.values, stored.outputs["features"]!.tensor.array.values) < 1e-5)
    }

    @Test("Takes and gives integers")
    func integers() throws {
        let stored = try StoredModel.named("mixed")
        let model = try model("mixed.onnx")
        let results = try model.run(model.inputs.map { stored.inputs[$0.name]!.tensor })
        for (port, result) in zip(model.outputs, results) {
            #expect(distance(result.array.values, stored.outputs[port.name]!.tensor.array.values) < 1e-4)
        }
        #expect(results[1].elementType == .int64)
    }

    @Test("Converts floats to the model's integers, rounded and held to their range")
    func conversion() throws {
        let model = try model("mixed.onnx")
        let bytes = Tensor(NDArray(shape: [1, 5], values: [-3, 0.4, 1.6, 254.9, 300]))
        let index = Tensor(NDArray(shape: [1], values: [0]))
        let inputs = model.inputs.map { $0.name == "bytes" ? bytes : index }
        let same = model.inputs.map {
            $0.name == "bytes" ? Tensor(shape: [1, 5], elements: .uint8([0, 0, 2, 255, 255])) : index
        }
        #expect(try model.run(inputs) == model.run(same))
    }

    @Test("Fixes an open batch, and says so when another number of images comes")
    func batch() throws {
        let model = try model("conv.onnx", .init(batch: 3))
        #expect(model.inputs[0].shape == [3, 8, 8, 3])
        let error = #expect(throws: InferenceError.self) {
            try model.run([Tensor(NDArray(shape: [2, 8, 8, 3]))])
        }
        #expect(error?.code == .inputMismatch)
        #expect(throws: InferenceError.self) { try model.run([Tensor]()) }
        #expect(throws: InferenceError.self) { try model.run(["picture": NDArray(shape: [3, 8, 8, 3])]) }
    }

    @Test("bfloat16 stays close to f32")
    func bfloat16() throws {
        let stored = try StoredModel.named("conv")
        let model = try model("conv.onnx", .init(precision: .bfloat16))
        let result = try model.run([stored.inputs["image"]!.tensor])[0].array
        #expect(distance(result.values, stored.outputs["features"]!.tensor.array.values) < 0.02)
    }

    @Test(
        "Says what is wrong with a file that is no model",
        arguments: ["nothing.onnx", "broken.onnx", "broken.xml"])
    func refusals(name: String) throws {
        try withTemporaryFolder { folder in
            let path = folder + "/" + name
            if name.hasPrefix("broken") { try AtomicFile.write(Array("no model".utf8), to: path) }
            let error = #expect(throws: InferenceError.self) { try CompiledModel(.file(path)) }
            #expect(error?.code == (name.hasPrefix("broken") ? .modelRefused : .modelNotFound))
            #expect(error?.model == path)
        }
    }
}

@Suite("Inference queue") struct InferenceQueueTests {
    @Test("Many tasks at once each get their own result")
    func manyTasks() async throws {
        let model = try model("conv.onnx", .init(streams: 2))
        let expected = try (0..<8).map { try model.run([Tensor(plain(Float($0)))])[0] }
        try await withThrowingTaskGroup(of: (Int, Tensor).self) { group in
            for index in 0..<200 {
                group.addTask { (index, try await model.predict([Tensor(plain(Float(index % 8)))])[0]) }
            }
            for try await (index, result) in group {
                #expect(distance(result.array.values, expected[index % 8].array.values) < 1e-5)
            }
        }
    }

    @Test("Results come in the order of the batches, however many are in flight", arguments: [1, 2, 7])
    func order(depth: Int) async throws {
        let model = try model("conv.onnx", .init(streams: 2))
        var next = 0
        var seen: [Int] = []
        var largest = 0
        try await model.process(
            depth: depth,
            next: {
                guard next < 50 else { return nil }
                defer { next += 1 }
                largest = max(largest, next + 1 - seen.count)
                return (next, [Tensor(plain(Float(next)))])
            },
            consume: { index, _ in seen.append(index) })
        #expect(seen == Array(0..<50))
        #expect(largest <= depth)
    }

    @Test("An error of the producer ends the run")
    func producerFails() async throws {
        struct Stop: Error {}
        let model = try model("conv.onnx")
        await #expect(throws: Stop.self) {
            try await model.process(next: { throw Stop() }, consume: { (_: Int, _) in })
        }
    }

    private func plain(_ value: Float) -> NDArray { NDArray(shape: [1, 8, 8, 3], repeating: value) }
}
