import Foundation

/// Follows an array in the queue until it has ended, asking ever more seldom.
struct SlurmWatch {
    let job: String
    private let programs: String?
    /// By Slurm's numbers, how elements ended; kept here, since the controller forgets them after some minutes.
    private(set) var ended: [String: SlurmElement] = [:]
    private var live: [SlurmElement] = []
    private var answers = true

    /// How long a network file system may show a folder as it was.
    private let patience: Duration

    init(job: String, programs: String?, patience: Duration) {
        (self.job, self.programs, self.patience) = (job, programs, patience)
    }

    mutating func waitForEnd(_ work: EngineJob) throws {
        var pause = Duration.milliseconds(500)
        var last = ContinuousClock.now - pause
        var done: ContinuousClock.Instant?
        while true {
            try work.tick(detail)
            guard last.duration(to: .now) >= pause else {
                usleep(50_000)
                continue
            }
            let cluster = SlurmCluster(programs: programs) { [detail] in try work.tick(detail) }
            let elements = try cluster.elements(of: job)
            last = .now
            pause = min(pause * 1.5, .seconds(10))
            if work.missing() == 0 {
                pause = .milliseconds(500)
                done = done ?? .now
            }
            answers = elements != nil
            guard let elements else { continue }
            for element in elements { ended[element.job] = element.isLive ? nil : element }
            live = elements.filter(\.isLive)
            // Elements that would only find that all is done, such as those of a node that went.
            let areLeft = done.map { $0.duration(to: .now) > .seconds(30) } ?? false
            if areLeft || live.isEmpty && elements.contains(where: \.isHeldForGood) { try cluster.cancel(job) }
            if areLeft || live.isEmpty { break }
        }
        // Names that a network file system shows late: every element says that its tasks are done.
        let end = ContinuousClock.now
        while ended.values.allSatisfy({ $0.state == "COMPLETED" }), work.missing() > 0,
            end.duration(to: .now) < patience
        {
            try work.tick("the last answers are not seen yet")
            usleep(500_000)
        }
    }

    /// `3 at work, 12 wait (Resources)`.
    private var detail: String? {
        guard answers else { return "Slurm's controller does not answer" }
        let waiting = live.filter { $0.state == "PENDING" }
        let others = live.count - waiting.count
        guard let first = waiting.first else { return others == 0 ? nil : "\(others) at work" }
        let count = waiting.reduce(0) { $0 + $1.count }
        return "\(others) at work, \(count) wait (\(first.reason))"
    }
}
