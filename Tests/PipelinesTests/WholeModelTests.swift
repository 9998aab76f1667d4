import Datasets
import Evaluation
import Foundation
import LightboxCore
import ModelRegistry
import Networks
import Pipelines
import Synchronization
import TestSupport
import Testing
import Torch
import Training

private let hasEngine = (try? TorchLibrary.open()) != nil

/// What Keras says of the pictures, before and after one step.
private struct KerasNumbers: Decodable {
    let rate: Double
    let before, after: [[Float]]
    let loss, lossAfter: Double

    static let all: [String: KerasNumbers] = {
        do {
            let data = try Data(contentsOf: URL(fileURLWithPath: reference("whole-models/reference.json")))
            return try JSONDecoder().decode([String: KerasNumbers].self, from: data)
        } catch { fatalError("\(error)") }
    }()
}

/// One of the stored models with its pictures and what its file does not say.
private struct Case {
    let name: String
    var path: String { reference("whole-models/" + name) }
    var isFlowers: Bool { name.hasPrefix("flowers") }
    var labels: [String] { isFlowers ? ["daisy", "tulip"] : ["edema", "effusion", "fracture"] }
    var images: String { reference("whole-models/" + (isFlowers ? "flowers.csv" : "findings.csv")) }
    var numbers: KerasNumbers { KerasNumbers.all[name]! }

    func facts() throws -> KerasModelFacts {
        var facts = KerasModelFacts()
        facts.labels = try LabelSet(name: "set", kind: isFlowers ? .classes : .states, names: labels)
        facts.scaling = isFlowers ? nil : .zeroToOne
        return facts
    }

    /// Scores of the stored pictures, in order.
    func scores(_ model: String, _ facts: KerasModelFacts, _ context: StageContext) throws -> [[Float]] {
        var stage = PredictStage(model: model)
        stage.facts = facts
        let kind = isFlowers ? "colour" : "grey"
        let result = try stage.run((0..<8).map { reference("whole-models/images/\(kind)\($0).png") }, context)
        #expect(result.problems.isEmpty)
        return result.predictions.map(\.scores)
    }

    /// The same as Keras's; of a model that ends in logits, what a sigmoid makes of them.
    func agree(_ found: [[Float]], _ keras: [[Float]]) -> Bool {
        let expected = name == "logits.h5" ? keras.map { $0.map { 1 / (1 + exp(-$0)) } } : keras
        return found.map(\.count) == expected.map(\.count)
            && zip(found.joined(), expected.joined()).allSatisfy { abs($0 - $1) < 1e-4 }
    }
}

private func withContext(_ body: (String, StageContext) throws -> Void) throws {
    try withTemporaryFolder { folder in
        try body(folder, StageContext(home: Home(path: folder + "/home"), threads: 2))
    }
}

private let files = ["findings.h5", "logits.h5", "flowers.keras"]

@Suite("A Keras file as a model") struct WholeModelTests {
    @Test("Gives Keras's scores, the second time from the cache", arguments: files)
    func predicts(file: String) throws {
        let model = Case(name: file)
        try withContext { _, context in
            for _ in 0..<2 {
                let scores = try model.scores(model.path, model.facts(), context)
                #expect(model.agree(scores, model.numbers.before))
            }
        }
    }

    @Test("Is judged and written into a table like any other model") func evaluates() throws {
        let model = Case(name: "findings.h5")
        try withContext { _, context in
            try context.home.create()
            var stage = EvaluateStage(model: model.path, images: model.images)
            stage.facts = try model.facts()
            let result = try stage.run(context)
            #expect(result.judged == 8)
            #expect(result.evaluation.labels.map(\.label) == model.labels)
            var table = PredictSetStage(model: model.path)
            table.facts = try model.facts()
            #expect(try table.run(ImageInput(model.images), table: "scores", context).written == 8)
        }
    }

    @Test("A Lambda is refused by its name") func lambda() throws {
        try withContext { _, context in
            var facts = try Case(name: "findings.h5").facts()
            facts.scaling = .zeroToOne
            let error = try #require(throws: (any Error).self) {
                try ModelPlace.open(reference("whole-models/lambda.keras"), context, facts: facts)
            }
            #expect("\(error)".contains("layer halve is a Lambda"))
        }
    }

    @Test("What a file does not say is asked for") func asks() throws {
        let model = Case(name: "findings.h5")
        try withContext { folder, context in
            func refusal(_ change: (inout KerasModelFacts) throws -> Void) throws -> String {
                var facts = try model.facts()
                try change(&facts)
                return
                    "\(try #require(throws: InputError.self) { try ModelPlace.open(model.path, context, facts: facts) })"
            }
            #expect(try refusal { $0.scaling = nil }.contains("--scaling"))
            #expect(try refusal { $0.labels = nil }.contains("3 scores"))
            #expect(try refusal { $0.labels = .chexpert14 }.contains("3 scores, and there are 14 labels"))
            let known = try ModelPlace.open(model.path, context, facts: model.facts()).path
            #expect(throws: InputError.self) { try ModelPlace.open(known, context, facts: model.facts()) }
        }
    }

    @Test("Names alone mean what the model's last step says") func names() throws {
        try withContext { _, context in
            let findings = try KerasModelFacts(labels: "edema, effusion,fracture", scaling: .zeroToOne)
            let flowers = try KerasModelFacts(labels: "daisy,tulip")
            let states = try ModelPlace.open(Case(name: "findings.h5").path, context, facts: findings)
            let classes = try ModelPlace.open(Case(name: "flowers.keras").path, context, facts: flowers)
            #expect(states.manifest.output == .states(["edema", "effusion", "fracture"]))
            #expect(classes.manifest.output == .classes(["daisy", "tulip"]))
            #expect(classes.manifest.preprocessing.scaling == Preprocessing.Scaling.none)
        }
    }
}

