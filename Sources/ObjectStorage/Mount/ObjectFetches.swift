import Foundation

/// Threads that bring objects ahead of their use, and the rule that two callers who want the same bring it once.
final class ObjectFetches: @unchecked Sendable {
    // Unchecked: every stored variable is touched only with `condition` locked.
    private let condition = NSCondition()
    private var underWay: Set<String> = []
    private var waiting: [@Sendable () throws -> Void] = []
    private var threads = 0
    private static let mostThreads = 8

    /// Runs `body` unless another thread does for the same key; then it waits for that one first.
    func once(_ key: String, _ body: () throws -> String) throws -> String {
        condition.withLock {
            while underWay.contains(key) { condition.wait() }
            underWay.insert(key)
        }
        defer {
            condition.withLock {
                underWay.remove(key)
                condition.broadcast()
            }
        }
        return try body()
    }

    /// Runs `body` soon on another thread; whoever needs what it brings meets its error again.
    func order(_ body: @escaping @Sendable () throws -> Void) {
        condition.withLock {
            waiting.append(body)
            guard threads < Self.mostThreads else { return }
            threads += 1
            let thread = Thread { [self] in work() }
            thread.name = "lightbox-objects"
            thread.start()
        }
    }

    private func work() {
        while let body = next() { try? body() }
    }

    private func next() -> (@Sendable () throws -> Void)? {
        condition.withLock {
            guard !waiting.isEmpty else {
                threads -= 1
                return nil
            }
            return waiting.removeFirst()
        }
    }
}
