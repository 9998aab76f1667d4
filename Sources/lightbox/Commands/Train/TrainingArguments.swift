import ArgumentParser
import Datasets
import Foundation
import LightboxCore
import Pipelines
import Torch
import Training

/// Which images to learn from and to be judged on.
struct DataArguments: ParsableArguments {
    @Option(
        name: [.customLong("images"), .customLong("train_data_paths")],
        help: ArgumentHelp(
            "A CSV of images and labels, TFRecords, or a folder laid out as MIMIC-CXR-JPG or CheXpert.",
            valueName: "data"))
    var images: String
    @Option(
        name: [.customLong("eval-images"), .customLong("eval_data_paths")],
        help: ArgumentHelp("Held-out images, where they stand apart.", valueName: "data"))
    var evalImages: String?
    @Option(help: "Share of the images to hold out, by patient, where the data has no split of its own.")
    var holdout = 0.2
    @Option(help: "Which columns mean what: label=finding,patient=id,path=file,split=set.") var columns = ""
    @Option(
        help: "Classes, with the values they stand for: 'normal,sick=viral|bacterial'. Other rows are left out.")
    var classes = ""
    @Option(help: "Only rows with these values: 'view=AP|PA,site=A'.") var only = ""

    func validate() throws {
        guard holdout >= 0 && holdout < 1 else { throw ValidationError("--holdout lies between 0 and 1.") }
    }

    func input(seed: UInt64, labels: LabelSet? = nil) throws -> TrainingInput {
        var input = TrainingInput(images: images)
        input.heldOutImages = evalImages
        input.holdout = holdout
        input.columns = try TableColumns(columns: columns, classes: classes, only: only)
        input.seed = seed
        input.labels = labels
        return input
    }
}

/// How to learn: steps, rate, optimiser, when to stop.
struct LearningArguments: ParsableArguments {
    @Option(help: "Rounds over the training images.") var epochs: Int?
    @Option(name: [.customLong("max-steps"), .customLong("max_steps")], help: "End after so many steps instead.")
    var maxSteps: Int?
    @Option(help: "Images of a step, of all processes together; 32, or 8 for heat maps.") var batchSize: Int?
    @Option(help: "Highest learning rate.") var learningRate: Double?
    @Option(help: "constant, cosine, one-cycle or plateau.") var schedule = "constant"
    @Option(help: "Steps over which the rate rises at the start.") var warmupSteps = 0
    @Option(help: "adam, adamW or sgd.") var optimizer = OptimizerSettings.Kind.adam
    @Option(help: "Decay of the weights.") var weightDecay: Float?
    @Option(help: "Of sgd.") var momentum: Float = 0.9
    @Option(help: "Longest gradient; longer ones are scaled down.") var clipNorm: Float?
    @Option(help: "equal, balanced, or edema=3,fracture=10.") var classWeights = "equal"
    @Option(help: "Decides what is best: loss, auc or accuracy.") var monitor = Monitor.loss
    @Option(help: "Stop after so many validations without an improvement.") var patience: Int?
    @Option(help: "Steps between validations; one after every epoch when left out.") var validateEvery: Int?
    @Option(help: "Longest time between checkpoints; after a validation one is written when 5 s have passed.")
    var checkpointSeconds = 600.0
    @Option(help: "The same seed gives the same run.") var seed: UInt64 = 0

    func validate() throws {
        for (name, value) in [("--epochs", epochs), ("--max-steps", maxSteps), ("--patience", patience)] {
            guard value.map({ $0 > 0 }) ?? true else { throw ValidationError("\(name) is at least 1.") }
        }
        guard (1...65_536).contains(batchSize ?? 1) else { throw ValidationError("--batch-size is 1 to 65536.") }
        guard checkpointSeconds >= 0 else { throw ValidationError("--checkpoint-seconds is at least 0.") }
    }

