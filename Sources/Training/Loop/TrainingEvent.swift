/// What a run tells while it goes on.
public enum TrainingEvent: Sendable {
    case started(TrainingStart)
    case step(StepProgress)
    case validating(completed: Int, total: Int)
    case validated(ValidationRecord, isBest: Bool)
    /// A checkpoint stands at this path.
    case saved(String)
    /// Something worth a line: layers that start afresh, a log that cannot be written.
    case note(String)
}

/// How a run begins.
public struct TrainingStart: Sendable {
    /// Steps taken before, by the run that is gone on with.
    public var step: Int
    public var steps: Int
    public var stepsPerEpoch: Int
    /// Numbers that learn, and all of them.
    public var trainableParameters: Int
    public var parameters: Int
    /// "cpu, bf16, 2 processes".
    public var engine: String
}

/// How far a run has come.
public struct StepProgress: Sendable, Hashable {
    /// Steps taken.
    public var step: Int
    public var steps: Int
    /// From 1.
    public var epoch: Int
    public var epochs: Int
    /// Of the last step whose loss is known: of this one, on a GPU of one shortly before.
    public var loss: Double
    /// Mean over the last steps, for the eye.
    public var smoothedLoss: Double
    /// Of all processes.
    public var imagesPerSecond: Double
    /// Until the last step, at the pace so far and with the validations still to come.
    public var secondsLeft: Double
    public var learningRate: Double
    /// Share of the time in which this process waits for data, 0...1.
    public var waitingShare: Double
}

/// Estimates pace and time left from the last steps, and how long validations take.
struct Pace {
    private var stepSeconds: Double?
    private var waitingSeconds: Double?
    private(set) var validationSeconds: Double?
    private(set) var lastLoss: Double?
    private(set) var smoothedLoss: Double?
    /// What a new value counts beside the old mean.
    private let share = 0.05

    mutating func add(seconds: Double, waiting: Double) {
        stepSeconds = mixed(stepSeconds, seconds)
        waitingSeconds = mixed(waitingSeconds, waiting)
    }

    mutating func add(loss: Double) {
        lastLoss = loss
        smoothedLoss = mixed(smoothedLoss, loss)
    }

    mutating func add(validation seconds: Double) { validationSeconds = seconds }

    func imagesPerSecond(batch: Int) -> Double { stepSeconds.map { Double(batch) / max($0, 1e-9) } ?? 0 }
    var waitingShare: Double { (waitingSeconds ?? 0) / max(stepSeconds ?? 1, 1e-9) }

    func secondsLeft(steps: Int, validations: Int) -> Double {
        Double(steps) * (stepSeconds ?? 0) + Double(validations) * (validationSeconds ?? 0)
    }

    private func mixed(_ mean: Double?, _ value: Double) -> Double {
        mean.map { $0 + share * (value - $0) } ?? value
    }
}
