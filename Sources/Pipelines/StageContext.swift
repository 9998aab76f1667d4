public import Foundation
public import LightboxCore

/// What every stage is given besides its settings: where to report, how wide to run, when to stop.
public struct StageContext: Sendable {
    public var home: Home
    /// Worker threads; all cores by default.
    public var threads: Int
    public var progress: ProgressHandler
    /// Asked between items: a stage that sees true finishes what it has begun, saves and ends.
    public var isCancelled: @Sendable () -> Bool
    /// Other processes and machines that the work is to be spread over; nil: this one does it.
    public var distribution: Distribution?

    public init(
        home: Home, threads: Int = ProcessInfo.processInfo.activeProcessorCount,
        progress: @escaping ProgressHandler = { _ in }, isCancelled: @escaping @Sendable () -> Bool = { false }
    ) {
        self.home = home
        self.threads = max(1, threads)
        self.progress = progress
        self.isCancelled = isCancelled
    }
}

/// The work was stopped from outside; what had been written stays and a second run continues there.
public struct Cancelled: Failure, Equatable {
    public let stage: String
    /// What was done so far is on disk, and the same command goes on from there.
    public let continues: Bool

    public init(stage: String, continues: Bool = false) { (self.stage, self.continues) = (stage, continues) }
    public var kind: FailureKind { .environment }
    public var description: String {
        "\(stage) was stopped. Run the same command again\(continues ? " to continue" : ": it begins anew")."
    }
}
