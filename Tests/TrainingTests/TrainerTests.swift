import Foundation
import LightboxCore
import Networks
import TestSupport
import Testing
import Torch
import Training

extension EngineTests {
    @Suite("Trainer") struct TrainerTests {
        private func trainer(_ settings: TrainingSettings, folder: String, dropout: Float = 0.3) throws -> Trainer
        {
            Trainer(
                settings, graph: try Toy.head(2, hidden: 5, dropout: dropout),
                training: try Toy.labels(count: 70, seed: 1, order: settings.seed),
                validation: try Toy.labels(count: 30, seed: 2, order: nil), folder: RunFolder(path: folder))
        }

        private static var base: TrainingSettings {
            var settings = TrainingSettings(task: .labels(.hybrid))
            settings.batchSize = 8
            settings.maxSteps = 29
            settings.seed = 11
            settings.learningRate.peak = 0.02
            settings.precision = .f32
            settings.threads = 1
            return settings
        }

        /// Settings whose state is hard to carry over a stop.
        static var variants: [(String, TrainingSettings)] {
            var cosine = base
            cosine.learningRate = LearningRate(peak: 0.02, schedule: .cosine(), warmupSteps: 5)
            var learned = base
            learned.task = .labels(.learned)
            var plateau = base
            plateau.learningRate = LearningRate(
                peak: 0.05, schedule: .plateau(Plateau(factor: 0.3, patience: 1, minimumChange: 0.05)))
            plateau.validationSteps = 3
            plateau.earlyStopping = EarlyStopping(patience: 2, minimumChange: 0.04)
            plateau.monitor = .meanAUC
            return [("cosine", cosine), ("learned rules", learned), ("plateau and early stop", plateau)]
        }

        @Test("Stopped anywhere and gone on with, it ends with the same bits", arguments: variants.map(\.0))
        func resumesExactly(name: String) throws {
            let settings = try #require(Self.variants.first { $0.0 == name }?.1)
            try withTemporaryFolder { folder in
                let straight = try trainer(settings, folder: folder + "/straight")
                let whole = try straight.run()
                let expected = try Checkpoint(path: straight.folder.last)
                // Each setting is one that does something here.
                let validations = expected.state.validations
                switch name {
                case "learned rules": #expect(Set(try #require(expected.state.learned).theta + [0]).count == 3)
                case "plateau and early stop":
                    #expect(whole.ending == .stoppedEarly && whole.step < 29)
                    #expect(Set(validations.map(\.learningRate)).count > 1)
                default: #expect(whole.ending == .finished && validations.count == 4)
                }

                let stopped = try trainer(settings, folder: folder + "/stopped")
                // In the middle of an epoch, just before a validation, just after one, and at the end.
                for limit in [5, 8, 9, 17, 24, 27, 1000] {
                    let stopper = Stopper(after: limit)
                    let report = try stopped.run(
                        resuming: true, isCancelled: { stopper.isAskedToStop }, on: stopper.see)
                    #expect(report.step >= min(limit, whole.step))
                    if report.ending != .interrupted { break }
                    #expect(report.remedy?.contains("--resume") == true)
                }
                let found = try Checkpoint(path: stopped.folder.last)
                #expect(found.weights == expected.weights)
                #expect(found.optimizer == expected.optimizer)
                #expect(found.state.validations == expected.state.validations)
                #expect(found.state.learned == expected.state.learned)
                #expect(
                    found.state.step == expected.state.step && found.state.isComplete == expected.state.isComplete)
                #expect(try stopped.folder.weights(.best) == straight.folder.weights(.best))
            }
        }

        @Test("Learns what can be learned, and keeps the best weights")
        func learns() throws {
            try withTemporaryFolder { folder in
                var settings = Self.base
                settings.maxSteps = nil
                settings.epochs = 25
                let trainer = try trainer(settings, folder: folder, dropout: 0)
                let stopper = Stopper()
                let report = try trainer.run(on: stopper.see)
                #expect(report.ending == .finished && report.step == 25 * 8)
                #expect(try #require(report.best?.meanAUC) > 0.95)
                #expect(report.last?.areas.count == 2)
                #expect(stopper.validations.count == 25)
                #expect(report.best?.loss == stopper.validations.map(\.loss).min())
                #expect(try trainer.folder.validations() == stopper.validations)
                #expect(try trainer.folder.trainedSettings().labels == ["finding_0", "finding_1"])
                #expect(report.profile.steps == 200 && report.profile.images == 1600)
            }
        }

        @Test("Refuses to overwrite a run, and to go on with other settings")
        func refuses() throws {
            try withTemporaryFolder { folder in
                var settings = Self.base
                settings.maxSteps = 2
                _ = try trainer(settings, folder: folder).run()
                let again = #expect(throws: TrainingError.self) { try trainer(settings, folder: folder).run() }
                #expect(again?.code == .alreadyThere)
                settings.batchSize = 16
                let other = #expect(throws: TrainingError.self) {
                    try trainer(settings, folder: folder).run(resuming: true)
                }
                #expect(other?.code == .otherRun && other?.place == "--batch")
            }
        }

        @Test("Starts from other weights, with a fresh head where it does not fit")
        func warmStart() throws {
            let graph = try Toy.head(2, hidden: 5)
            let other = NetworkWeights.initial(for: try Toy.head(7, hidden: 5), seed: 5)
            let (weights, report) = try WarmStart.weights(from: other, for: graph, seed: 1)
            #expect(weights.layers["head_hidden"] == other.layers["head_hidden"])
            #expect(
                weights.layers["predictions"] == NetworkWeights.initial(for: graph, seed: 1).layers["predictions"])
            #expect(report?.taken == ["head_hidden"] && report?.fresh == ["predictions"])
            #expect(throws: TrainingError.self) {
                try WarmStart.weights(from: NetworkWeights(["conv": []]), for: graph, seed: 1)
            }
        }

        @Test("Says where the settings do not fit the data")
        func checksSettings() throws {
            try withTemporaryFolder { folder in
                let unknown = UncertaintyPolicy(.zeros, perLabel: ["edema": .ones])
                let wide = try Toy.head(3)
                let long = try Toy.head(2, features: 7)
                let changes: [(TrainingError.Code, (inout Trainer) -> Void)] = [
                    (.unfitData, { $0.graph = wide }), (.unfitData, { $0.graph = long }),
                    (.badSetting, { $0.settings.monitor = .accuracy }),
                    (.badSetting, { $0.settings.trainable = .from("nowhere") }),
                    (.badSetting, { $0.settings.learningRate.peak = -1 }),
                    (.badSetting, { $0.settings.task = .labels(unknown) }),
                    (.badSetting, { ($0.validation, $0.settings.earlyStopping) = (nil, EarlyStopping()) }),
                ]
                for (code, change) in changes {
                    var trainer = try trainer(Self.base, folder: folder)
                    change(&trainer)
                    let failure = #expect(throws: TrainingError.self) { try trainer.run() }
                    #expect(failure?.code == code)
                }
            }
        }
    }
}
