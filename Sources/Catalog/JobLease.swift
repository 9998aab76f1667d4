import Database
import Foundation
public import LightboxCore
import Synchronization

/// The right to work on one job, kept as long as this value is neither ended nor its process dead.
///
/// A thread renews it and looks whether the job is to be cancelled. When the process dies, the lease runs out and
/// another process gets the job by ``ModelCatalog/claimJob(in:)``.
public final class JobLease: Sendable {
    /// As it was when it was taken up.
    public let job: Job
    private let catalog: ModelCatalog
    private let owner: String
    private let state = Mutex(State())
    private let heartbeat = Mutex<Heartbeat?>(nil)

    private struct State {
        var isCancelled = false
        var isLost = false
        var progress = Job.Progress()
        var isEnded = false
    }

    init(job: Job, catalog: ModelCatalog, owner: String) {
        self.job = job
        self.catalog = catalog
        self.owner = owner
        state.withLock { $0.progress = job.progress }
        heartbeat.withLock {
            $0 = Heartbeat(everySeconds: catalog.leaseSeconds / 3) { [weak self] in self?.beat() }
        }
    }

    deinit { heartbeat.withLock { $0?.stop() } }

    /// Whether the work should end now: the job is cancelled, or another process has it.
    public var shouldStop: Bool { state.withLock { $0.isCancelled || $0.isLost } }
    public var isCancelled: Bool { state.withLock { $0.isCancelled } }

    /// Says that the work itself begins.
    public func begin() throws { try change("state = 'running'", [], ifState: "preparing") }

    /// Writes the progress down.
    ///
    /// - Throws: ``CatalogError`` `aborted` when another process has the job.
    public func report(_ progress: Job.Progress) throws {
        state.withLock { $0.progress = progress }
        try change("progress = ?", [try Column.text(progress)])
    }

    public func log(_ text: String, _ severity: JobLogLine.Severity = .info) throws {
        try catalog.writeJob(job.id) { database in
            try ModelCatalog.log(text, severity, of: job.id, at: catalog.now(), database)
        }
    }

    public func succeed() throws { try end(.succeeded) }
    public func fail(_ message: String, _ kind: FailureKind? = nil) throws {
        try end(.failed, error: message, kind: kind)
    }
    /// The work has ended because the job was cancelled.
    public func confirmCancellation() throws { try end(.cancelled) }

    /// Gives the job back to the queue, with what is done so far kept.
    public func release() throws {
        try change("state = 'queued', lease_owner = NULL, lease_end = NULL", [])
        stop()
    }

    private func end(_ final: Job.State, error: String = "", kind: FailureKind? = nil) throws {
        try catalog.writeJob(job.id) { database in
            try checkIsHeld(database)
            try catalog.end(job, final, error: error, kind: kind, database)
        }
        stop()
    }

    private func stop() {
        state.withLock { $0.isEnded = true }
        heartbeat.withLock { $0?.stop() }
    }

    private func beat() {
        guard !state.withLock({ $0.isEnded }) else { return }
        do {
            try change("progress = progress", [])
        } catch let error as CatalogError where error.code == .aborted {
            state.withLock { $0.isLost = true }
            heartbeat.withLock { $0?.stop() }
        } catch {
            // The next beat may do better; a lease that has run out shows itself then.
        }
    }

    /// Changes the job's row, renews the lease and looks whether the job is cancelled.
    private func change(
        _ columns: String, _ values: [any ColumnEncodable], ifState condition: String? = nil
    ) throws {
        try catalog.writeJob(job.id) { database in
            let present = try checkIsHeld(database)
            if present == "cancelling" { state.withLock { $0.isCancelled = true } }
            if condition == nil || condition == present {
                let arguments = values + [job.id] as [any ColumnEncodable]
                try database.execute("UPDATE job SET \(columns) WHERE id = ?", SQLArguments(arguments))
            }
            try database.execute(
                "UPDATE job SET lease_end = ? WHERE id = ? AND lease_owner = ?",
                [catalog.leaseTime(database) + catalog.leaseSeconds, job.id, owner])
        }
    }

    /// - Returns: the job's state.
    @discardableResult
    private func checkIsHeld(_ database: SQLTransaction) throws -> String {
        let row = try database.first("SELECT state, lease_owner FROM job WHERE id = ?", [job.id])
        guard let row, try row.get("lease_owner", as: String?.self) == owner else {
            throw CatalogError(.aborted, "Another process works on the job '\(job.id)' now.")
        }
        return try row.get("state")
    }
}

extension ModelCatalog {
    /// How many processes may die with a job before it counts as one that ends its process.
    static let maximumCrashes = 5

    /// Takes up the oldest job of a queue that waits, or that a dead process has left.
    ///
    /// - Returns: nil when there is nothing to do.
    public func claimJob(in queue: Job.Queue = .models) throws -> JobLease? {
        let owner = UUID().uuidString
        // Each of several servers locks a row of its own and passes over those that others hold.
        let job = try write(.readCommitted) { database -> Job? in
            let time = try leaseTime(database)
            let lock = database.engine == .postgres ? "FOR UPDATE SKIP LOCKED" : ""
            while true {
                let row = try database.first(
                    """
                    SELECT * FROM job WHERE queue = ? AND (state = 'queued'
                    OR state IN ('preparing', 'running', 'cancelling') AND lease_end < ?)
                    ORDER BY number LIMIT 1 \(lock)
                    """, [queue.rawValue, time])
                guard let row else { return nil }
                let job = try Self.job(row)
                let crashes = try row.get("crashes", as: Int.self) + (job.state == .queued ? 0 : 1)
                if job.state == .cancelling {
                    try end(job, .cancelled, database)
                } else if crashes >= Self.maximumCrashes {
                    let text = "\(crashes) processes have died while they worked on the job."
                    try end(job, .failed, error: text, database)
                } else {
                    try claim(job, for: owner, time, crashes, database)
                    return try Self.job(job.id, database)
                }
            }
        }
        return job.map { JobLease(job: $0, catalog: self, owner: owner) }
    }

    private func claim(
        _ job: Job, for owner: String, _ time: Double, _ crashes: Int, _ database: SQLTransaction
    ) throws {
        try update(
            job,
            """
            state = 'preparing', started = coalesce(started, ?), attempts = attempts + 1, crashes = ?, lease_owner = ?,
            lease_end = ?
            """, [now().timeIntervalSince1970, crashes, owner, time + leaseSeconds], database)
        if job.attempts > 0 {
            try Self.log("The job is taken up again.", .warning, of: job.id, at: now(), database)
        }
    }
}
