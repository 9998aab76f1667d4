public import Catalog
import Foundation
public import LightboxCore
import Synchronization

/// A training job as a process of its own: `lightbox train …` with the job's arguments.
///
/// The engine's memory goes with the process, and a training that crashes leaves the server alone. What the process
/// prints becomes the job's log.
public struct TrainingProcess: Sendable {
    /// The program, and what stands before `train` on its command line.
    public var executable: String
    public var leadingArguments: [String] = []
    private let home: Home

    /// - Parameter executable: this program unless told.
    public init(home: Home, executable: String = "/proc/self/exe") {
        self.executable = executable
        self.home = home
    }

    /// Runs the training to its end; a job that is to stop is asked to save and end.
    ///
    /// - Throws: ``InputError`` with the process's last words when it failed, ``Cancelled`` when it was stopped.
    public func run(_ work: TrainingWork, _ lease: JobLease) async throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: executable).resolvingSymlinksInPath()
        process.arguments = leadingArguments + (try arguments(of: work, isResuming: lease.job.attempts > 1))
        process.standardInput = FileHandle.nullDevice
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        let lines = TrainingLines(lease)
        pipe.fileHandleForReading.readabilityHandler = { handle in
            let data = handle.availableData
            if data.isEmpty { handle.readabilityHandler = nil }
            lines.take(data)
        }
        try process.run()
        var wasStopped = false
        while process.isRunning {
            if lease.shouldStop && !wasStopped {
                process.terminate()  // the trainer saves and ends
                wasStopped = true
            }
            try? await Task.sleep(for: .milliseconds(200))
        }
        process.waitUntilExit()
        for _ in 0..<50 where !lines.isAtEnd { try? await Task.sleep(for: .milliseconds(20)) }
        if wasStopped { throw Cancelled(stage: "train") }
        guard process.terminationStatus == 0 else {
            throw InputError(
                .unsupported, "The training ended with \(process.terminationStatus): \(lines.last)")
        }
    }

    /// `train KIND …`, addresses of buckets as paths.
    package func arguments(of work: TrainingWork, isResuming: Bool) throws -> [String] {
        let kinds = ["transfer", "classifier", "heatmap"]
        let parts = work.module.split(separator: ".").map(String.init)
        // `trainer.task` is what the transfer learning of old scripts is called.
        guard let kind = parts.last(where: kinds.contains) ?? (work.module == "trainer.task" ? kinds[0] : nil)
        else {
            throw InputError(
                .invalidInput,
                "pythonModule: there is no such trainer. Use lightbox.train.transfer, .classifier or .heatmap.")
        }
        var arguments = try work.arguments.map { argument -> String in
            guard let scheme = argument.range(of: "gs://") else { return argument }
            // Also behind the `=` of an option.
            return argument[..<scheme.lowerBound] + (try place(of: String(argument[scheme.lowerBound...])))
        }
        if work.namedOutput == nil, !work.folder.isEmpty {
            arguments += ["--output", try place(of: work.folder)]
        }
        if isResuming, !arguments.contains("--resume") { arguments.append("--resume") }
        return ["train", kind] + arguments + ["--home", home.path]
    }

    /// A path of this machine; an address elsewhere stays one, which the other process reads and writes itself.
    private func place(of address: String) throws -> String {
        let path = try home.localPath(of: address)
        return RemoteFiles.isRemote(path) ? address : path
    }
}

/// Cuts what a process prints into lines for a job's log.
private final class TrainingLines: Sendable {
    private struct State {
        var rest: [UInt8] = []
        var last = "it said nothing."
        var isAtEnd = false
    }

    private let lease: JobLease
    private let state = Mutex(State())

    init(_ lease: JobLease) { self.lease = lease }

    var last: String { state.withLock { $0.last } }
    var isAtEnd: Bool { state.withLock { $0.isAtEnd } }

    func take(_ data: Data) {
        let complete = state.withLock { state -> [String] in
            if data.isEmpty { state.isAtEnd = true }
            state.rest += data
            var lines = state.rest.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            let rest = lines.popLast() ?? []
            if data.isEmpty { lines.append(rest) }
            state.rest = data.isEmpty ? [] : Array(rest)
            let texts = lines.map { String(decoding: $0.prefix(4096), as: UTF8.self) }.filter { !$0.isEmpty }
            if let last = texts.last { state.last = last }
            return texts
        }
        // A line that is lost because another process has the job is no loss.
        for text in complete { try? lease.log(text) }
    }
}
