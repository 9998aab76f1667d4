public import Catalog
import Foundation
import LightboxCore

/// Takes jobs from one of the catalogue's queues and works on them, one after another.
public protocol QueueRunner: Sendable {
    var catalog: ModelCatalog { get }
    var queue: Job.Queue { get }

    /// Does a job's work.
    ///
    /// - Returns: why the job counts as failed although it came to its end; nil when all went well.
    func work(_ lease: JobLease, _ context: StageContext) async throws -> String?
    /// Removes what a cancelled job has left half done.
    func discard(_ job: Job) throws
}

extension QueueRunner {
    public func discard(_ job: Job) throws {}

    /// Works until the context is cancelled, looking for new jobs every half second.
    ///
    /// A job under way is then given back, and goes on where it was when it is taken up again.
    public func run(_ context: StageContext) async throws {
        while !context.isCancelled() {
            if try await runNext(context) == nil { try await Task.sleep(for: .milliseconds(500)) }
        }
    }

    /// Works until no job of the queue waits or is under way anywhere, or the context is cancelled.
    ///
    /// - Returns: the jobs that were worked on here.
    public func runAll(_ context: StageContext) async throws -> [Job] {
        var jobs: [Job] = []
        while !context.isCancelled(), try catalog.hasOpenJobs(in: queue) {
            if let job = try await runNext(context) {
                jobs.append(job)
            } else {
                // Under way elsewhere, or left by a process that died: that shows in some seconds.
                try await Task.sleep(for: .milliseconds(500))
            }
        }
        return jobs
    }

    /// Works on one job.
    ///
    /// - Returns: the job as it stands afterwards; nil when there was none.
    public func runNext(_ context: StageContext) async throws -> Job? {
        guard let lease = try catalog.claimJob(in: queue) else { return nil }
        do {
            if let problem = try await work(lease, context) {
                try lease.fail(problem)
            } else {
                try lease.succeed()
            }
        } catch let error as CatalogError where error.code == .aborted {
            // Another process has the job now, and says how it goes on.
        } catch {
            try leave(lease, after: error)
        }
        return try catalog.job(lease.job.id)
    }

    private func leave(_ lease: JobLease, after error: any Error) throws {
        do {
            if lease.isCancelled {
                try discard(lease.job)
                try lease.confirmCancellation()
            } else if error is Cancelled || error is CancellationError {
                if !lease.shouldStop { try lease.release() }
            } else if let busy = error as? InputError, busy.kind == .conflict {
                // The process that had the job before still writes; it will notice that the job is not its own.
                try lease.log(busy.description, .warning)
                try lease.release()
            } else {
                let failure = error as? any Failure
                try lease.fail(failure?.description ?? "\(error)", failure?.kind)
            }
        } catch let error as CatalogError where error.code == .aborted {
            // Taken over in between.
        }
    }
}
