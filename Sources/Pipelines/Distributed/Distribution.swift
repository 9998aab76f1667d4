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
    /// Returns when every line was dealt out and answered. The answers themselves are in the run's folder.
    ///
    /// - Throws: what ``EngineJob/tick`` throws, after the engine's work has ended; ``EngineError``.
    func run(_ job: EngineJob) throws
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
    /// Where what workers say on standard error belongs, a file for each machine.
    public let logs: String
    /// Called several times a second by the engine, with a word on what it waits for: reports progress, and throws when
    /// the run is cancelled.
    public let tick: (_ detail: String?) throws -> Void
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
    /// - Throws: ``InputError`` for a path that stands for an object elsewhere: workers see folders only.
    static func check(_ path: String) throws {
        guard RemoteFiles.isRemote(path) else { return }
        throw InputError(
            .unsupported,
            "\(RemoteFiles.shown(path)): workers read and write files in folders that all machines see. Copy with "
                + "`lightbox storage cp`, or run without --runner.")
    }
}
