import Foundation

/// The processes of one group on this machine.
struct LaunchedProcesses {
    private let children: [Process]
    /// When one has failed the others notice by themselves, say so and end; these are for those that do not.
    private let patience = Duration.seconds(20), lastPatience = Duration.seconds(10)

    init(_ children: [Process]) { self.children = children }

    /// Until all have ended. Ctrl-C is passed on; after a failure nobody is left behind.
    func wait() {
        var (isStopping, failedAt, askedAt): (Bool, ContinuousClock.Instant?, ContinuousClock.Instant?) =
            (false, nil, nil)
        while children.contains(where: \.isRunning) {
            let now = ContinuousClock.now
            if Interruption.isRequested && !isStopping {
                isStopping = true
                // A terminal's Ctrl-C has reached those of the terminal's own process group already.
                for child in running where getpgid(child.processIdentifier) != getpgrp() { child.interrupt() }
            }
            if failedAt == nil, children.contains(where: hasFailed) { failedAt = now }
            if askedAt == nil, let failedAt, now - failedAt > patience {
                askedAt = now
                for child in running { child.terminate() }
            }
            if let askedAt, now - askedAt > lastPatience {
                for child in running { kill(child.processIdentifier, SIGKILL) }
            }
            Thread.sleep(forTimeInterval: 0.05)
        }
    }

    private var running: [Process] { children.filter(\.isRunning) }

    private func hasFailed(_ child: Process) -> Bool {
        !child.isRunning && (child.terminationReason == .uncaughtSignal || child.terminationStatus != 0)
    }
}
