import Foundation
import LightboxCore
import SavedModels
import TestSupport
import Testing

@Suite("Servable plan") struct ServablePlanTests {
    @Test(
        "Answers as TensorFlow does",
        arguments: [
            ("tf1-example", "serving_default"), ("tf1-example-resource", "serving_default"),
            ("tf1-keyed", "serving_default"), ("tf1-single", "serving_default"), ("tf1-plain", "serving_default"),
            ("tf1-frozen", "serving_default"),
            ("tf2-mapped", "serving_default"), ("tf2-mapped", "any_kind"), ("tf2-mapped", "examples"),
            ("tf2-mapped", "numbers"), ("tf2-keras", "serving_default"),
        ])
    func answersAsTensorFlow(model: String, signature: String) throws {
        let plan = try savedModel(model).cut(signature: signature)
        for pair in try StoredAnswers.pairs(model, signature) {
            let answers = try answer(plan, pair.inputs.mapValues(\.tensor))
            #expect(Set(answers.keys) == Set(pair.outputs.keys))
            for (name, expected) in pair.outputs {
                #expect(try #require(answers[name]).distance(to: expected.tensor) < 1e-3, "\(name)")
            }
        }
    }

    @Test(
        "Computes what stands before a network as TensorFlow does",
        arguments: [
            "area", "lanczos", "gaussian", "enlarged", "padded", "cropped", "box", "standard", "grey", "flipped",
            "corners", "cubic", "chosen", "rows", "centred",
        ])
    func computesSteps(signature: String) throws {
        let plan = try savedModel("tf2-steps").cut(signature: signature)
        let pair = try #require(try StoredAnswers.pairs("tf2-steps", signature).first)
        let image = try #require(try answer(plan, pair.inputs.mapValues(\.tensor))["image"])
        #expect(image.distance(to: try #require(pair.outputs["image"]).tensor) < 1e-3)
    }

    @Test(
        "What cannot be cut is refused with the operation's name",
        arguments: [("labels", "GatherV2"), ("contrast", "AdjustContrastv2"), ("inside", "Conv2D")])
    func refusesWhatCannotBeCut(signature: String, operation: String) throws {
        let model = try savedModel("tf2-unfit")
        let error = #expect(throws: SavedModelError.self) { try model.cut(signature: signature) }
        #expect(error?.code == .unsupportedOperation && error?.operation == operation)
        #expect(error?.description.contains(operation) == true)
    }

    @Test("A model that runs Python is refused")
    func refusesPython() throws {
        let error = #expect(throws: SavedModelError.self) { try savedModel("tf2-python").cut() }
        #expect(error?.code == .refusedOperation && error?.operation == "EagerPyFunc")
    }

    @Test("Instance keys are answered without the network")
    func answersKeys() throws {
        let plan = try savedModel("tf1-example").cut()
        #expect(Set(plan.passThrough) == ["study", "series", "instance"])
        #expect(plan.network?.outputs.map(\.name) == ["feature_vector", "scores"])
        #expect(try savedModel("tf1-plain").cut().passThrough == ["key"])
    }

    @Test("The network's input is the batch of images")
    func knowsTheNetworksInput() throws {
        let input = try #require(try savedModel("tf1-example").cut().network?.inputs.first)
        #expect(input.shape == PartialShape([nil, 24, 28, 3]) && input.type == .float && input.isBatched)
        let single = try #require(try savedModel("tf1-single").cut().network?.inputs.first)
        #expect(single.shape == PartialShape([1, nil, nil, 1]) || single.shape == PartialShape([nil, nil, 1]))
        let examples = try #require(try savedModel("tf2-mapped").cut(signature: "examples").network)
        #expect(examples.inputs.map(\.type) == [.float] && examples.inputs.map(\.isBatched) == [true])
    }

    @Test("A signature of numbers needs nothing before the network")
    func leavesNumbersAlone() throws {
        let plan = try savedModel("tf2-mapped").cut(signature: "numbers")
        #expect(plan.frontEnd.isEmpty)
        #expect(plan.network?.inputs.map(\.name) == ["images"])
        #expect(try !savedModel("tf2-mapped").cut().frontEnd.isEmpty)
    }

    @Test("A bad image is named by its place in the batch")
    func namesTheBadImage() throws {
        let pair = try #require(try StoredAnswers.pairs("tf2-mapped", "serving_default").first)
        let plan = try savedModel("tf2-mapped").cut()
        var inputs = pair.inputs.mapValues(\.tensor)
        guard case .strings(var images) = inputs["image_bytes"]?.elements else { return }
        images[1] = Bytes("not an image".utf8)
        inputs["image_bytes"] = GraphTensor(shape: [2], .strings(images))
        let error = #expect(throws: SavedModelError.self) { try plan.frontEnd.run(inputs) }
        #expect(error?.code == .badInput && error?.instance == 1 && error?.operation == "DecodeJpeg")
    }

    @Test("An Example without its image is refused")
    func refusesEmptyExample() throws {
        let plan = try savedModel("tf1-example").cut()
        let error = #expect(throws: SavedModelError.self) {
            try plan.frontEnd.run(["example": GraphTensor(shape: [1], .strings([.empty]))])
        }
        #expect(error?.code == .badInput && error?.instance == 0)
    }

    @Test("Inputs of the wrong name, type or shape are refused")
    func checksInputs() throws {
        let plan = try savedModel("tf1-plain").cut()
        let key = GraphTensor(shape: [1], .int64([1]))
        let images = GraphTensor(shape: [1, 16, 16, 3], .float32(Array(repeating: 0, count: 768)))
        for inputs in [
            ["key": key], ["key": key, "images": key], ["key": key, "images": images, "more": key],
            ["key": key, "images": images.with(shape: [1, 16, 48, 1])],
        ] {
            #expect(throws: SavedModelError.self) { try plan.frontEnd.run(inputs) }
        }
        #expect(try plan.frontEnd.run(["key": key, "images": images]).outputs == ["key": key])
    }

    @Test("A model that reads files is refused, or takes addresses where the caller fetches")
    func refusesFiles() throws {
        let model = try savedModel("tf2-reads-file")
        let error = #expect(throws: SavedModelError.self) { try model.cut() }
        #expect(error?.code == .refusedOperation && error?.operation == "ReadFile")
        #expect(try model.refusals().map(\.operation) == ["ReadFile"])
        let plan = try model.cut(allowsFetching: true)
        #expect(plan.takesAddresses)
        let address = ["path": GraphTensor(shape: [], .strings([Bytes("gs://a/b.png".utf8)]))]
        #expect(throws: SavedModelError.self) { try plan.frontEnd.run(address) }
        let pair = try #require(try StoredAnswers.pairs("tf2-keras", "serving_default").first)
        guard case .strings(let images) = pair.inputs["image_bytes"]?.tensor.elements else { return }
        let scores = try #require(try answer(plan, address) { _ in images[0] }["scores"])
        #expect(scores.shape == [1, 3])
    }
}

extension GraphTensor {
    fileprivate func with(shape: [Int]) -> GraphTensor { GraphTensor(shape: shape, elements) }
}
