import Foundation
import LightboxCore
import Networks
import Testing
import Torch
import Training

@Suite("Training settings") struct SettingsTests {
    @Test("Read what is typed, and refuse the rest")
    func parsing() throws {
        #expect(try Schedule(parsing: "one-cycle") == .oneCycle() && Schedule(parsing: "Cosine") == .cosine())
        #expect(try ClassWeights(parsing: "balanced") == .balanced())
        #expect(try ClassWeights(parsing: "edema=3,fracture=0.5") == .given(["edema": 3, "fracture": 0.5]))
        #expect(
            try TrainableLayers(parsing: "12") == .last(12) && TrainableLayers(parsing: "conv5") == .from("conv5"))
        #expect(throws: TrainingError.self) { try Schedule(parsing: "linear") }
        for text in ["", "edema", "edema=0", "edema=-1", "=2", "edema=1,"] {
            #expect(throws: TrainingError.self) { try ClassWeights(parsing: text) }
        }
        #expect(throws: TrainingError.self) { try TrainableLayers(parsing: "0") }
    }

    @Test("Come back from JSON")
    func codes() throws {
        var settings = TrainingSettings(task: .labels(.hybrid))
        settings.learningRate = LearningRate(peak: 0.1, schedule: .plateau(Plateau(cooldown: 2)), warmupSteps: 3)
        settings.classWeights = .given(["a": 2])
        settings.trainable = .from("conv5")
        settings.earlyStopping = EarlyStopping()
        settings.optimizer.gradientClipNorm = 1
        let data = try JSONEncoder().encode(settings)
        #expect(try JSONDecoder().decode(TrainingSettings.self, from: data) == settings)
    }

    @Test("Choose layers by name, by number and by kind")
    func layers() throws {
        let graph = try Network.tiny.graph(height: 16, width: 16, head: ClassifierHead(hiddenUnits: 4, classes: 2))
        #expect(try TrainableLayers.head.names(in: graph) == ["head_hidden", "predictions"])
        #expect(try TrainableLayers.last(3).names(in: graph) == ["conv5", "head_hidden", "predictions"])
        #expect(
            try TrainableLayers.from("bn4").names(in: graph) == ["bn4", "conv5", "head_hidden", "predictions"])
        #expect(try TrainableLayers.all.names(in: graph).contains("conv1"))
        #expect(throws: TrainingError.self) { try TrainableLayers.last(0).names(in: graph) }
    }

    @Test("A last softmax or sigmoid is set aside, with all names kept")
    func lastActivation() throws {
        let head = ClassifierHead(classes: 2, activation: .sigmoid)
        let graph = try Network.tiny.graph(height: 16, width: 16, head: head)
        let logits = try graph.withoutLastActivation()
        #expect(logits.layers.map(\.name) == graph.layers.map(\.name).dropLast())
        #expect(logits.layers.map(\.operation) == graph.layers.map(\.operation).dropLast())
        #expect(logits.layers.map(\.inputs) == graph.layers.map(\.inputs).dropLast())
        #expect(try logits.withoutLastActivation() == logits)
        try NetworkWeights.initial(for: graph, seed: 1).check(against: logits)
    }
}
