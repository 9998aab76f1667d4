import Foundation

/// Runs a function over items on threads of its own and hands the results on in the items' order.
///
/// At most `window` items are under way or waiting, so that memory does not depend on how many there are. The
/// threads are plain ones: what blocks on a disk must not take a thread of Swift's concurrency.
final class OrderedParallel<Item: Sendable, Output: Sendable>: @unchecked Sendable {
    // Unchecked: `condition` guards every stored variable.
    private let condition = NSCondition()
    private var waiting: [(Int, Item)] = []
    private var finished: [Int: Output] = [:]
    private var isClosed = false
    private var threads = 0
    private let transform: @Sendable (Item) -> Output

    private init(_ transform: @escaping @Sendable (Item) -> Output) { self.transform = transform }

    /// Returns when all are consumed; after an error, when the items under way are done.
    ///
    /// - Parameter next: gives the items one by one, nil at their end; called from the caller's thread, as `consume` is.
    static func run(
        threads: Int = ProcessInfo.processInfo.activeProcessorCount, window: Int = 256,
        next: () throws -> Item?, transform: @escaping @Sendable (Item) -> Output, consume: (Output) throws -> Void
    ) throws {
        let pool = OrderedParallel(transform)
        pool.start(threads)
        defer { pool.close() }
        var given = 0
        var taken = 0
        var isAtEnd = false
        while true {
            while !isAtEnd, given - taken < window {
                guard let item = try next() else {
                    isAtEnd = true
                    break
                }
                pool.give(item, at: given)
                given += 1
            }
            guard taken < given else { return }
            try consume(pool.take(taken))
            taken += 1
        }
    }

    private func start(_ count: Int) {
        threads = count
        for _ in 0..<count {
            let thread = Thread { self.work() }
            thread.stackSize = 8 << 20
            thread.start()
        }
    }

    private func work() {
        while let (index, item) = nextItem() {
            let output = transform(item)
            condition.withLock {
                finished[index] = output
                condition.broadcast()
            }
        }
        condition.withLock {
            threads -= 1
            condition.broadcast()
        }
    }

    private func nextItem() -> (Int, Item)? {
        condition.lock()
        defer { condition.unlock() }
        while waiting.isEmpty {
            if isClosed { return nil }
            condition.wait()
        }
        return isClosed ? nil : waiting.removeFirst()
    }

    private func give(_ item: Item, at index: Int) {
        condition.withLock {
            waiting.append((index, item))
            condition.broadcast()
        }
    }

    private func take(_ index: Int) -> Output {
        condition.lock()
        defer { condition.unlock() }
        while true {
            if let output = finished.removeValue(forKey: index) { return output }
            condition.wait()
        }
    }

    private func close() {
        condition.lock()
        defer { condition.unlock() }
        isClosed = true
        condition.broadcast()
        while threads > 0 { condition.wait() }
    }
}
