import Foundation

/// Maps items on threads of their own and hands the results over in the order of the items.
///
/// The calling thread feeds and consumes, so neither needs a lock. At most `window` items are under way:
/// a slow consumer holds the workers back instead of filling memory. Codecs and networks block their
/// thread, which is why these are threads and not tasks of the cooperative pool.
///
/// - Parameters:
///   - window: items at most between `next` and `consume`; twice `threads` unless told.
///   - next: gives the items one after another, nil at the end.
///   - consume: returns false to stop early; items under way are finished and dropped.
/// - Throws: the first error in item order, of `next`, `transform` or `consume`.
public func mapInOrder<Item: Sendable, Output: Sendable>(
    threads: Int, window: Int? = nil, next: () throws -> Item?,
    transform: @escaping @Sendable (Item) throws -> Output, consume: (Output) throws -> Bool
) throws {
    let crew = Crew(threads: threads, transform: transform)
    defer { crew.dismiss() }
    var isExhausted = false
    var fed = 0
    var consumed = 0
    while true {
        while !isExhausted && fed - consumed < max(threads, window ?? 2 * threads) {
            if let item = try next() {
                crew.add(item, at: fed)
                fed += 1
            } else {
                isExhausted = true
            }
        }
        guard consumed < fed else { return }
        let output = try crew.result(at: consumed).get()
        consumed += 1
        guard try consume(output) else { return }
    }
}

/// The threads of one `mapInOrder`, with what waits for them and what they have done.
private final class Crew<Item: Sendable, Output: Sendable>: @unchecked Sendable {
    // Unchecked: every stored variable is touched only with `condition` locked.
    private let condition = NSCondition()
    private let transform: @Sendable (Item) throws -> Output
    private var waiting: [(index: Int, item: Item)] = []
    private var done: [Int: Result<Output, any Error>] = [:]
    private var isDismissed = false
    private var working: Int

    init(threads: Int, transform: @escaping @Sendable (Item) throws -> Output) {
        self.transform = transform
        working = threads
        for number in 0..<threads {
            let thread = Thread { [self] in work() }
            thread.name = "lightbox-worker-\(number)"
            thread.stackSize = 8 << 20
            thread.start()
        }
    }

    func add(_ item: Item, at index: Int) {
        condition.withLock {
            waiting.append((index, item))
            condition.broadcast()
        }
    }

    func result(at index: Int) -> Result<Output, any Error> {
        condition.withLock {
            while done[index] == nil { condition.wait() }
            return done.removeValue(forKey: index)!
        }
    }

    /// Drops what waits and returns when every thread has ended.
    func dismiss() {
        condition.withLock {
            isDismissed = true
            waiting.removeAll()
            condition.broadcast()
            while working > 0 { condition.wait() }
        }
    }

    private func work() {
        while let (index, item) = take() {
            let result = Result { try transform(item) }
            condition.withLock {
                done[index] = result
                condition.broadcast()
            }
        }
        condition.withLock {
            working -= 1
            condition.broadcast()
        }
    }

    private func take() -> (index: Int, item: Item)? {
        condition.withLock {
            while waiting.isEmpty && !isDismissed { condition.wait() }
            return waiting.isEmpty ? nil : waiting.removeFirst()
        }
    }
}
