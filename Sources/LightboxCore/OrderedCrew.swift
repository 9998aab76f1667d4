import Foundation

/// Threads that transform items in any order and give the results back in the order of the items.
///
/// Codecs and networks block their thread, which is why these are threads and not tasks of the cooperative pool.
/// Belongs to the one thread that feeds and asks; it sees to it that not too many items are ``underWay``.
public final class OrderedCrew<Item: Sendable, Output: Sendable> {
    private let desk: Desk<Item, Output>
    private var added = 0
    private var taken = 0

    public init(threads: Int, transform: @escaping @Sendable (Item) throws -> Output) {
        desk = Desk(threads: threads, transform: transform)
    }

    deinit { desk.dismiss() }

    /// Items added whose results were not asked for yet.
    public var underWay: Int { added - taken }

    public func add(_ item: Item) {
        desk.add(item, at: added)
        added += 1
    }

    /// Waits for the result of the oldest item under way; nil when there is none.
    ///
    /// - Throws: what `transform` threw for that item.
    public func next() throws -> Output? {
        guard taken < added else { return nil }
        defer { taken += 1 }
        return try desk.result(at: taken).get()
    }

    /// Drops all items under way: those that are being worked on are finished, their results thrown away.
    public func drop() {
        desk.drop(before: added)
        taken = added
    }

    /// Drops all items and returns when every thread has ended.
    public func dismiss() {
        desk.dismiss()
        taken = added
    }
}

/// What waits for the threads of a crew, and what they have done.
private final class Desk<Item: Sendable, Output: Sendable>: @unchecked Sendable {
    // Unchecked: every stored variable is touched only with `condition` locked.
    private let condition = NSCondition()
    private let transform: @Sendable (Item) throws -> Output
    private var waiting: [(index: Int, item: Item)] = []
    private var done: [Int: Result<Output, any Error>] = [:]
    /// Results of items before this one are not wanted.
    private var firstWanted = 0
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

    func drop(before index: Int) {
        condition.withLock {
            firstWanted = index
            waiting.removeAll()
            done.removeAll()
        }
    }

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
                guard index >= firstWanted else { return }
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
