import Inference

/// One request for some rows.
final class BatchEntry: @unchecked Sendable {
    // Unchecked: what changes is touched only under the batcher's lock.
    typealias Continuation = CheckedContinuation<[Tensor], any Error>

    let inputs: [Tensor]
    let rows: Int
    let deadline: ContinuousClock.Instant?
    var isAlone: Bool
    var continuation: Continuation?
    /// Whether the caller has gone.
    var isAbandoned = false

    init(inputs: [Tensor], rows: Int, isAlone: Bool, deadline: ContinuousClock.Instant?) {
        self.inputs = inputs
        self.rows = rows
        self.isAlone = isAlone
        self.deadline = deadline
    }

    /// Whether the rows of both can stand in one array.
    func fits(_ other: BatchEntry) -> Bool {
        inputs.count == other.inputs.count
            && zip(inputs, other.inputs).allSatisfy {
                $0.elementType == $1.elementType && $0.shape.dropFirst() == $1.shape.dropFirst()
            }
    }
}

/// Requests that are computed together.
struct Batch: Sendable {
    let entries: [BatchEntry]
    let start = ContinuousClock.now

    /// All rows, one array for each input.
    var inputs: [Tensor] {
        if entries.count == 1 { return entries[0].inputs }
        return entries[0].inputs.indices.map { index in Tensor(joining: entries.map { $0.inputs[index] }) }
    }
}

/// Who waits and what is under way; kept under the batcher's lock.
struct BatchQueue {
    struct Answer: Sendable {
        let continuation: BatchEntry.Continuation
        /// Its part of the batch's rows; nil for all of them.
        let rows: Range<Int>?
    }

    private var waiting: [BatchEntry] = []
    private var waitingRows = 0
    private var computing: [BatchEntry] = []
    private var running = 0
    /// What a batch takes, a moving mean; nil before the first.
    private var usualTime: Duration?
    private var isWatched = false

    mutating func add(_ entry: BatchEntry) {
        waiting.append(entry)
        waitingRows += entry.rows
    }

    /// Takes the next batch when it is time for it.
    mutating func next(_ settings: MicroBatcher.Settings) -> Batch? {
        guard !waiting.isEmpty, running < max(1, settings.slots) else { return nil }
        // While a batch that soon ends is under way, others may join; its end asks again.
        if running > 0, waitingRows < settings.maximumBatch, let usualTime, usualTime < settings.delay {
            return nil
        }
        let first = waiting[0]
        var entries = [first]
        var rows = first.rows
        if !first.isAlone {
            for entry in waiting.dropFirst() where !entry.isAlone && rows + entry.rows <= settings.maximumBatch {
                guard rows < settings.maximumBatch else { break }
                guard first.fits(entry) else { continue }
                entries.append(entry)
                rows += entry.rows
            }
        }
        if entries.count == waiting.count {
            waiting.removeAll(keepingCapacity: true)
        } else if zip(waiting, entries).allSatisfy({ $0 === $1 }) {
            waiting.removeFirst(entries.count)
        } else {
            let taken = Set(entries.map { ObjectIdentifier($0) })
            waiting.removeAll { taken.contains(ObjectIdentifier($0)) }
        }
        waitingRows -= rows
        running += 1
        if isWatched { computing += entries }
        return Batch(entries: entries)
    }

    /// Notes that a batch has ended and gives the answers of those who still want one.
    mutating func finish(_ batch: Batch, isFailed: Bool) -> [Answer] {
        running -= 1
        let time = ContinuousClock.now - batch.start
        usualTime = usualTime.map { ($0 * 7 + time) / 8 } ?? time
        if !computing.isEmpty {
            let done = Set(batch.entries.map { ObjectIdentifier($0) })
            computing.removeAll { done.contains(ObjectIdentifier($0)) }
        }
        if isFailed, batch.entries.count > 1 {
            for entry in batch.entries.reversed() where entry.continuation != nil {
                entry.isAlone = true
                waiting.insert(entry, at: 0)
                waitingRows += entry.rows
            }
            return []
        }
        var start = 0
        return batch.entries.compactMap { entry in
            defer { start += entry.rows }
            guard let continuation = entry.continuation else { return nil }
            entry.continuation = nil
            let isWhole = batch.entries.count == 1
            return Answer(continuation: continuation, rows: isWhole ? nil : start..<(start + entry.rows))
        }
    }

