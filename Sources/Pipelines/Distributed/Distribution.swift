public import LightboxCore

/// How a stage's work is spread over processes and machines.
///
/// The output is that of a run in this process, byte for byte: the driver lists the input and cuts it where batches end,
/// decides everything that is decided once (precision, calibration), checks what the workers wrote and puts it together.
public struct Distribution: Sendable {
    public var engine: any TaskEngine
    /// A folder that the driver and all workers see under the same path, for the plan and the parts; nil: the one in
    /// which the output is to stand.
    public var sharedFolder: String?
    /// Images in a task, which is what is done again when a worker dies.
    public var imagesPerTask = 256
    /// Of one worker process.
    public var threads = 1

    public init(engine: any TaskEngine) { self.engine = engine }
}

/// Something that runs `lightbox worker STAGE` over the lines of a manifest, here or elsewhere.
public protocol TaskEngine: Sendable {
    /// Whether work could begin at all, asked before the input is listed.
    func check() throws
    /// The run that is still at work in a folder where a driver begins, when this engine goes on with it.
    ///
    /// - Throws: ``EngineError`` when another process is to end that run.
    func takeOver(_ folder: String) throws -> String?
    /// Returns when every line was dealt out and answered. The answers themselves are in the run's folder.
    ///
    /// - Throws: what ``EngineJob/tick`` throws, after the engine's work has ended; ``EngineError``.
    func run(_ job: EngineJob) throws
}

extension TaskEngine {
    public func takeOver(_ folder: String) throws -> String? { nil }
}

/// What an engine is to run.
public struct EngineJob {
    /// The worker's stage.
    public let stage: String
    /// Absolute; every worker sees it.
    public let folder: String
    /// One task a line.
    public let manifest: String
    /// Lines of the manifest.
    public let tasks: Int
    /// What the workers are to be given as `--run`.
    public let run: String
    /// Threads of each worker.
    public let threads: Int
    /// Of all tasks, those that are done too: what tells one plan from another.
    public let plan: String
    /// Where what workers say on standard error belongs, a file for each machine.
    public let logs: String
    /// Called several times a second by the engine, with a word on what it waits for: reports progress, and throws when
    /// the run is cancelled.
    public let tick: (_ detail: String?) throws -> Void
    /// Counts the tasks without an answer.
    public let missing: () -> Int
}

/// A driver ended and its work did not: what goes on, and where it will tell of its end.
public struct WorkGoesOn: Error, Codable, Equatable {
    public let stage: String
    /// The job that works, and the one that puts its output together.
    public let job: String
    public let finish: String
    /// What the second of them says.
    public let log: String

    public var description: String {
        """
        \(stage) goes on as job \(job); job \(finish) puts the output together and tells of it in
        \(log). The same command without --detach waits for them; scancel \(job) \(finish) ends them.
        """
    }
}

/// An engine did not do its work.
public struct EngineError: Failure, Equatable {
    public let kind: FailureKind
    public let description: String

    public init(_ description: String, kind: FailureKind = .environment) {
        (self.description, self.kind) = (description, kind)
    }
}

extension Distribution {
    /// The folder for a run's plan and parts.
    ///
    /// - Parameter output: where the output goes.
    /// - Throws: ``InputError`` when that is no folder: workers meet in one.
    func parent(beside output: String) throws -> String {
        let parent = sharedFolder ?? output
        guard RemoteFiles.isRemote(parent) else { return parent }
        throw InputError(
            .invalidInput,
            "\(RemoteFiles.shown(parent)) is no folder in which workers could meet. Name one that all of them see "
                + "with --shared-folder; the output goes where it should.")
    }
}
