import Foundation
import LightboxCore
import Synchronization

/// The objects that an input named when it was opened, in the order in which they will be read.
final class ObjectListing: Sendable {
    /// Sorted by bytes.
    let paths: [String]
    let facts: [ObjectFacts]
    /// Behind the last that was ordered ahead, and when one of them was last asked for.
    private let state = Mutex((ordered: 0, used: ContinuousClock.now))

    init(_ objects: [(path: String, facts: ObjectFacts)]) {
        let sorted = objects.sorted { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
        (paths, facts) = (sorted.map(\.path), sorted.map(\.facts))
    }

    func index(of path: String) -> Int? {
        var (low, high) = (0, paths.count)
        while low < high {
            let middle = (low + high) / 2
            if paths[middle].utf8.lexicographicallyPrecedes(path.utf8) { low = middle + 1 } else { high = middle }
        }
        return low < paths.count && paths[low] == path ? low : nil
    }

    /// What to bring next after `index`, each once: at most `count` objects and `bytes` bytes, one at least.
    func ahead(of index: Int, count: Int, bytes: Int) -> Range<Int> {
        state.withLock { state in
            state.used = .now
            let start = max(state.ordered, index + 1)
            var (end, sum) = (index + 1, 0)
            while end < paths.count, end <= index + count, end == index + 1 || sum + facts[end].size <= bytes {
                sum += facts[end].size
                end += 1
            }
            guard end > start else { return start..<start }
            state.ordered = end
            return start..<end
        }
    }

    func isIdle(for duration: Duration) -> Bool { state.withLock { $0.used.duration(to: .now) > duration } }
}
