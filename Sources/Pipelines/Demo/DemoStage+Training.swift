import Datasets
import Foundation
import LightboxCore
import Networks
import Training

/// The second half of the demo: a network learns from films of made-up patients and is judged on others.
extension DemoStage {
    /// Patients whose films are learned from; a fifth of them only says when the network is at its best.
    static let trainingPatients = 800
    /// Other patients, whose films the network is judged on.
    static let unseenPatients = 150
    /// Side of the films in pixels.
    private static let side = 224
    private static let epochs = 16

    func learn(_ folder: String, _ context: StageContext, _ tell: (Event) -> Void) throws {
        let (films, unseen) = (folder + "/films", folder + "/films-unseen")
        tell(
            .step(
                number: 8, of: stepCount, title: "Draw more films, to learn from and to be judged on",
                command: "lightbox phantoms --patients \(Self.trainingPatients) --seed 11 --output \(films)\n"
                    + "lightbox phantoms --patients \(Self.unseenPatients) --seed 12 --output \(unseen)"))
        tell(.report(try PhantomStage(patients: Self.trainingPatients, seed: 11).run(output: films, context)))
        tell(.report(try PhantomStage(patients: Self.unseenPatients, seed: 12).run(output: unseen, context)))
        let run = try train(films, folder + "/training", context, tell)
        guard run.ending != .interrupted else { throw Cancelled(stage: "demo") }
        try judge(folder + "/training", unseen, folder + "/evaluation", context, tell)
    }

    private func train(
        _ films: String, _ output: String, _ context: StageContext, _ tell: (Event) -> Void
    ) throws -> TrainingReport {
        tell(
            .step(
                number: 9, of: stepCount, title: "Train a small DenseNet on the fourteen findings",
                command: "lightbox train classifier --network densenet63 --labels chexpert14 --images \(films) "
                    + "--view frontal --shape \(Self.side),\(Self.side),1 --scaling zero-to-one --batch-size 16 --epochs \(Self.epochs) "
                    + "--schedule one-cycle --learning-rate 4e-3 --uncertain hybrid --monitor auc --output \(output)"
            ))
        var input = TrainingInput(images: films)
        input.labels = .chexpert14
        input.view = .frontal
        var settings = TrainingSettings(task: .labels(.hybrid))
        settings.epochs = Self.epochs
        settings.batchSize = 16
        settings.learningRate = LearningRate(peak: 4e-3, schedule: .oneCycle())
        settings.monitor = .meanAUC
        var training = NetworkTraining(
            "densenet63", input: input, place: TrainingPlace(output: output, name: "demo"), settings: settings)
        training.shape = ImageShape("\(Self.side),\(Self.side),1")
        training.scaling = .zeroToOne
        training.pooling = .max
        let trained = try withoutActuallyEscaping(tell) { tell in
            try training.run(context) { tell(.note($0)) }
        }
        tell(.report(trained.report))
        return trained.run
    }

    private func judge(
        _ model: String, _ films: String, _ output: String, _ context: StageContext, _ tell: (Event) -> Void
    ) throws {
        tell(
            .step(
                number: 10, of: stepCount, title: "Judge it on patients it has never seen",
                command: "lightbox evaluate --model \(model) --images \(films) --view frontal --output \(output)"))
        var stage = EvaluateStage(model: model, images: films)
        stage.view = .frontal
        let result = try stage.run(context)
        let paths = try result.evaluation.write(to: output)
        tell(.evaluation(result.evaluation))
        tell(.note("\(result.judged) films judged. All figures: \(paths[0])"))
    }
}
