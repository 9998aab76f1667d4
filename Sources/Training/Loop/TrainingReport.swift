/// What a run did.
public struct TrainingReport: Sendable, Codable {
    public enum Ending: String, Sendable, Codable {
        /// All steps were taken.
        case finished
        /// The validation got no better.
        case stoppedEarly
        /// Asked to stop; the checkpoint holds everything.
        case interrupted
    }

    public var ending: Ending
    /// The run's folder.
    public var folder: String
    public var step: Int
    public var steps: Int
    /// The validation whose weights are `checkpoints/best`; nil without one.
    public var best: ValidationRecord?
    public var last: ValidationRecord?
    /// Names of the labels or classes, in the order of `best.areas`.
    public var labels: [String]
    /// Seconds of this call.
    public var seconds: Double
    public var profile: TrainingProfile
    public var notes: [String]
    /// The learned rules of uncertain labels at the end; nil for other policies.
    public var learnedRules: UncertaintyPolicy?

    /// How to go on after an interruption; nil when there is nothing left to do.
    public var remedy: String? {
        ending == .interrupted
            ? "Step \(step) of \(steps) is saved. Go on with the same command and --resume." : nil
    }
}
