import Foundation
import LightboxCore
import Networks
import TestSupport
import Testing
import Torch
import Training

extension EngineTests {
    @Suite("Training on images") struct ImageTrainingTests {
        @Test("Classes with the extra slot: learns left from right, frozen layers stay, everything is written")
        func classes() throws {
            try withTemporaryFolder { folder in
                var settings = TrainingSettings(task: .classes(hasExtraSlot: true))
                settings.epochs = 4
                settings.seed = 3
                settings.learningRate.peak = 0.01
                settings.monitor = .meanAUC
                settings.threads = 1
                let graph = try Network.tiny.graph(
                    height: 16, width: 16, head: ClassifierHead(classes: 3, activation: .softmax))
                let trainer = Trainer(
                    settings, graph: graph, training: try Toy.sides(count: 160, seed: 1, order: 3),
                    validation: try Toy.sides(count: 40, seed: 2, order: nil), folder: RunFolder(path: folder))
                let report = try trainer.run()
                #expect(try #require(report.best?.meanAUC) > 0.95)
                #expect(try #require(report.last?.accuracy) > 0.8)
                #expect(report.notes.isEmpty)
                try trainer.folder.weights(.best).check(against: graph)

                let files = try FileManager.default.contentsOfDirectory(atPath: folder).map {
                    String($0.prefix(10))
                }
                #expect(
                    Set(files) == [
                        "settings.j", "checkpoint", "evaluation", "history.cs", "events.out", "report.htm",
                    ])
                let page = try String(contentsOfFile: trainer.folder.page, encoding: .utf8)
                for part in ["Mean AUC", "left", "right", "<svg", "not a medical device", "fingerprint"] {
                    #expect(page.contains(part))
                }
                let rows = try String(contentsOfFile: trainer.folder.history, encoding: .utf8).split(
                    separator: "\n")
                #expect(rows.count == 5 && rows[0].hasSuffix("mean_auc,auc_left,auc_right"))
            }
        }

        @Test("Norms and dropout too go on with the same bits", arguments: [TrainingPrecision.f32, .bf16])
        func resumes(precision: TrainingPrecision) throws {
            try withTemporaryFolder { folder in
                var settings = TrainingSettings(task: .classes(hasExtraSlot: true))
                settings.maxSteps = 6
                settings.validationSteps = 4
                settings.precision = precision
                settings.threads = precision == .bf16 ? 2 : 1
                settings.optimizer = OptimizerSettings(.adamW)
                func trainer(_ name: String) throws -> Trainer {
                    Trainer(
                        settings,
                        graph: try Network.tiny.graph(
                            height: 16, width: 16, head: ClassifierHead(hiddenUnits: 8, dropout: 0.5, classes: 3)),
                        training: try Toy.sides(count: 50, seed: 1, order: 2),
                        validation: try Toy.sides(count: 10, seed: 2, order: nil),
                        folder: RunFolder(path: folder + "/" + name))
                }
                _ = try trainer("whole").run()
                for limit in [3, 4, 100] {
                    let stopper = Stopper(after: limit)
                    _ = try trainer("parts").run(
                        resuming: true, isCancelled: { stopper.isAskedToStop }, on: stopper.see)
                }
                let (whole, parts) = (
                    try Checkpoint(path: trainer("whole").folder.last),
                    try Checkpoint(path: trainer("parts").folder.last)
                )
                #expect(parts.weights == whole.weights && parts.optimizer == whole.optimizer)
                #expect(parts.state.validations == whole.state.validations && whole.state.validations.count == 2)
            }
        }

        @Test("Only the layers asked for learn; frozen norms keep their moments")
        func freezes() throws {
            try withTemporaryFolder { folder in
                var settings = TrainingSettings(task: .classes(hasExtraSlot: false))
                settings.maxSteps = 3
                settings.trainable = .head
                let graph = try Network.tiny.graph(
                    height: 16, width: 16, head: ClassifierHead(hiddenUnits: 4, classes: 2))
                let start = NetworkWeights.initial(for: graph, seed: 9)
                let trainer = Trainer(
                    settings, graph: graph, training: try Toy.sides(count: 30, seed: 1, order: 0), start: start,
                    folder: RunFolder(path: folder))
                let report = try trainer.run()
                #expect(report.best == nil)
                let weights = try trainer.folder.weights(.best)
                let changed = weights.layers.filter { $0.value != start.layers[$0.key] }.keys.sorted()
                #expect(changed == ["head_hidden", "predictions"])
            }
        }

        @Test("Heat maps by either loss; resumed with the same bits", arguments: HeatmapLoss.allCases)
        func heatmaps(loss: HeatmapLoss) throws {
            try withTemporaryFolder { folder in
                var settings = TrainingSettings(task: .heatmap(loss))
                settings.epochs = 3
                settings.learningRate.peak = 0.01
                settings.threads = 1
                func trainer(_ name: String) throws -> Trainer {
                    Trainer(
                        settings,
                        graph: try Network.heatmap.graph(
                            height: 12, width: 12, channels: 1, output: .features(.none)),
                        training: try Toy.spots(count: 48, seed: 1, order: 0),
                        validation: try Toy.spots(count: 12, seed: 2, order: nil),
                        folder: RunFolder(path: folder + "/" + name))
                }
                let report = try trainer("whole").run()
                let first = try #require(trainer("whole").folder.validations().first?.loss)
                #expect(try #require(report.best?.loss) < first)
                let stopper = Stopper(after: 7)
                let part = try trainer("part").run(isCancelled: { stopper.isAskedToStop }, on: stopper.see)
                #expect(part.ending == .interrupted && part.step == 7)
                _ = try trainer("part").run(resuming: true)
                #expect(try trainer("part").folder.weights(.last) == trainer("whole").folder.weights(.last))
            }
        }
    }
}
