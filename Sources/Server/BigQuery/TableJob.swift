import Catalog
import Foundation
import GoogleSQL
import HTTPTypes
import LightboxCore
import Synchronization
import WireFormats

/// A query, load or extract under way or done, as `jobs` of BigQuery v2 show it.
final class TableJob: Sendable {
    struct Outcome: Sendable {
        var columns: [(name: String, type: DataType)] = []
        var result: ResultFile?
        /// What `statistics` tells of the kind of job: `query`, `load`, `extract`.
        var statistics: [JSONMember] = []
    }

    enum Phase: String {
        case pending = "PENDING"
        case running = "RUNNING"
        case done = "DONE"
    }

    private struct State {
        var phase = Phase.pending
        var startedAt: Date?
        var endedAt: Date?
        var error: BigQueryError?
        var outcome = Outcome()
        /// Its rows have made room for others.
        var isForgotten = false
    }

    let project: String
    let id: String
    let location: String
    /// `query`, `load`, `extract`.
    let kind: String
    /// As it was given.
    let configuration: JSONValue
    /// The token's name.
    let user: String
    let madeAt = Date()
    private let state = Mutex(State())
    private let cancelled = Atomic<Bool>(false)

    init(project: String, id: String, location: String, kind: String, configuration: JSONValue, user: String) {
        (self.project, self.id, self.location) = (project, id, location)
        (self.kind, self.configuration, self.user) = (kind, configuration, user)
    }

    var isCancelled: Bool { cancelled.load(ordering: .relaxed) }
    func cancel() { cancelled.store(true, ordering: .relaxed) }

    var isDone: Bool { state.withLock { $0.phase == .done } }
    var endedAt: Date? { state.withLock { $0.endedAt } }
    var phase: Phase { state.withLock { $0.phase } }
    /// Bytes on the disk.
    var size: Int { state.withLock { $0.outcome.result }?.size ?? 0 }

    /// Runs on the thread that calls.
    func run(_ body: () throws -> Outcome) {
        state.withLock { ($0.phase, $0.startedAt) = (.running, Date()) }
        var outcome = Outcome()
        var error: BigQueryError?
        do {
            if isCancelled {
                throw BigQueryError(499, "stopped", "Job execution was cancelled: User requested cancellation")
            }
            outcome = try body()
        } catch let problem {
            error = BigQueryError(problem)
        }
        state.withLock { ($0.phase, $0.endedAt, $0.outcome, $0.error) = (.done, Date(), outcome, error) }
    }

    /// Gives up the rows of a result that nobody has asked for in a long time.
    func forget() {
        state.withLock { ($0.outcome.result, $0.isForgotten) = (nil, true) }
    }

    /// What came of it.
    ///
    /// - Throws: why it failed; `notFound` for rows that have gone.
    func outcome() throws -> Outcome {
        try state.withLock { state in
            if let error = state.error { throw error }
            if state.isForgotten {
                throw BigQueryError.notFound(
                    "Result of job \(project):\(id): it had to make room. Run the query again.")
            }
            return state.outcome
        }
    }

    /// Waits until it is done, no longer than a time.
    func wait(_ time: Duration) async throws {
        let end = ContinuousClock.now + time
        var pause = Duration.milliseconds(1)
        while !isDone, ContinuousClock.now < end {
            try await Task.sleep(for: min(pause, end - ContinuousClock.now))
            pause = min(pause * 2, .milliseconds(50))
        }
    }

    // MARK: Messages

    var reference: JSONValue {
        .object([
            JSONMember("projectId", .string(project)), JSONMember("jobId", .string(id)),
            JSONMember("location", .string(location)),
        ])
    }

    var message: JSONValue {
        state.withLock { state in
            var status = [JSONMember("state", .string(state.phase.rawValue))]
            if let error = state.error {
                status.append(JSONMember("errorResult", error.value))
                status.append(JSONMember("errors", .array([error.value])))
            }
            func milliseconds(_ date: Date) -> JSONValue { .string("\(Int(date.timeIntervalSince1970 * 1000))") }
            var statistics = [JSONMember("creationTime", milliseconds(madeAt))]
            if let date = state.startedAt { statistics.append(JSONMember("startTime", milliseconds(date))) }
            if let date = state.endedAt { statistics.append(JSONMember("endTime", milliseconds(date))) }
            statistics.append(JSONMember("totalBytesProcessed", .string("0")))
            statistics += state.outcome.statistics
            return .object([
                JSONMember("kind", .string("bigquery#job")),
                JSONMember("id", .string("\(project):\(location).\(id)")),
                JSONMember("jobReference", reference), JSONMember("configuration", configuration),
                JSONMember("state", .string(state.phase.rawValue)), JSONMember("status", .object(status)),
                JSONMember("statistics", .object(statistics)), JSONMember("user_email", .string(user)),
            ])
        }
    }
}
