import Catalog
import Foundation
import HTTPTypes
import LightboxCore
import Synchronization

/// The jobs of this process: some at a time, each on a thread of its own, the others in line.
///
/// A job stays for a day, the last ``maximumJobs`` of them; the rows of results stay with their jobs until all rows
/// together need more room than they have, when the oldest go.
final class TableJobs: Sendable {
    private struct State {
        /// By project and id.
        var jobs: [String: TableJob] = [:]
        /// In the order in which they were made.
        var order: [String] = []
        var waiting: [(TableJob, @Sendable () throws -> TableJob.Outcome)] = []
        var running = 0
        /// Jobs by the names that callers gave to their requests, so that one that comes twice makes one job.
        var requests: [String: TableJob] = [:]
    }

    private static let maximumJobs = 2000
    private static let maximumWaiting = 200
    private static let lifetime: TimeInterval = 24 * 3600
    private let atOnce: Int
    /// Bytes that all results may have on the disk.
    private let room: Int
    private let state = Mutex(State())

    init(atOnce: Int, room: Int) { (self.atOnce, self.room) = (atOnce, room) }

    /// - Throws: ``BigQueryError`` `duplicate` for an id that is taken, `rateLimitExceeded` when too many wait.
    func start(_ job: TableJob, request: String? = nil, _ body: @escaping @Sendable () throws -> TableJob.Outcome)
        throws
    {
        let key = Self.key(job.project, job.id)
        try state.withLock { state in
            tidy(&state)
            guard state.jobs[key] == nil else { throw BigQueryError.duplicate("Job \(job.project):\(job.id)") }
            guard state.waiting.count < Self.maximumWaiting else {
                throw BigQueryError(429, "rateLimitExceeded", "\(Self.maximumWaiting) jobs wait. Ask again later.")
            }
            state.jobs[key] = job
            state.order.append(key)
            if let request { state.requests[request] = job }
            state.waiting.append((job, body))
            while state.running < atOnce, !state.waiting.isEmpty {
                state.running += 1
                begin(state.waiting.removeFirst())
            }
        }
    }

    private func begin(_ work: (TableJob, @Sendable () throws -> TableJob.Outcome)) {
        let thread = Thread { [self] in
            var next: (TableJob, @Sendable () throws -> TableJob.Outcome)? = work
            while let (job, body) = next {
                job.run(body)
                next = state.withLock { state in
                    guard !state.waiting.isEmpty else {
                        state.running -= 1
                        return nil
                    }
                    return state.waiting.removeFirst()
                }
            }
        }
        // Statements may be nested deep.
        thread.stackSize = 16 << 20
        thread.start()
    }

    private func tidy(_ state: inout State) {
        let now = Date()
        var (count, kept) = (state.order.count, 0)
        state.order.removeAll { key in
            guard let job = state.jobs[key], job.isDone else { return false }
            let isOld = job.endedAt.map { now.timeIntervalSince($0) > Self.lifetime } ?? false
            guard isOld || count > Self.maximumJobs else { return false }
            count -= 1
            state.jobs[key] = nil
            return true
        }
        state.requests = state.requests.filter { now.timeIntervalSince($0.value.madeAt) < 900 }
        for key in state.order.reversed() {
            guard let job = state.jobs[key] else { continue }
            kept += job.size
            if kept > room { job.forget() }
        }
    }

    /// - Throws: ``BigQueryError`` `notFound`; also for another user's job, unless an administrator asks.
    func job(_ project: String, _ id: String, for call: Call) throws -> TableJob {
        guard let job = state.withLock({ $0.jobs[Self.key(project, id)] }),
            job.user == call.caller || call.role == .admin
        else { throw BigQueryError.notFound("Job \(project):\(id)") }
        return job
    }

    func job(request: String) -> TableJob? { state.withLock { $0.requests[request] } }

    /// The newest first.
    func jobs(of project: String, for call: Call, all: Bool) -> [TableJob] {
        state.withLock { state in state.order.reversed().compactMap { state.jobs[$0] } }
            .filter { $0.project == project && ($0.user == call.caller || all && call.role == .admin) }
    }

    func remove(_ job: TableJob) {
        let key = Self.key(job.project, job.id)
        state.withLock { state in
            state.jobs[key] = nil
            state.order.removeAll { $0 == key }
        }
    }

    private static func key(_ project: String, _ id: String) -> String { "\(project)\u{1f}\(id)" }
}
