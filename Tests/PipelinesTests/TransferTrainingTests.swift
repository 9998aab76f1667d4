import AnswerCards
import DICOMStore
import Datasets
import Evaluation
import Features
import Foundation
import Imaging
import LightboxCore
import ModelRegistry
import Networks
import Pipelines
import Synchronization
import TestSupport
import Testing
import Training
import WireFormats

/// Forty pictures of noise, dark ones and bright ones, with the list that says which is which.
private func withDarkAndBright(_ body: (_ folder: String, _ list: String, StageContext) throws -> Void) throws {
    try withTemporaryFolder { folder in
        var random = SeededGenerator(seed: 3)
        var lines = ["path,label,patient"]
        for index in 0..<40 {
            let base = index % 2 == 0 ? 30 : 190
            let samples = (0..<48 * 48 * 3).map { _ in UInt8(base + Int(random.next() % 40)) }
            let image = Image(width: 48, height: 48, channels: 3, samples: .uint8(samples))
            try AtomicFile.write(PNG.encode(image), to: "\(folder)/\(index).png")
            lines.append("\(index).png,\(index % 2 == 0 ? "dark" : "bright"),p\(index / 2)")
        }
        let list = folder + "/list.csv"
        try AtomicFile.write(Array(lines.joined(separator: "\n").utf8), to: list)
        let context = StageContext(home: Home(path: folder + "/home"), threads: 2)
        try context.home.create()
        try body(folder, list, context)
    }
}

private func training(_ images: String, output: String, steps: Int? = nil) -> TransferTraining {
    var settings = TrainingSettings(task: .classes(hasExtraSlot: true))
    settings.epochs = 30
    settings.maxSteps = steps
    settings.batchSize = 8
    settings.learningRate = LearningRate(peak: 0.01)
    settings.seed = 4
    var stage = TransferTraining(
        "tiny", input: TrainingInput(images: images), place: TrainingPlace(output: output, name: "light"),
        settings: settings)
    stage.isUntrained = true
    stage.input.seed = 4
    return stage
}

@Suite("Transfer training, from a list of images to scores") struct TransferTrainingTests {
    @Test("Learns, keeps patients apart, and is judged on what it has not seen") func endToEnd() throws {
        try withDarkAndBright { folder, list, context in
            let trained = try training(list, output: folder + "/run").run(context)
            let model = try #require(trained.model)
            #expect(model.manifest.output.labels == ["bright", "dark"])
            #expect(model.manifest.data?.counts == ["train": 32, "valid": 8])

            let judged = try EvaluateStage(model: folder + "/run", images: list).run(context)
            #expect(judged.judged == 8 && judged.seen == 32)
            var everything = EvaluateStage(model: folder + "/run", images: list)
            everything.includesTrainingImages = true
            let all = try everything.run(context)
            #expect(all.judged == 40 && all.seen == 0)

            // Scores of the joined model, recomputed image by image: the right class is ahead in every one, and the
            // extra slot for images without a label stays the smallest.
            let predictor = try ModelPredictor(model)
            let images = try (0..<40).map {
                try ImageFile.decode(path: "\(folder)/\($0).png")
            }
            for (index, prediction) in try predictor.predict(images).enumerated() {
                #expect(prediction.scores.count == 3)
                #expect(abs(prediction.scores.reduce(0, +) - 1) < 1e-5)
                let right = index % 2 == 0 ? 1 : 0
                #expect(prediction.scores[right] == prediction.scores.max())
                #expect(prediction.scores[2] == prediction.scores.min())
            }
        }
    }

    @Test("Learns from vectors computed earlier, and gives a model that takes images") func fromVectors() throws {
        try withDarkAndBright { folder, list, context in
            let embed = EmbedStage(extractor: ExtractorConfiguration(.untrained("tiny")))
            _ = try embed.run(ImageInput(list), output: .records(path: folder + "/vectors.tfrecord"), context)
            let trained = try training(folder + "/vectors.tfrecord", output: folder + "/run").run(context)
            let model = try #require(trained.model)
            #expect(model.manifest.output.labels == ["bright", "dark"])
            let images = try (0..<40).map { try ImageFile.decode(path: "\(folder)/\($0).png") }
            for (index, prediction) in try ModelPredictor(model).predict(images).enumerated() {
                #expect(prediction.scores[index % 2 == 0 ? 1 : 0] == prediction.scores.max())
            }
            let judged = try EvaluateStage(model: model.path, images: list).run(context)
            #expect(judged.judged == 8 && judged.seen == 32)
        }
    }

    @Test("A kept evaluation sets thresholds and temperature, and stands on the cards of later answers")
    func keepsItsEvaluation() async throws {
        // The stages wait for a model, which answers on the threads that tests have.
        try await onOwnThread { try withDarkAndBright(Self.keepEvaluation) }
    }

