/// Maps items on threads of their own and hands the results over in the order of the items.
///
/// The calling thread feeds and consumes, so neither needs a lock. At most `window` items are under way:
/// a slow consumer holds the workers back instead of filling memory. ``OrderedCrew`` is the same for a consumer
/// that asks for results when it wants them.
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
    let crew = OrderedCrew(threads: threads, transform: transform)
    defer { crew.dismiss() }
    var isExhausted = false
    while true {
        while !isExhausted && crew.underWay < max(threads, window ?? 2 * threads) {
            if let item = try next() { crew.add(item) } else { isExhausted = true }
        }
        guard let output = try crew.next() else { return }
        guard try consume(output) else { return }
    }
}
