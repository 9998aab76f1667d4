public import Foundation
public import LightboxCore
public import WireFormats

/// Work that runs for long on its own: a batch prediction, a training, or work on DICOM stores.
public struct Job: Sendable, Codable, Equatable {
    public enum State: String, Sendable, Codable, CaseIterable {
        case queued, preparing, running, succeeded, failed, cancelling, cancelled

        /// Whether it stays so.
        public var isFinal: Bool { [.succeeded, .failed, .cancelled].contains(self) }
    }

    public enum Work: Sendable, Codable, Equatable {
        case prediction(PredictionWork)
        case training(TrainingWork)
        case archive(ArchiveWork)

        public var queue: Queue { if case .archive = self { .archive } else { .models } }
    }

    /// Who works on it: queues do not wait for each other.
    public enum Queue: String, Sendable, Codable, CaseIterable { case models, archive }

    public let id: String
    public var labels: [String: String]
    public let work: Work
    public var state: State
    public let created: Date
    public var started: Date?
    public var ended: Date?
    /// Why it ``State/failed``; empty otherwise.
    public var errorMessage: String
    /// What kind of trouble it was, where that is known.
    public var errorKind: FailureKind?
    public var progress: Progress
    /// How often a process took it up; more than one after a crash or a stop.
    public var attempts: Int
    public let etag: String
    public var creator: String

    /// How far a job has come; what is counted is on the disk.
    public struct Progress: Sendable, Codable, Equatable {
        /// Instances that were predicted, or files that were taken in or written; epochs or steps of a training.
        public var completed = 0
        /// Instances that could not be predicted, or files of which nothing came.
        public var errors = 0
        /// nil while it is not known.
        public var total: Int?
        /// A word on how it goes; empty for none.
        public var detail = ""
        /// Over all attempts.
        public var seconds = 0.0

        public init() {}
    }
}

/// Predictions for every record of some files.
public struct PredictionWork: Sendable, Codable, Equatable {
    public enum DataFormat: String, Sendable, Codable, CaseIterable {
        /// One JSON document a line; `text` is the older name of the same.
        case json, text
        case tfRecord, tfRecordGzip
    }

    /// Which model predicts.
    public enum Target: Sendable, Codable, Equatable {
        /// The version is nil where the model's default one was asked for.
        case model(String, version: String?)
        /// A folder with a model that is not in the catalogue.
        case folder(String)
    }

    public var target: Target
    /// The version that was found for the target when the job was made; nil for a folder.
    public var version: String?
    public var format: DataFormat
    /// Paths, `gs://` addresses and patterns.
    public var inputs: [String]
    /// A folder, whatever it is called.
    public var output: String
    public var batchSize: Int
    /// Of the model's signatures; empty for the only or the default one.
    public var signature = ""
    /// Given back, without effect.
    public var region = ""
    public var runtimeVersion = ""
    public var maximumWorkers: Int?
    /// As it was given: `JSON` or nothing.
    public var outputFormat = ""

    public init(
        target: Target, format: DataFormat, inputs: [String], output: String, batchSize: Int = 64
    ) {
        self.target = target
        self.format = format
        self.inputs = inputs
        self.output = output
        self.batchSize = batchSize
    }
}

/// A training program with its arguments.
public struct TrainingWork: Sendable, Codable, Equatable {
    public var module: String
    public var arguments: [String]
    /// Where the program writes; it is told so as `--job-dir`. Empty for nowhere.
    public var folder = ""
    public var packages: [String] = []
    public var scaleTier = ""
    public var region = ""
    public var runtimeVersion = ""
    public var pythonVersion = ""
    /// Documents that are only given back, by the name of Google's field: `masterType`, `hyperparameters`…
    public var others: [String: JSONValue] = [:]

    public init(module: String, arguments: [String]) {
        self.module = module
        self.arguments = arguments
    }

    /// Where the run is written: what the arguments say, else ``folder``; nil for nowhere.
    public var output: String? { namedOutput ?? (folder.isEmpty ? nil : folder) }

    /// What the arguments say of it.
    public var namedOutput: String? {
        for name in ["--output", "--output_path"] {
            if let place = arguments.firstIndex(of: name), place + 1 < arguments.count {
                return arguments[place + 1]
            }
            if let joined = arguments.first(where: { $0.hasPrefix(name + "=") }) {
                return String(joined.dropFirst(name.count + 1))
            }
        }
        return nil
    }
}

/// A line of a job's log.
public struct JobLogLine: Sendable, Codable, Equatable {
    public enum Severity: String, Sendable, Codable { case info, warning, error }

    /// From 1, without gaps within a job.
    public let number: Int
    public let time: Date
    public let severity: Severity
    public let text: String
}