    private static func keepEvaluation(_ folder: String, _ list: String, _ context: StageContext) throws {
        let path = try #require(try training(list, output: folder + "/run", steps: 6).run(context).model).path
        var stage = EvaluateStage(model: path, images: list)
        stage.includesTrainingImages = true
        stage.settings.bootstrap = nil
        let plain = try stage.run(context).evaluation
        stage.keeping = EvaluationKeeping(rule: .sensitivity(0.9))
        let kept = try stage.run(context).evaluation
        #expect(kept.labels.map(\.auc) == plain.labels.map(\.auc))
        let manifest = try ModelFolder(path: path).manifest
        for label in kept.labels {
            let point = try #require(label.operatingPoints.first { $0.rule == .sensitivity(0.9) })
            #expect(manifest.output.thresholds[label.label] == point.threshold)
            #expect(try #require(point.rates?.sensitivity.value) >= 0.9)
        }

        let cards = CardStage(model: path)
        try AtomicFile.write(Array("no image".utf8), to: folder + "/notes.png")
        let report = try cards.run(
            ["\(folder)/0.png", "\(folder)/1.png", "\(folder)/notes.png"], to: folder + "/cards", context)
        #expect(report.written == 2 && report.problems.count == 1)
        let card = try AnswerCard(
            parsing: Bytes(MappedFile(path: folder + "/cards/0.json")), path: "0.json")
        #expect(card.answer.model.evaluation?.cases == 40 && card.answer.model.evaluation?.patients == 20)
        for label in card.answer.labels.dropLast() {
            let point = try #require(
                kept.labels.first { $0.label == label.label }?.operatingPoints.first {
                    $0.rule == .sensitivity(0.9)
                })
            #expect(
                label.threshold == point.threshold
                    && label.sensitivity?.value == point.rates?.sensitivity.value)
        }

        // The same again; not for another image, nor for a model that was changed.
        var again = ReproduceStage(card: folder + "/cards/0.json")
        again.model = path
        again.image = folder + "/0.png"
        #expect(try again.run(context).differences.isEmpty)
        again.image = folder + "/2.png"
        #expect(throws: InputError.self) { try again.run(context) }
        again.image = folder + "/0.png"
        stage.keeping = EvaluationKeeping(rule: .threshold(0.25))
        _ = try stage.run(context)
        let changed = try again.run(context)
        #expect(
            changed.differences == [
                "model.json is another one: labels, thresholds, preprocessing or evaluation were changed"
            ])
        #expect(changed.sha256 != changed.card.sha256)
    }

    @Test("A temperature that is fitted makes the scores fit the labels better") func calibrates() throws {
        try withDarkAndBright { folder, list, context in
            let path = try #require(try training(list, output: folder + "/run", steps: 24).run(context).model).path
            var stage = EvaluateStage(model: path, images: list)
            stage.includesTrainingImages = true
            stage.settings.bootstrap = nil
            // A label that is wrong, so that no temperature separates the classes wholly.
            let text = try String(contentsOfFile: list, encoding: .utf8).replacing(
                "0.png,dark", with: "0.png,bright")
            try AtomicFile.write(Array(text.utf8), to: list)
            let before = try stage.run(context).evaluation
            stage.keeping = EvaluationKeeping(calibrates: true)
            let result = try stage.run(context)
            let manifest = try ModelFolder(path: path).manifest
            #expect(manifest.output.temperature == result.temperature && manifest.output.thresholds.isEmpty)
            let (first, second) = (before.classes?.logLoss.value, result.evaluation.classes?.logLoss.value)
            #expect(try #require(second) < #require(first))
            // Now the model itself gives the scores that were judged.
            stage.keeping = nil
            let after = try stage.run(context).evaluation
            #expect(abs(try #require(after.classes?.logLoss.value) - #require(second)) < 1e-5)
        }
    }

    @Test("An interrupted run that goes on gives the same bytes as one that was not") func resumes() throws {
        try withDarkAndBright { folder, list, context in
            let whole = try #require(try training(list, output: folder + "/whole", steps: 40).run(context).model)
            let steps = Mutex(0)
            let interrupted = StageContext(
                home: context.home, threads: 2,
                progress: { update in if update.stage == "train" { steps.withLock { $0 += 1 } } },
                isCancelled: { steps.withLock { $0 > 12 } })
            let first = try training(list, output: folder + "/parts", steps: 40).run(interrupted)
            #expect(first.model == nil && first.run.step < 40 && first.run.step > 0)
            var rest = training(list, output: folder + "/parts", steps: 40)
            #expect(throws: InputError.self) { try rest.run(context) }
            rest.place.resumes = true
            let resumed = try #require(try rest.run(context).model)
            #expect(try resumed.weights() == whole.weights())
        }
    }
}
