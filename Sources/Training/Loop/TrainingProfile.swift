/// Where the time of a run went.
public struct TrainingProfile: Sendable, Codable, Hashable {
    public enum Part: String, Sendable, Codable, CaseIterable {
        /// Waiting for the next batch: 0 when loading hides behind computing.
        case data
        /// Bringing the batch to the device, the network and the loss.
        case forward
        case backward
        /// Averaging gradients over the processes, and the step itself.
        case optimizer
        case validation, checkpoint
    }

    /// Seconds per part.
    public private(set) var seconds: [Part: Double] = [:]
    /// Steps measured.
    public internal(set) var steps = 0
    /// Training images measured.
    public internal(set) var images = 0

    public init() {}

    public var total: Double { seconds.values.reduce(0, +) }

    public subscript(_ part: Part) -> Double { seconds[part] ?? 0 }

    /// Images per second of training alone, without validations and checkpoints.
    public var imagesPerSecond: Double? {
        let training = self[.data] + self[.forward] + self[.backward] + self[.optimizer]
        return training > 0 ? Double(images) / training : nil
    }

    mutating func add(_ duration: Duration, to part: Part) {
        seconds[part, default: 0] += duration / .seconds(1)
    }

    /// Runs `body` and counts its time.
    mutating func measure<Result>(_ part: Part, _ body: () throws -> Result) rethrows -> Result {
        let start = ContinuousClock.now
        defer { add(ContinuousClock.now - start, to: part) }
        return try body()
    }
}
