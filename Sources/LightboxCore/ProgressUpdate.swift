/// How far a stage has come. Stages report; the command line draws.
public struct ProgressUpdate: Sendable {
    public let stage: String
    public let completed: Int
    /// nil while the total is unknown.
    public let total: Int?
    /// A word on how it goes, such as the loss; nil for none.
    public let detail: String?

    public init(stage: String, completed: Int, total: Int?, detail: String? = nil) {
        self.stage = stage
        self.completed = completed
        self.total = total
        self.detail = detail
    }
}

/// Takes progress from any thread; must be quick.
public typealias ProgressHandler = @Sendable (ProgressUpdate) -> Void
