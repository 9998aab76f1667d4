/// Items per second over the last ten seconds, so that a slow start does not spoil the estimate for long.
package struct RateMeter {
    /// Seconds from any fixed moment, and the count then.
    private var samples: [(time: Double, completed: Int)] = []
    private static let window = 10.0
    private static let spacing = 0.1

    package init() {}

    /// - Parameters:
    ///   - completed: items done so far; the first call says where counting starts (a resumed run is not at 0).
    ///   - time: seconds from any fixed moment.
    package mutating func add(completed: Int, at time: Double) {
        if samples.count > 1, let last = samples.dropLast().last, time - last.time < Self.spacing {
            samples[samples.count - 1] = (time, completed)
        } else {
            samples.append((time, completed))
        }
        while samples.count > 2, time - samples[1].time >= Self.window { samples.removeFirst() }
    }

    /// nil before half a second has passed.
    package var rate: Double? {
        guard let first = samples.first, let last = samples.last, last.time - first.time >= 0.5 else { return nil }
        return Double(last.completed - first.completed) / (last.time - first.time)
    }
}