    /// Takes a request out, wherever it is; nil when it was answered or has not come yet.
    mutating func abandon(_ entry: BatchEntry) -> BatchEntry.Continuation? {
        entry.isAbandoned = true
        guard let continuation = entry.continuation else { return nil }
        entry.continuation = nil
        if let index = waiting.firstIndex(where: { $0 === entry }) {
            waiting.remove(at: index)
            waitingRows -= entry.rows
        }
        return continuation
    }

    // MARK: Deadlines

    /// Whether this request's deadline has nobody who looks after it.
    mutating func startsWatching(_ entry: BatchEntry) -> Bool {
        guard entry.deadline != nil, !isWatched else { return false }
        isWatched = true
        if entry.continuation != nil, !waiting.contains(where: { $0 === entry }) { computing.append(entry) }
        return true
    }

    /// Takes out those whose time is over, and says when the next one's will be; nil when nobody has a deadline.
    mutating func late(
        at now: ContinuousClock.Instant
    ) -> (late: [BatchEntry.Continuation], next: ContinuousClock.Instant?) {
        var next: ContinuousClock.Instant?
        var late: [BatchEntry] = []
        for entry in waiting + computing {
            guard let deadline = entry.deadline, entry.continuation != nil else { continue }
            if deadline <= now { late.append(entry) } else { next = min(next ?? deadline, deadline) }
        }
        isWatched = next != nil
        return (late.compactMap { abandon($0) }, next)
    }
}

extension Tensor {
    /// The rows of several arrays one behind the other.
    ///
    /// - Precondition: one type, and one shape but for the first length.
    init(joining parts: [Tensor]) {
        let rows = parts.reduce(0) { $0 + $1.shape[0] }
        let shape = [rows] + parts[0].shape.dropFirst()
        let count = parts.reduce(0) { $0 + $1.elements.count }
        func join<Number>(_ arrays: (Tensor) -> [Number]?) -> [Number] {
            var joined: [Number] = []
            joined.reserveCapacity(count)
            for part in parts { joined += arrays(part) ?? [] }
            return joined
        }
        switch parts[0].elements {
        case .float32:
            self.init(
                shape: shape,
                elements: .float32(join { if case .float32(let values) = $0.elements { values } else { nil } }))
        case .uint8:
            self.init(
                shape: shape,
                elements: .uint8(join { if case .uint8(let values) = $0.elements { values } else { nil } }))
        case .int32:
            self.init(
                shape: shape,
                elements: .int32(join { if case .int32(let values) = $0.elements { values } else { nil } }))
        case .int64:
            self.init(
                shape: shape,
                elements: .int64(join { if case .int64(let values) = $0.elements { values } else { nil } }))
        }
    }

    /// Some rows by themselves.
    func rows(_ range: Range<Int>) -> Tensor {
        let size = shape.dropFirst().reduce(1, *)
        let values = (range.lowerBound * size)..<(range.upperBound * size)
        let shape = [range.count] + shape.dropFirst()
        switch elements {
        case .float32(let all): return Tensor(shape: shape, elements: .float32(Array(all[values])))
        case .uint8(let all): return Tensor(shape: shape, elements: .uint8(Array(all[values])))
        case .int32(let all): return Tensor(shape: shape, elements: .int32(Array(all[values])))
        case .int64(let all): return Tensor(shape: shape, elements: .int64(Array(all[values])))
        }
    }
}
