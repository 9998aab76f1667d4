import Foundation
public import LightboxCore
import Synchronization

/// Known cases with a vector each, and the search for those that are nearest to another vector.
///
/// All vectors lie in one piece of memory, each of length 1. A search passes over their 8-bit copies, a quarter of the memory,
/// and computes in 32 bits only where the copy's error leaves it open whether a case is among the nearest; so it finds what a
/// pass over all would.
public struct CaseIndex: Sendable {
    public struct Case: Sendable, Hashable {
        public let id: String
        public let labels: [String]
        /// Where its picture is: PNG, JPEG or DICOM; nil where nobody knows.
        public let path: String?

        public init(id: String, labels: [String] = [], path: String? = nil) {
            self.id = id
            self.labels = labels
            self.path = path
        }
    }

    /// A case near to a vector.
    public struct Match: Sendable, Hashable {
        /// In ``CaseIndex/cases``.
        public let index: Int
        /// The cosine of the angle between the two vectors, −1...1.
        public let similarity: Float
    }

    /// Numbers in every vector.
    public let length: Int
    /// In the order in which they were added.
    public private(set) var cases: [Case] = []
    /// One behind the other, each of length 1.
    public private(set) var vectors: [Float] = []
    private var coarse = CoarseVectors()
    private var indices: [String: Int] = [:]

    /// - Parameters:
    ///   - length: numbers in every vector, one at least.
    ///   - capacity: cases that are to be expected.
    public init(length: Int, capacity: Int = 0) {
        precondition(length > 0)
        self.length = length
        vectors.reserveCapacity(capacity * length)
        coarse.reserve(capacity, length)
        cases.reserveCapacity(capacity)
    }

    /// Adds a case; one without a direction, all zeros or with a number that is none, is near to nothing and left out.
    ///
    /// - Precondition: the vector has ``length`` numbers.
    /// - Returns: whether it was added.
    @discardableResult
    public mutating func add(_ case: Case, _ vector: [Float]) -> Bool {
        precondition(vector.count == length)
        guard let scale = Self.scale(vector[...]) else { return false }
        let unit = vector.map { Float(Double($0) * scale) }
        vectors += unit
        coarse.append(unit)
        indices[`case`.id] = indices[`case`.id] ?? cases.count
        cases.append(`case`)
        return true
    }

    /// The case of this id; the first, where several have it.
    public func `case`(id: String) -> Case? { indices[id].map { cases[$0] } }

    /// The vector of a case, of length 1.
    public func vector(of id: String) -> [Float]? {
        indices[id].map { Array(vectors[($0 * length)..<(($0 + 1) * length)]) }
    }

    /// The cases with the highest cosine to each of some vectors, the highest first, of equal ones the first added.
    ///
    /// It computes on all cores and blocks the calling thread meanwhile.
    ///
    /// - Parameters:
    ///   - queries: vectors of ``length`` numbers, one behind the other.
    ///   - count: of cases for each; all of them where there are fewer.
    /// - Returns: a list for each vector, an empty one for a vector without a direction.
    public func nearest(to queries: [Float], count: Int) -> [[Match]] {
        precondition(queries.count % length == 0 && count >= 0)
        let rows = queries.count / length
        var prepared: [Float] = []
        prepared.reserveCapacity(queries.count)
        var hasDirection: [Bool] = []
        for row in 0..<rows {
            let query = queries[(row * length)..<((row + 1) * length)]
            let scale = Self.scale(query)
            hasDirection.append(scale != nil)
            prepared += query.map { Float(Double($0) * (scale ?? 0)) }
        }
        let found = search(prepared, rows: rows, count: count)
        return zip(found, hasDirection).map { $1 ? $0.matches : [] }
    }

    /// What makes a vector's length 1; nil where nothing does.
    private static func scale(_ vector: ArraySlice<Float>) -> Double? {
        let length = vector.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
        return length > 0 && length.isFinite ? 1 / length : nil
    }

    /// SHA-256 of all ids, labels and vectors, in their order.
    public func fingerprint() -> ContentHash {
        var hasher = ContentHasher()
        for known in cases {
            let fields = [known.id] + known.labels
            Array(fields.joined(separator: "\u{1f}").utf8 + [0]).withUnsafeBytes { hasher.update($0) }
        }
        vectors.withUnsafeBytes { hasher.update($0) }
        return hasher.finalize()
    }