    func settings(
        _ task: TrainingTask, epochs usual: Int, rate: Double, batch: Int = 32
    ) throws -> TrainingSettings {
        var settings = TrainingSettings(task: task)
        settings.epochs = epochs ?? usual
        settings.maxSteps = maxSteps
        settings.batchSize = batchSize ?? batch
        settings.seed = seed
        settings.learningRate = LearningRate(
            peak: learningRate ?? rate, schedule: try Schedule(parsing: schedule), warmupSteps: warmupSteps)
        settings.optimizer = OptimizerSettings(optimizer, weightDecay: weightDecay)
        settings.optimizer.momentum = optimizer == .sgd ? momentum : 0
        settings.optimizer.gradientClipNorm = clipNorm
        settings.classWeights = try ClassWeights(parsing: classWeights)
        settings.monitor = monitor
        settings.earlyStopping = patience.map { EarlyStopping(patience: $0) }
        settings.validationSteps = validateEvery
        settings.checkpointSeconds = checkpointSeconds
        return settings
    }
}

/// Where the run goes and on what it runs.
struct PlaceArguments: ParsableArguments {
    @Option(
        name: [.customLong("output"), .customLong("output_path")],
        help: ArgumentHelp("The run's folder; the model comes into its folder `model`.", valueName: "dir"))
    var output: String
    @Option(help: "The model's name; the folder's when left out.") var name: String?
    @Option(help: "Who made the model, for its manifest.") var creator = ""
    @Flag(help: "Go on with the run that is in the folder.") var resume = false
    @Flag(help: "Begin anew where a run is in the folder.") var overwrite = false
    @Flag(help: "Say where the time went.") var profile = false
    @Option(help: "Worker threads; all cores when left out.") var threads: Int?

    func place() -> TrainingPlace {
        var place = TrainingPlace(output: output, name: name)
        place.resumes = resume
        place.overwrites = overwrite
        place.creator = creator
        place.version = Lightbox.version
        place.environment = ProcessInfo.processInfo.environment
        return place
    }
}

/// Runs a trainer with progress and tells what came out.
struct TrainingCommandRun {
    let global: GlobalOptions
    let place: PlaceArguments

    func run(_ body: (StageContext, @escaping (String) -> Void) throws -> TrainedModel) throws {
        var trained: TrainedModel?
        try global.report { context in
            var context = context
            if let threads = place.threads { context.threads = threads }
            let result = try body(context) { global.note($0) }
            trained = result
            // Of several processes the one that wrote the model.
            if result.model != nil { try context.home.publish(place.output) }
            for note in result.run.notes { global.note(note) }
            if place.profile { global.note(TrainingProfileText.text(result.run.profile)) }
            if let remedy = result.run.remedy { global.note(remedy) }
            return (result.report, errorsIn: result.run.folder)
        }
        guard let trained else { return }
        if !global.json, let best = trained.run.best { global.note(TrainingProfileText.result(best, trained.run)) }
        // Another process of the group was asked to stop, and all did.
        if trained.run.ending == .interrupted { throw ExitCode(ExitStatus.interrupted) }
    }
}

/// A run's figures in words.
enum TrainingProfileText {
    static func text(_ profile: TrainingProfile) -> String {
        let parts = TrainingProfile.Part.allCases.map { part in
            let share = profile.total > 0 ? 100 * profile[part] / profile.total : 0
            return String(format: "%@ %.1f s (%.0f %%)", part.rawValue, profile[part], share)
        }
        let rate = profile.imagesPerSecond.map { String(format: "%.1f images/s; ", $0) } ?? ""
        return rate + parts.joined(separator: ", ")
    }

    static func result(_ best: ValidationRecord, _ run: TrainingReport) -> String {
        var line = "best, on \(best.images) held-out images: loss \(String(format: "%.4f", best.loss))"
        if let accuracy = best.accuracy { line += String(format: ", accuracy %.3f", accuracy) }
        if let area = best.meanAUC { line += String(format: ", mean AUC %.3f", area) }
        return line + " (after step \(best.step))"
    }
}
