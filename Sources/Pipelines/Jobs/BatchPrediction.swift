public import Catalog
import Foundation
public import LightboxCore
import WireFormats

/// Predicts for every record of some files, and writes what batch prediction services write: in the output's folder
/// `prediction.results-00000-of-00001` with one JSON document a line, in the input's order, and
/// `prediction.errors_stats-00000-of-00001` with each error's text and how often it came.
///
/// A record that cannot be read or predicted is counted and left out. A run that was killed goes on behind the
/// last point that is known to be on the disk, so that each record is in the results once.
public struct BatchPrediction: Sendable {
    public static let resultsName = "prediction.results-00000-of-00001"
    public static let errorsName = "prediction.errors_stats-00000-of-00001"

    public var format: PredictionWork.DataFormat
    /// Paths, `gs://` addresses and patterns.
    public var inputs: [String]
    /// A folder.
    public var output: String
    /// Records that are predicted together.
    public var batchSize = 64
    /// Batches that are predicted side by side.
    public var batchesUnderWay = 3

    public init(format: PredictionWork.DataFormat, inputs: [String], output: String) {
        self.format = format
        self.inputs = inputs
        self.output = output
    }

    /// What is on the disk; the same over several runs of one job.
    public struct Progress: Sendable, Equatable {
        public var predicted = 0
        /// Records of all files, damaged ones included.
        public var total = 0
        /// Records left out so far; those of earlier runs first.
        public var problems: [StageReport.Problem] = []
    }

    /// - Parameters:
    ///   - identity: which model this is, for example its version's hash: a part that another model wrote is not
    ///     gone on with.
    ///   - onCommit: called at the start and whenever what was written is on the disk.
    /// - Throws: ``Cancelled`` when the context says so; a second run goes on.
    public func run(
        _ model: any BatchModel, identity: String, _ context: StageContext,
        onCommit: (Progress) throws -> Void = { _ in }
    ) async throws -> StageReport {
        let paths = try paths(context.home)
        let files = try BatchInput.files(inputs, outside: folder(context.home), home: context.home)
        try FileManager.default.createDirectory(
            atPath: folder(context.home), withIntermediateDirectories: true)
        var file = try ResumableOutput(
            paths: paths, settings: settings(files, identity))
        var progress = Progress(
            predicted: file.checkpoint.written, total: try count(files, context),
            problems: file.earlierProblems)
        try onCommit(progress)
        try await predict(files, with: model, into: &file, &progress, context, onCommit)
        try file.append(Self.statistics(progress.problems), to: 1)
        try file.finish()
        var report = StageReport(stage: "predict")
        report.written = progress.predicted
        report.problems = progress.problems
        report.outputs = paths
        return report
    }

    /// Removes what a run that will not go on has left.
    public func discardPart(home: Home) throws { ResumableOutput.discard(paths: try paths(home)) }

    private func folder(_ home: Home) throws -> String {
        let path = try home.localPath(of: output)
        return path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
    }

    private func paths(_ home: Home) throws -> [String] {
        let folder = try folder(home)
        return [folder + "/" + Self.resultsName, folder + "/" + Self.errorsName]
    }

    private func count(_ files: [String], _ context: StageContext) throws -> Int {
        var input = BatchInput(files: files, format: format)
        var count = 0
        while try input.next() != nil {
            count += 1
            if count % 1000 == 0, context.isCancelled() { throw Cancelled(stage: "predict") }
        }
        return count
    }

    private func settings(_ files: [String], _ identity: String) throws -> String {
        struct Settings: Encodable {
            let files: [String]
            let format, identity: String
        }
        let described = try files.map { path in
            if let status = try RemoteFiles.remoteStatus(of: path) {
                return "\(RemoteFiles.shown(path)) \(status.size) \(status.stamp)"
            }
            var status = stat()
            guard stat(path, &status) == 0 else { throw FileFailure(path: path, errno: errno) }
            return "\(path) \(status.st_size) \(status.st_mtim.tv_sec).\(status.st_mtim.tv_nsec)"
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        let settings = Settings(
            files: described, format: format.rawValue, identity: identity)
        return String(decoding: try encoder.encode(settings), as: UTF8.self)
    }
}

extension BatchPrediction {
    /// The output of one batch, ready to be written.
    private struct Outcome: Sendable {
        var entries = 0
        var written = 0
        var lines: [UInt8] = []
        var problems: [StageReport.Problem] = []
    }

