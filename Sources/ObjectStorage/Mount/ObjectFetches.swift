import Foundation
import Synchronization

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
        Self.endWithProcess(self)
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
                condition.broadcast()
                return nil
            }
            return waiting.removeFirst()
        }
    }

    private func end() {
        let latest = Date(timeIntervalSinceNow: 3)
        condition.withLock {
            waiting.removeAll()
            while threads > 0, condition.wait(until: latest) {}
        }
    }

    // A process that ends takes OpenSSL's tables away first; threads that still fetch would fall over that.
    private static let all = Mutex<[ObjectFetches]>([])

    private static func endWithProcess(_ fetches: ObjectFetches) {
        let isFirst = all.withLock { all in
            guard !all.contains(where: { $0 === fetches }) else { return false }
            all.append(fetches)
            return all.count == 1
        }
        guard isFirst else { return }
        atexit {
            HTTPClient.endAll()
            for fetches in ObjectFetches.all.withLock({ $0 }) { fetches.end() }
        }
    }
}
