import Foundation

/// Lets calls into the library through while the program lives.
///
/// When a program ends, the library takes itself apart even though threads may still compute in it, and they crash.
/// So the end of the program waits here until they have left, and whoever comes later stays out.
final class LibraryGate: @unchecked Sendable {
    // Unchecked: all state is touched only while `condition` is locked.
    static let shared = LibraryGate()

    private let condition = NSCondition()
    private var inside = 0
    private var isClosed = false

    /// Closes the gate at the end of the program. To be called once, after the library was opened: what is
    /// registered last runs first.
    func closeAtExit() {
        atexit { LibraryGate.shared.close() }
    }

    /// Runs `body` inside; never returns when the program is ending.
    func pass<Result, Failure: Error>(_ body: () throws(Failure) -> Result) throws(Failure) -> Result {
        guard enter() else { while true { sleep(1000) } }
        defer { leave() }
        return try body()
    }

    /// Runs `body` inside, or does without it when the program is ending: for giving memory back.
    func passUnlessClosed(_ body: () -> Void) {
        guard enter() else { return }
        body()
        leave()
    }

    private func enter() -> Bool {
        condition.lock()
        defer { condition.unlock() }
        if !isClosed { inside += 1 }
        return !isClosed
    }

    private func leave() {
        condition.lock()
        inside -= 1
        if isClosed { condition.broadcast() }
        condition.unlock()
    }

    private func close() {
        condition.lock()
        isClosed = true
        // A batch takes seconds at most; a program that hangs at its end would be worse than one that crashes.
        let limit = Date().addingTimeInterval(30)
        while inside > 0, condition.wait(until: limit) {}
        condition.unlock()
    }
}
