import ArgumentParser
import Catalog
import Foundation
import LightboxCore

/// `lightbox jobs submit …`
struct JobsSubmit: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "submit", abstract: "Put a job into the queue.",
        subcommands: [JobsSubmitPrediction.self, JobsSubmitTraining.self])

    /// Says how to go on.
    static func told(_ job: Job, _ global: GlobalOptions) throws {
        if global.json { return try printJSON(job) }
        print("Job [\(job.id)] submitted successfully.")
        global.note(
            "`lightbox serve` works on it, or `lightbox jobs run`. Watch it: lightbox jobs stream-logs \(job.id)")
    }
}

/// The names of formats on the command line.
enum DataFormatName: String, ExpressibleByArgument, CaseIterable {
    case text, json
    case tfRecord = "tf-record"
    case tfRecordGzip = "tf-record-gzip"

    var format: PredictionWork.DataFormat {
        switch self {
        case .text: .text
        case .json: .json
        case .tfRecord: .tfRecord
        case .tfRecordGzip: .tfRecordGzip
        }
    }
}

struct JobsSubmitPrediction: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prediction", abstract: "Predict for every record of some files.",
        discussion: """
            In the output folder stand, at the end, prediction.results-00000-of-00001 with one JSON document a line, \
            and prediction.errors_stats-00000-of-00001 with what was left out and how often.

            Example:
              lightbox jobs submit prediction feature_vectors --model xception_fv \\
                --input-paths 'gs://my_bucket/input/**.tfrecord' --output-path gs://my_bucket/vectors \\
                --region us-central1 --data-format tf-record
            """)

    @Argument(help: "Letters, digits and '_', a letter first.") var name: String
    @Option(help: "The model's name.") var model: String?
    @Option(help: "Its version; the default one when left out.") var version: String?
    @Option(help: "Instead of --model: a folder with a model.") var modelDir: String?
    @Option(help: "Files and quoted patterns, divided by commas.") var inputPaths: String
    @Option(help: "The folder for the results.") var outputPath: String
    @Option(help: "text or json (JSON lines), tf-record or tf-record-gzip.") var dataFormat: DataFormatName
    @Option(help: "Records that are predicted together.") var batchSize = 64
    @Option(help: "The signature to use.") var signatureName = ""
    @Option(help: "Taken and given back, without effect.") var region = ""
    @Option(help: "Taken and given back, without effect.") var runtimeVersion = ""
    @Option(help: "Taken and given back, without effect.") var maxWorkerCount: Int?
    @OptionGroup var labels: LabelOptions
    @OptionGroup var global: GlobalOptions

    func validate() throws {
        guard (model == nil) != (modelDir == nil) else { throw ValidationError("Give --model or --model-dir.") }
        guard version == nil || model != nil else { throw ValidationError("--version goes with --model.") }
    }

    func run() throws {
        let target: PredictionWork.Target
        if let model {
            target = .model(model, version: version)
        } else {
            target = .folder(absolute(modelDir ?? ""))
        }
        var work = PredictionWork(
            target: target, format: dataFormat.format,
            inputs: inputPaths.split(separator: ",").map { absolute(String($0)) }, output: absolute(outputPath),
            batchSize: batchSize)
        work.signature = signatureName
        work.region = region
        work.runtimeVersion = runtimeVersion
        work.maximumWorkers = maxWorkerCount
        let job = try global.catalog().createJob(
            name, .prediction(work), labels: labels.labels, creator: global.creator)
        try JobsSubmit.told(job, global)
    }

    /// The server may stand in another folder.
    private func absolute(_ path: String) -> String {
        guard !path.contains("://"), !path.hasPrefix("/") else { return path }
        return FileManager.default.currentDirectoryPath + "/"
            + (path.hasPrefix("./") ? String(path.dropFirst(2)) : path)
    }
}

struct JobsSubmitTraining: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "training", abstract: "Train in the queue.",
        discussion: """
            What stands behind -- goes to the trainer: see lightbox help train.

            Example:
              lightbox jobs submit training flowers_1 --module-name lightbox.train.transfer \\
                --job-dir gs://my_bucket/flowers_1 -- --network mobilenet_v2 --images gs://my_bucket/labels.csv
            """)

    @Argument(help: "Letters, digits and '_', a letter first.") var name: String
    @Option(help: "lightbox.train.transfer, .classifier or .heatmap; trainer.task is the first.")
    var moduleName = "trainer.task"
    @Option(help: "The folder that the trainer writes to.") var jobDir = ""
    @Option(help: "Taken, without effect.") var packagePath: String?
    @Option(help: "Taken and given back, without effect.") var region = ""
    @Option(help: "Taken and given back, without effect.") var runtimeVersion = ""
    @Option(help: "Taken and given back, without effect.") var scaleTier = ""
    @Argument(parsing: .postTerminator, help: "The trainer's own arguments.") var arguments: [String] = []
    @OptionGroup var labels: LabelOptions
    @OptionGroup var global: GlobalOptions

    func run() throws {
        var work = TrainingWork(module: moduleName, arguments: arguments)
        work.folder = jobDir
        work.region = region
        work.runtimeVersion = runtimeVersion
        work.scaleTier = scaleTier
        let job = try global.catalog().createJob(
            name, .training(work), labels: labels.labels, creator: global.creator)
        try JobsSubmit.told(job, global)
    }
}
