import Foundation
import Synchronization

/// Ctrl-C: the first asks the stage under way to finish what it has begun, the second ends the process.
enum Interruption {
    private static let requests = Atomic<Int>(0)

    /// Stages ask this between items.
    static var isRequested: Bool { requests.load(ordering: .relaxed) > 0 }

    /// From now on; commands without a stage leave Ctrl-C as it was.
    static func install() {
        _ = isRequested  // the counter exists before a handler needs it
        for number in [SIGINT, SIGTERM] { signal(number) { _ in Interruption.request() } }
    }

    /// Only what POSIX allows in a handler: an atomic counter, write and _exit.
    private static func request() {
        if requests.add(1, ordering: .relaxed).newValue > 1 { _exit(ExitStatus.interrupted) }
        let text: StaticString = "\nStopping after what is under way; press Ctrl-C again to stop at once.\n"
        _ = write(STDERR_FILENO, text.utf8Start, text.utf8CodeUnitCount)
    }
}
