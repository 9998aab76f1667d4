import Foundation
public import Inference
import LightboxCore
import Synchronization

/// Joins the requests of one model into batches.
///
/// A request is computed at once while the model is idle. Those that come while it computes wait for one another,
/// until the batch under way ends or the next is full, where batches usually take less than `delay`; so company is
/// never waited for at an idle processor. Rows of different shapes are not joined. When a batch fails, each of its
/// requests is computed again by itself, so that a bad one spoils no other.
public final class MicroBatcher: Sendable {
    public struct Settings: Sendable, Hashable {
        /// Rows computed at once; 1 joins nothing.
        public var maximumBatch = 64
        /// Batches under way at the same time.
        public var slots = 2
        /// Rows that are taken and not answered; more are refused.
        public var maximumWaiting = 1024
        /// Requests wait for others, while part of the processor is free, only where batches usually take less.
        public var delay = Duration.milliseconds(2)

        public init() {}
    }

    /// Computes a batch and reports once, on any thread.
    public typealias Run =
        @Sendable (_ inputs: [Tensor], _ done: @escaping @Sendable (Result<[Tensor], any Error>) -> Void) -> Void

    public let settings: Settings
    private let run: Run
    private let state = Mutex(BatchQueue())
    private let taken = Atomic<Int>(0)

    public init(settings: Settings = Settings(), run: @escaping Run) {
        self.settings = settings
        self.run = run
    }

    /// Rows that are taken and not answered.
    public var load: Int { taken.load(ordering: .relaxed) }

    /// Keeps places for so many rows while `body` prepares and computes them, so that what cannot be answered soon
    /// is refused before its images are decoded.
    ///
    /// - Throws: ``ServingError``, overloaded.
    public func withPlaces<Value>(_ rows: Int, _ body: () async throws -> Value) async throws -> Value {
        let before = taken.add(rows, ordering: .relaxed).oldValue
        defer { taken.subtract(rows, ordering: .relaxed) }
        // A request over the limit by itself is taken by an idle model.
        guard before == 0 || before + rows <= settings.maximumWaiting else {
            throw ServingError(
                .overloaded, "\(before) instances are waiting, the limit is \(settings.maximumWaiting)",
                remedy: "Ask again later.")
        }
        return try await body()
    }

    /// Computes rows, alone or with others'.
    ///
    /// - Parameters:
    ///   - inputs: one for each input, with `rows` as their first length; at most `maximumBatch` of them unless the
    ///     model computes any number by itself.
    ///   - isAlone: never joined with others.
    ///   - deadline: when the caller stops waiting.
    /// - Returns: one for each output, with `rows` as their first length.
    public func submit(
        _ inputs: [Tensor], rows: Int, isAlone: Bool = false, deadline: ContinuousClock.Instant? = nil
    ) async throws -> [Tensor] {
        let entry = BatchEntry(inputs: inputs, rows: rows, isAlone: isAlone, deadline: deadline)
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let (batch, watches) = state.withLock { queue in
                    entry.continuation = continuation
                    if entry.isAbandoned { return (nil as Batch?, false) }
                    queue.add(entry)
                    return (queue.next(settings), queue.startsWatching(entry))
                }
                if let batch { start(batch) }
                if watches { watch() }
                if Task.isCancelled { abandon(entry, CancellationError()) }
            }
        } onCancel: {
            abandon(entry, CancellationError())
        }
    }

    private func start(_ batch: Batch) {
        run(batch.inputs) { [self] result in
            var isFailed = false
            if case .failure = result { isFailed = true }
            let (answers, next) = state.withLock { [isFailed] queue in
                (queue.finish(batch, isFailed: isFailed), queue.next(settings))
            }
            // The processor goes on before the callers do.
            if let next { start(next) }
            for answer in answers {
                guard let rows = answer.rows else {
                    answer.continuation.resume(with: result)
                    continue
                }
                answer.continuation.resume(with: result.map { outputs in outputs.map { $0.rows(rows) } })
            }
        }
    }

    private func abandon(_ entry: BatchEntry, _ error: any Error) {
        let continuation = state.withLock { queue in queue.abandon(entry) }
        continuation?.resume(throwing: error)
    }

    // MARK: Deadlines

    /// Answers requests whose time is over, whether they wait or are being computed. Runs while there are any.
    private func watch() {
        Task.detached { [weak self] in
            while let self {
                let (late, next) = self.state.withLock { $0.late(at: .now) }
                for continuation in late {
                    continuation.resume(
                        throwing: ServingError(
                            .deadlineExceeded, "the answer took longer than the request allows",
                            remedy: "Allow more time, or ask again later."))
                }
                guard let next else { return }
                // Not for every request; and soon enough for one that comes later with less time.
                let now = ContinuousClock.now
                try? await Task.sleep(until: min(max(next, now + .milliseconds(5)), now + .milliseconds(100)))
            }
        }
    }
}
