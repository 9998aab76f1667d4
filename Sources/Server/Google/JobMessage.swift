import Catalog
import Foundation
import WireFormats

/// Jobs as Google's `ml` v1 writes them.
enum JobMessage {
    static func message(_ job: Job, project: String) -> Message {
        var message = Message()
        message.add("jobId", job.id)
        switch job.work {
        case .prediction(let work):
            message.add("predictionInput", input(work, project: project))
            var output = Message()
            output.add("outputPath", work.output)
            output.add("predictionCount", long: job.progress.completed)
            output.add("errorCount", long: job.progress.errors)
            output.add("nodeHours", job.progress.seconds / 3600)
            message.add("predictionOutput", output)
        case .training(let work):
            message.add("trainingInput", input(work))
            var output = Message()
            output.add("consumedMLUnits", job.progress.seconds / 3600)
            message.add("trainingOutput", output)
        case .archive: break  // not told of here
        }
        message.add("createTime", job.created)
        message.add("startTime", job.started)
        message.add("endTime", job.ended)
        message.add("state", job.state.rawValue.uppercased())
        message.add("errorMessage", job.errorMessage)
        message.add("labels", job.labels)
        message.add("etag", job.etag)
        return message
    }

    private static func input(_ work: PredictionWork, project: String) -> Message {
        var message = Message()
        message.add("dataFormat", name(work.format))
        message.add("inputPaths", work.inputs)
        message.add("outputPath", work.output)
        switch work.target {
        case .model(let model, nil): message.add("modelName", "projects/\(project)/models/\(model)")
        case .model(let model, let version?):
            message.add("versionName", "projects/\(project)/models/\(model)/versions/\(version)")
        case .folder(let folder): message.add("uri", folder)
        }
        message.add("region", work.region)
        message.add("runtimeVersion", work.runtimeVersion)
        message.add("batchSize", long: work.batchSize)
        message.add("maxWorkerCount", long: work.maximumWorkers)
        message.add("signatureName", work.signature)
        message.add("outputDataFormat", work.outputFormat)
        return message
    }

    private static func input(_ work: TrainingWork) -> Message {
        var message = Message()
        message.add("scaleTier", work.scaleTier)
        message.add("packageUris", work.packages)
        message.add("pythonModule", work.module)
        message.add("args", work.arguments)
        message.add("region", work.region)
        message.add("jobDir", work.folder)
        message.add("runtimeVersion", work.runtimeVersion)
        message.add("pythonVersion", work.pythonVersion)
        message.add(work.others)
        return message
    }

    private static func name(_ format: PredictionWork.DataFormat) -> String {
        switch format {
        case .json: "JSON"
        case .text: "TEXT"
        case .tfRecord: "TF_RECORD"
        case .tfRecordGzip: "TF_RECORD_GZIP"
        }
    }

    private static func format(_ name: String) -> PredictionWork.DataFormat? {
        [.json, .text, .tfRecord, .tfRecordGzip].first { self.name($0) == name }
    }

    /// What a caller sends of a job.
    struct Input {
        var id = ""
        var labels: [String: String] = [:]
        var etag = ""
        var work: Job.Work?

        private static let trainingDocuments = [
            "masterType", "workerType", "workerCount", "parameterServerType", "parameterServerCount",
            "evaluatorType", "evaluatorCount", "masterConfig", "workerConfig", "parameterServerConfig",
            "evaluatorConfig", "hyperparameters", "scheduling", "network", "serviceAccount", "useChiefInTfConfig",
            "enableWebAccess", "encryptionConfig",
        ]

        init(_ call: Call) throws {
            var reader = try MessageReader(call.body)
            id = try reader.text("jobId")
            labels = try reader.labels()
            etag = try reader.text("etag")
            let prediction = try reader.message("predictionInput")
            let training = try reader.message("trainingInput")
            reader.ignore(
                "createTime", "startTime", "endTime", "state", "errorMessage", "predictionOutput",
                "trainingOutput", "jobPosition")
            try reader.finish()
            guard prediction == nil || training == nil else {
                throw ServerError(.invalidArgument, "A job has a predictionInput or a trainingInput, not both.")
            }
            if var prediction { work = .prediction(try Self.prediction(&prediction)) }
            if var training { work = .training(try Self.training(&training)) }
        }

        private static func prediction(_ reader: inout MessageReader) throws -> PredictionWork {
            let formats = ["JSON", "TEXT", "TF_RECORD", "TF_RECORD_GZIP"]
            let word = try reader.word("dataFormat", of: formats + ["DATA_FORMAT_UNSPECIFIED", "CSV"])
            guard let format = word.flatMap(JobMessage.format) else {
                throw ServerError(
                    .invalidArgument,
                    "predictionInput.dataFormat is missing: send one of \(formats.joined(separator: ", ")).")
            }
            var work = PredictionWork(
                target: try target(&reader), format: format, inputs: try reader.texts("inputPaths"),
                output: try reader.text("outputPath"))
            work.region = try reader.text("region")
            guard !work.region.isEmpty else {
                throw ServerError(.invalidArgument, "predictionInput.region is missing. Any region will do.")
            }
            work.runtimeVersion = try reader.text("runtimeVersion")
            if let size = try reader.integer("batchSize"), size != 0 { work.batchSize = size }
            work.maximumWorkers = try reader.integer("maxWorkerCount")
            work.signature = try reader.text("signatureName")
            let output = try reader.word("outputDataFormat", of: formats + ["DATA_FORMAT_UNSPECIFIED", "CSV"])
            work.outputFormat = output == "DATA_FORMAT_UNSPECIFIED" ? "" : output ?? ""
            try reader.finish()
            return work
        }

        private static func target(_ reader: inout MessageReader) throws -> PredictionWork.Target {
            let (model, version, uri) = (
                try reader.text("modelName"), try reader.text("versionName"), try reader.text("uri")
            )
            guard [model, version, uri].filter({ !$0.isEmpty }).count == 1 else {
                throw ServerError(
                    .invalidArgument, "predictionInput has one of modelName, versionName and uri. Send one.")
            }
            if !uri.isEmpty { return .folder(uri) }
            let name = model.isEmpty ? version : model
            let parts = name.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
            let wanted = model.isEmpty ? 6 : 4
            guard parts.count == wanted, parts[0] == "projects", parts[2] == "models",
                wanted == 4 || parts[4] == "versions"
            else {
                let form = "projects/PROJECT/models/MODEL" + (wanted == 6 ? "/versions/VERSION" : "")
                let field = wanted == 6 ? "versionName" : "modelName"
                throw ServerError(.invalidArgument, "predictionInput.\(field) has the form \(form).")
            }
            return .model(parts[3], version: wanted == 6 ? parts[5] : nil)
        }

        private static func training(_ reader: inout MessageReader) throws -> TrainingWork {
            var work = TrainingWork(module: try reader.text("pythonModule"), arguments: try reader.texts("args"))
            work.scaleTier = try reader.text("scaleTier")
            work.packages = try reader.texts("packageUris")
            work.region = try reader.text("region")
            work.folder = try reader.text("jobDir")
            work.runtimeVersion = try reader.text("runtimeVersion")
            work.pythonVersion = try reader.text("pythonVersion")
            work.others = reader.documents(trainingDocuments)
            try reader.finish()
            return work
        }
    }
}
