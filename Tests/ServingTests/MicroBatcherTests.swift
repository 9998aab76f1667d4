import Inference
import LightboxCore
import Serving
import Synchronization
import TestSupport
import Testing

private typealias Done = @Sendable (Result<[Tensor], any Error>) -> Void

/// Stands for a model that doubles its input, and ends a batch when it is told to.
private final class Doubler: Sendable {
    struct State {
        var batches: [[Float]] = []
        var held: [([Tensor], Done)] = []
        var isHolding = false
    }

    let state = Mutex(State())

    func run(_ inputs: [Tensor], _ done: @escaping Done) {
        let isHeld = state.withLock { state in
            state.batches.append(inputs[0].array.values)
            if state.isHolding { state.held.append((inputs, done)) }
            return state.isHolding
        }
        if !isHeld { answer(inputs, done) }
    }

    private func answer(_ inputs: [Tensor], _ done: Done) {
        let array = inputs[0].array
        if array.values.contains(13) { return done(.failure(Unlucky())) }
        done(.success([Tensor(NDArray(shape: array.shape, values: array.values.map { 2 * $0 }))]))
    }

    func hold() { state.withLock { $0.isHolding = true } }

    func release() {
        let held = state.withLock { state in
            defer { state.held = [] }
            state.isHolding = false
            return state.held
        }
        for (inputs, done) in held { answer(inputs, done) }
    }

    var batches: [[Float]] { state.withLock { $0.batches } }
}

private struct Unlucky: Error {}

private func row(_ value: Float) -> [Tensor] { [Tensor(NDArray(shape: [1, 1], values: [value]))] }

private func batcher(
    _ doubler: Doubler, batch: Int = 8, slots: Int = 1, waiting: Int = 100
) -> MicroBatcher {
    var settings = MicroBatcher.Settings()
    settings.maximumBatch = batch
    settings.slots = slots
    settings.maximumWaiting = waiting
    return MicroBatcher(settings: settings) { doubler.run($0, $1) }
}

@Suite("Micro-batching") struct MicroBatcherTests {
    /// Starts one request that is held, and as many more as `values`, in order.
    private func queue(
        _ values: [Float], on batcher: MicroBatcher, _ doubler: Doubler
    ) async throws -> [Task<[Tensor], any Error>] {
        doubler.hold()
        var tasks: [Task<[Tensor], any Error>] = []
        for (index, value) in ([0] + values).enumerated() {
            tasks.append(
                Task { try await batcher.withPlaces(1) { try await batcher.submit(row(value), rows: 1) } })
            _ = try await eventually { batcher.load == index + 1 && !doubler.batches.isEmpty }
            try await Task.sleep(for: .milliseconds(2))
        }
        return tasks
    }

    @Test("Computes at once when idle, joins what comes meanwhile, and gives everyone their own rows")
    func joins() async throws {
        let doubler = Doubler()
        let batcher = batcher(doubler)
        let tasks = try await queue([1, 2, 3], on: batcher, doubler)
        #expect(doubler.batches == [[0]])
        doubler.release()
        for (value, task) in tasks.enumerated() {
            #expect(try await task.value[0].array == NDArray(shape: [1, 1], values: [2 * Float(value)]))
        }
        #expect(doubler.batches.count == 2 && doubler.batches[1].sorted() == [1, 2, 3])
        #expect(batcher.load == 0)
    }

    @Test("Joins no more rows than a batch holds")
    func bounded() async throws {
        let doubler = Doubler()
        let batcher = batcher(doubler, batch: 2)
        let tasks = try await queue([1, 2, 3], on: batcher, doubler)
        doubler.release()
        for task in tasks { _ = try await task.value }
        #expect(doubler.batches.map(\.count) == [1, 2, 1])
    }

    @Test("Spoils no other's answer with a bad request")
    func badRequest() async throws {
        let doubler = Doubler()
        let batcher = batcher(doubler)
        let tasks = try await queue([1, 13, 2], on: batcher, doubler)
        doubler.release()
        #expect(try await tasks[1].value[0].array.values == [2])
        await #expect(throws: Unlucky.self) { try await tasks[2].value }
        #expect(try await tasks[3].value[0].array.values == [4])
    }

    @Test("Does not join rows of different shapes")
    func shapes() async throws {
        let doubler = Doubler()
        let batcher = batcher(doubler)
        let tasks = try await queue([1, 2], on: batcher, doubler)
        let wide = Task { try await batcher.submit([Tensor(NDArray(shape: [1, 2], values: [5, 6]))], rows: 1) }
        try await Task.sleep(for: .milliseconds(5))
        doubler.release()
        #expect(try await wide.value[0].array.values == [10, 12])
        for task in tasks { _ = try await task.value }
        #expect(doubler.batches.contains([5, 6]))
    }

    @Test("Refuses what is over the places")
    func overloaded() async throws {
        let doubler = Doubler()
        let batcher = batcher(doubler, waiting: 3)
        let tasks = try await queue([1, 2], on: batcher, doubler)
        let error = await servingError { try await batcher.withPlaces(1) {} }
        #expect(error?.code == .overloaded)
        doubler.release()
        for task in tasks { _ = try await task.value }
        try await batcher.withPlaces(1) {}
        // Alone a large request is taken.
        try await batcher.withPlaces(50) {}
    }

    @Test("Ends waiting at the deadline, for who waits and who is being computed")
    func deadline() async throws {
        let doubler = Doubler()
        let batcher = batcher(doubler)
        doubler.hold()
        let deadline = ContinuousClock.now + .milliseconds(30)
        let computing = Task { try await batcher.submit(row(1), rows: 1, deadline: deadline) }
        #expect(try await eventually { doubler.batches.count == 1 })
        let waiting = Task { try await batcher.submit(row(2), rows: 1, deadline: deadline) }
        let patient = Task { try await batcher.submit(row(3), rows: 1) }
        #expect(await servingError { _ = try await computing.value }?.code == .deadlineExceeded)
        #expect(await servingError { _ = try await waiting.value }?.code == .deadlineExceeded)
        doubler.release()
        #expect(try await patient.value[0].array.values == [6])
        // Nobody computes for those who have gone.
        #expect(doubler.batches == [[1], [3]])
    }

    @Test("Forgets requests whose caller has gone")
    func cancelled() async throws {
        let doubler = Doubler()
        let batcher = batcher(doubler)
        let tasks = try await queue([1, 2], on: batcher, doubler)
        tasks[1].cancel()
        await #expect(throws: CancellationError.self) { try await tasks[1].value }
        doubler.release()
        #expect(try await tasks[2].value[0].array.values == [4])
        #expect(doubler.batches == [[0], [2]])
    }

    @Test("Answers many callers at once")
    func many() async throws {
        let doubler = Doubler()
        let batcher = batcher(doubler, batch: 16, slots: 2, waiting: 10_000)
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for index in 0..<2000 {
                group.addTask {
                    let value = Float(index) + 100
                    let deadline = index % 2 == 0 ? ContinuousClock.now + .seconds(30) : nil
                    let result = try await batcher.submit(row(value), rows: 1, deadline: deadline)
                    return result[0].array.values == [2 * value]
                }
            }
            for try await isRight in group { #expect(isRight) }
        }
    }
}
