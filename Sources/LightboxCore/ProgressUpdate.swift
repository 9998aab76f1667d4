/// How far a stage has come. Stages report; the command line draws.
public struct ProgressUpdate: Sendable {
    public let stage: String
    public let completed: Int
    /// nil while the total is unknown.
    public let total: Int?

    public init(stage: String, completed: Int, total: Int?) {
        self.stage = stage
        self.completed = completed
        self.total = total
    }
}

/// Takes progress from any thread; must be quick.
public typealias ProgressHandler = @Sendable (ProgressUpdate) -> Void