    private func predict(
        _ files: [String], with model: any BatchModel, into file: inout ResumableOutput,
        _ progress: inout Progress, _ context: StageContext, _ onCommit: (Progress) throws -> Void
    ) async throws {
        var input = BatchInput(files: files, format: format)
        var entries = file.checkpoint.entries
        for _ in 0..<entries { _ = try input.next() }
        var underWay: [Task<Outcome, any Error>] = []
        defer { for task in underWay { task.cancel() } }
        var uncommitted: [StageReport.Problem] = []
        var lastCommit = ContinuousClock.now
        while true {
            while underWay.count < max(1, batchesUnderWay), let batch = try nextBatch(&input) {
                underWay.append(Task { try await Self.outcome(of: batch, model) })
            }
            guard !underWay.isEmpty else { break }
            let outcome = try await underWay.removeFirst().value
            try file.append(outcome.lines, to: 0)
            entries += outcome.entries
            progress.predicted += outcome.written
            progress.problems += outcome.problems
            uncommitted += outcome.problems
            let isCancelled = context.isCancelled()
            if isCancelled || lastCommit.duration(to: .now) > .seconds(1) {
                try file.commit(entries: entries, written: progress.predicted, problems: uncommitted)
                uncommitted = []
                lastCommit = .now
                try onCommit(progress)
            }
            if isCancelled { throw Cancelled(stage: "predict") }
            context.progress(ProgressUpdate(stage: "predict", completed: entries, total: progress.total))
        }
        try onCommit(progress)
    }

    private func nextBatch(_ input: inout BatchInput) throws -> [BatchInput.Entry]? {
        var batch: [BatchInput.Entry] = []
        while batch.count < max(1, batchSize), let entry = try input.next() { batch.append(entry) }
        return batch.isEmpty ? nil : batch
    }

    private static func outcome(of batch: [BatchInput.Entry], _ model: any BatchModel) async throws -> Outcome {
        var outcome = Outcome(entries: batch.count)
        var instances: [BatchInstance] = []
        var sources: [String] = []
        for entry in batch {
            switch entry {
            case .problem(let problem): outcome.problems.append(problem)
            case .instance(let instance, let source):
                instances.append(instance)
                sources.append(source)
            }
        }
        for (answer, source) in zip(try await answers(instances, model), sources) {
            switch answer {
            case .prediction(let line):
                outcome.lines += line
                outcome.lines.append(UInt8(ascii: "\n"))
                outcome.written += 1
            case .failure(let reason): outcome.problems.append(.init(source: source, reason: reason))
            }
        }
        return outcome
    }

    /// All at once; one by one when that fails, so that one bad record spoils no other.
    private static func answers(_ instances: [BatchInstance], _ model: any BatchModel) async throws
        -> [BatchAnswer]
    {
        guard !instances.isEmpty else { return [] }
        do {
            let answers = try await model.predict(instances)
            guard answers.count == instances.count else {
                throw InputError(
                    .corrupt, "The model gave \(answers.count) answers to \(instances.count) instances.")
            }
            return answers
        } catch let error as any Failure where error.kind != .environment {
            guard instances.count > 1 else { return [.failure(error.description)] }
            var answers: [BatchAnswer] = []
            for instance in instances { answers += try await Self.answers([instance], model) }
            return answers
        }
    }

    /// A line `('text', 3)` for each error's text, the most frequent first, as Python writes a tuple.
    static func statistics(_ problems: [StageReport.Problem]) -> [UInt8] {
        var counts: [String: Int] = [:]
        for problem in problems { counts[problem.reason, default: 0] += 1 }
        let lines = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { text, count in
            "(\(pythonLiteral(text)), \(count))\n"
        }
        return Array(lines.joined().utf8)
    }

    private static func pythonLiteral(_ text: String) -> String {
        let quote: Character = text.contains("'") && !text.contains("\"") ? "\"" : "'"
        var output = String(quote)
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": output += "\\\\"
            case "\n": output += "\\n"
            case "\r": output += "\\r"
            case "\t": output += "\\t"
            case "'" where quote == "'": output += "\\'"
            case _ where scalar.value < 0x20 || scalar.value == 0x7f:
                output += "\\x" + (scalar.value < 16 ? "0" : "") + String(scalar.value, radix: 16)
            default: output.unicodeScalars.append(scalar)
            }
        }
        output.append(quote)
        return output
    }
}
