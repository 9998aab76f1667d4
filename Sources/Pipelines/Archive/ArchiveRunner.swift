public import Catalog
public import DICOMStore
import Deidentification
import Foundation
public import LightboxCore
import Synchronization
import Warehouse

/// Imports, exports and de-identifies, one job after another.
public struct ArchiveRunner: QueueRunner {
    public let catalog: ModelCatalog
    public let queue = Job.Queue.archive
    private let openStores: @Sendable () throws -> DICOMCatalog
    /// Lines about files that were left out, at most, in a job's log.
    private static let loggedProblems = 100

    /// - Parameter stores: opens the index, when there is work; a server gives its own.
    public init(catalog: ModelCatalog, stores: (@Sendable () throws -> DICOMCatalog)? = nil) {
        self.catalog = catalog
        openStores = stores ?? { [home = catalog.home] in try DICOMCatalog(home: home) }
    }

    public func work(_ lease: JobLease, _ context: StageContext) async throws -> String? {
        guard case .archive(let work) = lease.job.work else { preconditionFailure("the queue has no such work") }
        try lease.begin()
        let report = ArchiveProgress(lease)
        var context = context
        let isStopping = context.isCancelled
        context.isCancelled = { isStopping() || lease.shouldStop }
        context.progress = { report.take($0) }
        let result = try await onOwnThread { [context] in
            try ArchiveStage(catalog: openStores(), job: lease.job.id).run(work, context)
        }
        if context.isCancelled() { throw Cancelled(stage: work.verb, continues: true) }
        try report.end(result)
        try log(result, lease)
        guard result.failed > 0 else { return nil }
        let count = result.succeeded + result.failed
        return
            "\(result.failed) of \(count) could not be done. The log of the job \(lease.job.id) says which and why."
    }

    private func log(_ result: ArchiveStage.Result, _ lease: JobLease) throws {
        // A run that was killed has perhaps written some of them already.
        let known = Set(try catalog.log(of: lease.job.id).map(\.text))
        let lines =
            result.problems.map { ("\($0.source): \($0.reason)", JobLogLine.Severity.error) }
            + result.remarks.map { ($0, .warning) }
        for (text, severity) in lines.prefix(Self.loggedProblems) where !known.contains(text) {
            try lease.log(text, severity)
        }
        if lines.count > Self.loggedProblems {
            try lease.log("\(lines.count - Self.loggedProblems) more are not listed.", .warning)
        }
        try lease.log("\(result.succeeded) done, \(result.failed) left out.")
    }

    /// Whether some work can be done at all, as far as that shows before it begins.
    ///
    /// - Throws: ``ArchiveError`` and the errors of de-identification and tables.
    public static func check(_ action: ArchiveWork.Action, home: Home) throws {
        switch action {
        case .exportFiles(let export):
            _ = try ExportMedia(export.mediaType)
            guard !home.isShared(export.folder) else {
                throw InputError(
                    .invalidInput, "\(export.folder): the archive's own files stand there. Export elsewhere.")
            }
        case .exportTable(let export): _ = try TableName(export.table)
        case .deidentify(let settings): _ = try Deidentifier(settings, home: home)
        default: break
        }
    }
}

/// Writes down how far a job is, twice a second at most.
private final class ArchiveProgress: Sendable {
    private let lease: JobLease
    private let start = ContinuousClock.now
    private let next = Mutex(ContinuousClock.now)

    init(_ lease: JobLease) { self.lease = lease }

    func take(_ update: ProgressUpdate) {
        let isDue = next.withLock { next in
            guard ContinuousClock.now >= next else { return false }
            next = ContinuousClock.now + .milliseconds(500)
            return true
        }
        // A lease that is lost shows itself by `shouldStop`.
        if isDue { try? write(update.completed - update.failed, update.failed, of: update.total) }
    }

    func end(_ result: ArchiveStage.Result) throws {
        try write(result.succeeded, result.failed, of: result.succeeded + result.failed)
    }

    private func write(_ succeeded: Int, _ failed: Int, of total: Int?) throws {
        var progress = Job.Progress()
        progress.completed = succeeded
        progress.errors = failed
        progress.total = total
        progress.seconds = lease.job.progress.seconds + (ContinuousClock.now - start) / .seconds(1)
        try lease.report(progress)
    }
}