    // MARK: The pass over all vectors

    /// Each core takes a part of the cases.
    private func search(_ queries: [Float], rows: Int, count: Int) -> [Best] {
        let cores = ProcessInfo.processInfo.activeProcessorCount
        // Under a million products a second thread costs more than it takes.
        let parts = max(1, min(cores, rows * vectors.count >> 20, cases.count))
        let found = Mutex([[Best]](repeating: [], count: parts))
        DispatchQueue.concurrentPerform(iterations: parts) { part in
            let range = (cases.count * part / parts)..<(cases.count * (part + 1) / parts)
            let best = scan(range, queries, rows: rows, count: count)
            found.withLock { $0[part] = best }
        }
        return found.withLock { found in
            (0..<rows).map { row in
                var best = Best(count: count)
                for part in found { for match in part[row].matches { best.add(match) } }
                return best
            }
        }
    }

    private func scan(_ range: Range<Int>, _ queries: [Float], rows: Int, count: Int) -> [Best] {
        var best = [Best](repeating: Best(count: count), count: rows)
        let sought = (0..<rows).map { CoarseQuery(queries[($0 * length)..<(($0 + 1) * length)]) }
        // So many vectors stay in the processor's cache while each query passes over them.
        let block = max(1, (1 << 18) / length)
        var most = [Float](repeating: 0, count: block)
        vectors.withUnsafeBytes { vectors in
            queries.withUnsafeBytes { queries in
                guard let vectors = vectors.baseAddress, let queries = queries.baseAddress else { return }
                for start in stride(from: range.lowerBound, to: range.upperBound, by: block) {
                    let part = start..<min(start + block, range.upperBound)
                    for row in 0..<rows {
                        coarse.mostSimilarities(sought[row], part, into: &most)
                        for index in part where most[index - start] > best[row].least {
                            let product = Self.product(
                                queries + 4 * row * length, vectors + 4 * index * length, length)
                            best[row].add(Match(index: index, similarity: max(-1, min(1, product))))
                        }
                    }
                }
            }
        }
        return best
    }

    /// The sum of products, 32 of them side by side.
    @inline(__always)
    private static func product(_ a: UnsafeRawPointer, _ b: UnsafeRawPointer, _ count: Int) -> Float {
        typealias Lanes = SIMD8<Float>
        var sums = (Lanes.zero, Lanes.zero, Lanes.zero, Lanes.zero)
        let whole = count & ~31
        var index = 0
        @inline(__always) func lanes(_ base: UnsafeRawPointer, _ offset: Int) -> Lanes {
            base.loadUnaligned(fromByteOffset: 4 * (index + offset), as: Lanes.self)
        }
        while index < whole {
            sums.0 += lanes(a, 0) * lanes(b, 0)
            sums.1 += lanes(a, 8) * lanes(b, 8)
            sums.2 += lanes(a, 16) * lanes(b, 16)
            sums.3 += lanes(a, 24) * lanes(b, 24)
            index += 32
        }
        var sum = ((sums.0 + sums.1) + (sums.2 + sums.3)).sum()
        while index < count {
            sum +=
                a.loadUnaligned(fromByteOffset: 4 * index, as: Float.self)
                * b.loadUnaligned(fromByteOffset: 4 * index, as: Float.self)
            index += 1
        }
        return sum
    }
}

/// The best few matches so far, in order.
private struct Best: Sendable {
    let count: Int
    private(set) var matches: [CaseIndex.Match] = []
    /// A match has to be better than this.
    private(set) var least: Float

    init(count: Int) {
        self.count = count
        least = count > 0 ? -.infinity : .infinity
    }

    /// - Parameter match: added later than all equal ones.
    mutating func add(_ match: CaseIndex.Match) {
        guard match.similarity > least else { return }
        var place = matches.count
        while place > 0, matches[place - 1].similarity < match.similarity { place -= 1 }
        matches.insert(match, at: place)
        if matches.count > count { matches.removeLast() }
        if matches.count == count { least = matches[count - 1].similarity }
    }
}
