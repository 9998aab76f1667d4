import Foundation
import LightboxCore
import Testing

@Suite("Mapping in order on several threads") struct OrderedMapTests {
    @Test("Results come in the order of the items, however long each takes", arguments: [1, 2, 7])
    func order(threads: Int) throws {
        var next = 0
        var results: [Int] = []
        try mapInOrder(
            threads: threads,
            next: { () -> Int? in
                next += 1
                return next <= 200 ? next : nil
            },
            transform: { item in
                if item % 3 == 0 { usleep(500) }
                return item * item
            },
            consume: { (result: Int) in
                results.append(result)
                return true
            })
        #expect(results == (1...200).map { $0 * $0 })
    }

    @Test("At most twice as many items as threads are under way") func bounded() throws {
        let counter = Counter()
        var fed = 0
        var consumed = 0
        var widest = 0
        try mapInOrder(
            threads: 3,
            next: { () -> Int? in
                fed += 1
                widest = max(widest, fed - consumed)
                return fed <= 100 ? fed : nil
            },
            transform: { _ in counter.increment() },
            consume: { (_: Void) in
                consumed += 1
                return true
            })
        #expect(counter.value == 100)
        #expect(widest <= 7)
    }

    @Test("The first error in item order is thrown, and results before it are handed over") func failure() {
        struct Failed: Error, Equatable { let item: Int }
        var next = 0
        var results: [Int] = []
        #expect(throws: Failed(item: 5)) {
            try mapInOrder(
                threads: 4,
                next: { () -> Int? in
                    next += 1
                    return next
                },
                transform: { item in
                    if item >= 5 { throw Failed(item: item) }
                    return item
                },
                consume: { (result: Int) in
                    results.append(result)
                    return true
                })
        }
        #expect(results == [1, 2, 3, 4])
    }

    @Test("Stops when the consumer has had enough") func enough() throws {
        var results = 0
        try mapInOrder(
            threads: 2, next: { () -> Int? in 1 }, transform: { $0 },
            consume: { (_: Int) in
                results += 1
                return results < 10
            })
        #expect(results == 10)
    }
}

private final class Counter: @unchecked Sendable {
    // Unchecked: `count` is touched only with the lock held.
    private let lock = NSLock()
    private var count = 0
    func increment() { lock.withLock { count += 1 } }
    var value: Int { lock.withLock { count } }
}
