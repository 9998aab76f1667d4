import Synchronization

/// Texts that several threads write down.
final class LockedList: Sendable {
    private let texts = Mutex<[String]>([])
    var all: [String] { texts.withLock { $0 } }
    func add(_ more: [String]) { texts.withLock { $0 += more } }
}
