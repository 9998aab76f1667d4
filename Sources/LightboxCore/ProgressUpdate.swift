/// How far a stage has come. Stages report; the command line draws.
public struct ProgressUpdate: Sendable {
    public let stage: String
    public let completed: Int
    /// nil while the total is unknown.
    public let total: Int?
    /// A word on how it goes, such as the loss; nil for none.
    public let detail: String?
    /// How many of those completed nothing came of, where the stage counts them.
    public let failed: Int

    public init(stage: String, completed: Int, total: Int?, detail: String? = nil, failed: Int = 0) {
        self.stage = stage
        self.completed = completed
        self.total = total
        self.detail = detail
        self.failed = failed
    }
}

/// Takes progress from any thread; must be quick.
public typealias ProgressHandler = @Sendable (ProgressUpdate) -> Void
