import Foundation

/// Calls a function again and again on a thread of its own, so that busy threads elsewhere do not stop it.
final class Heartbeat: @unchecked Sendable {
    // Unchecked: `isStopped` is touched only with `condition` locked.
    private let condition = NSCondition()
    private var isStopped = false

    init(everySeconds seconds: Double, _ beat: @escaping @Sendable () -> Void) {
        let thread = Thread { [self] in
            while waits(seconds) { beat() }
        }
        thread.name = "lightbox-lease"
        thread.start()
    }

    /// The function is not called again, except when it is under way.
    func stop() {
        condition.withLock {
            isStopped = true
            condition.broadcast()
        }
    }

    /// - Returns: false when stopped.
    private func waits(_ seconds: Double) -> Bool {
        let end = Date(timeIntervalSinceNow: seconds)
        return condition.withLock {
            while !isStopped, condition.wait(until: end) {}
            return !isStopped
        }
    }
}