extension WholeModelTests {
    /// Going on with a model; one after another, because the engine's threads are one number for the process.
    @Suite(
        "Goes on training", .serialized, .enabled(if: hasEngine, "needs libtorch, which scripts/bootstrap fetches")
    )
    struct TrainingTests {
        private func train(
            _ model: Case, from path: String, labels: [String]? = nil, to folder: String, _ context: StageContext
        ) throws -> (model: ModelFolder, loss: Double, notes: [String]) {
            var settings = TrainingSettings(
                task: model.isFlowers ? .classes(hasExtraSlot: false) : .labels(UncertaintyPolicy(.ignore)))
            settings.epochs = 1
            settings.batchSize = 8
            settings.learningRate.peak = model.numbers.rate
            settings.optimizer = OptimizerSettings(.sgd)
            settings.precision = .f32
            var input = TrainingInput(images: model.images)
            input.labels = try LabelSet(
                name: "set", kind: model.isFlowers ? .classes : .states, names: labels ?? model.labels)
            input.holdout = 0
            var training = NetworkTraining(
                "", input: input, place: TrainingPlace(output: folder), settings: settings)
            training.model = path
            training.scaling = try ModelPlace.isFolder(path) ? nil : model.facts().scaling
            var notes: [String] = []
            let told = Mutex("")
            var context = context
            context.progress = { update in told.withLock { $0 = update.detail ?? $0 } }
            let result = try training.run(context) { notes.append($0) }
            // Of the only step: "loss 0.9295".
            let loss = try #require(told.withLock { $0.split(separator: " ").last.flatMap { Double($0) } })
            return (try #require(result.model), loss, notes)
        }

        @Test("One step gives Keras's scores and loss, the next a lower loss", arguments: files)
        func step(file: String) throws {
            let model = Case(name: file)
            try withContext { folder, context in
                let first = try train(model, from: model.path, to: folder + "/first", context)
                #expect(abs(first.loss - model.numbers.loss) < 2e-4)
                let scores = try model.scores(first.model.path, KerasModelFacts(), context)
                let last: Activation = model.isFlowers ? .softmax : .sigmoid
                #expect(first.model.manifest.output.activation == last)
                #expect(model.agree(scores, model.numbers.after))
                let second = try train(model, from: folder + "/first", to: folder + "/second", context)
                #expect(abs(second.loss - model.numbers.lossAfter) < 2e-4)
                #expect(second.loss < first.loss)
            }
        }

        @Test("Layers with trainable=false stay as they are, in the next run and in what is exported too")
        func frozen() throws {
            let model = Case(name: "findings.h5")
            try withContext { folder, context in
                let before = try ModelPlace.open(model.path, context, facts: model.facts()).weights()
                let trained = try train(model, from: model.path, to: folder + "/run", context)
                let after = try trained.model.weights()
                let same = before.layers.filter { after.layers[$0.key] == $0.value }
                #expect(Set(same.keys) == ["conv1_conv", "conv1_bn"])
                #expect(try trained.model.frozenLayers() == ["conv1_conv", "conv1_bn"])
                #expect(trained.notes.contains { $0.contains("2 layers") })
                let exported = folder + "/model.h5"
                try ModelExport.write(trained.model, as: .kerasH5, to: exported)
                let again = try ModelPlace.open(exported, context, facts: model.facts())
                #expect(try again.frozenLayers() == ["conv1_conv", "conv1_bn"])
                #expect(try again.weights() == after)
            }
        }

        @Test("Another number of labels gets a new last layer, and that is said") func newHead() throws {
            let model = Case(name: "findings.h5")
            try withContext { folder, context in
                let trained = try train(
                    model, from: model.path, labels: ["edema", "fracture"], to: folder + "/run", context)
                #expect(
                    trained.notes.contains {
                        $0.contains("gives 3 scores and there are 2: its last layer findings")
                    })
                #expect(try trained.model.graph().outputShape == [2])
                let scores = try model.scores(trained.model.path, KerasModelFacts(), context)
                #expect(scores.allSatisfy { $0.count == 2 })
            }
        }
    }
}

extension ModelPlace {
    fileprivate static func isFolder(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: path + "/" + ModelManifest.fileName)
            || FileManager.default.fileExists(atPath: path + "/model")
    }
}
