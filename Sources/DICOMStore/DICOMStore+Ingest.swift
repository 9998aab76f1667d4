import Database
import Foundation
public import LightboxCore
import Synchronization

extension DICOMStore {
    /// Takes files in. An instance counts as added only when its file and its index row are on the disk.
    ///
    /// Files are read and hashed on threads of their own and committed in batches in the order given. Running it
    /// again changes nothing. A cancelled task keeps what is committed.
    ///
    /// - Parameters:
    ///   - paths: local files, as `Home.files(at:)` gives them.
    ///   - outcome: called for each file in order, once its outcome is final.
    /// - Returns: added files as `written`; every conflict and every unreadable file as a problem with its reason.
    public func ingest(
        _ paths: [String], progress: ProgressHandler? = nil,
        outcome: (@Sendable (_ path: String, _ outcome: IngestOutcome) -> Void)? = nil
    ) async throws -> StageReport {
        let isCancelled = CancelFlag()
        return try await withTaskCancellationHandler {
            try await onOwnThread {
                var ingest = try Ingest(store: self, total: paths.count, progress: progress, outcome: outcome)
                return try ingest.run(paths) { isCancelled.isSet }
            }
        } onCancel: {
            isCancelled.set()
        }
    }

    /// The same on the calling thread, which it blocks.
    ///
    /// - Parameter isCancelled: asked between files.
    public func ingest(
        _ paths: [String], progress: ProgressHandler? = nil, isCancelled: @escaping @Sendable () -> Bool,
        outcome: (@Sendable (_ path: String, _ outcome: IngestOutcome) -> Void)? = nil
    ) throws -> StageReport {
        var ingest = try Ingest(store: self, total: paths.count, progress: progress, outcome: outcome)
        return try ingest.run(paths, isCancelled: isCancelled)
    }

    /// Takes one instance in that arrived as bytes.
    ///
    /// - Parameter source: for messages only.
    public func ingest(_ bytes: Bytes, from source: String) throws -> IngestOutcome {
        let folder = try IncomingFolder(in: incoming)
        return try withExtendedLifetime(folder) {
            let file = IncomingFile(
                source: source, folder: folder.path, known: { try self.hash(of: $0) })
            switch try file.takeSmall(bytes) {
            case .known(let outcome): return outcome
            case .ready(let accepted): return try IngestBatch(store: self).commit([accepted])[0]
            }
        }
    }

    /// Writes index rows that have no files, to measure an index of a size that no disk has the images for.
    package func addRows(_ records: some Sequence<(InstanceRecord, ContentHash)>) throws {
        try catalog.write { database in
            guard try lock(database) != nil else { throw DICOMCatalog.missing(name) }
            var writer = InstanceWriter(database, store: id)
            for (record, hash) in records { try writer.insert(record, .none, hash: hash, size: 527_000) }
            try writer.flush()
        }
    }

    func hash(of sopInstanceUID: String) throws -> ContentHash? {
        try catalog.read { database in
            try database.first(
                "SELECT content_hash FROM dicom_instance WHERE store_id = ? AND sop_uid = ?", [id, sopInstanceUID]
            ).flatMap { ContentHash(digest: try $0.get(0)) }
        }
    }
}

/// Whether a task was cancelled, for a thread that is not the task's.
private final class CancelFlag: Sendable {
    private let flag = Mutex(false)
    var isSet: Bool { flag.withLock { $0 } }
    func set() { flag.withLock { $0 = true } }
}

/// Runs what blocks outside Swift's few concurrency threads.
package func onOwnThread<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result
{
    try await withCheckedThrowingContinuation { continuation in
        let thread = Thread { continuation.resume(with: Swift.Result { try body() }) }
        thread.stackSize = 8 << 20
        thread.start()
    }
}

/// One run of `ingest`.
private struct Ingest {
    let store: DICOMStore
    let folder: IncomingFolder
    let progress: ProgressHandler?
    let outcome: (@Sendable (String, IngestOutcome) -> Void)?
    let total: Int
    var report = StageReport(stage: "import")
    var done = 0
    /// In order, those with a file to commit and those already decided.
    var pending: [(source: String, result: IncomingFile.Result)] = []
    var readyCount = 0

    init(
        store: DICOMStore, total: Int, progress: ProgressHandler?,
        outcome: (@Sendable (String, IngestOutcome) -> Void)?
    ) throws {
        self.store = store
        self.total = total
        self.progress = progress
        self.outcome = outcome
        folder = try IncomingFolder(in: store.incoming)
    }

    mutating func run(_ paths: [String], isCancelled: () -> Bool) throws -> StageReport {
        var remaining = paths.makeIterator()
        let (store, folder) = (store, folder.path)
        try mapInOrder(threads: ProcessInfo.processInfo.activeProcessorCount, window: 2 * store.batchSize) {
            // What has been taken up is still committed.
            isCancelled()
                ? nil
                : remaining.next().map { path in
                    // Where the index does not answer, that is no fault of the file's: the commit will say so.
                    IncomingFile(source: path, folder: folder, known: { (try? store.hash(of: $0)) ?? nil })
                }
        } transform: {
            $0.take()
        } consume: { file in
            pending.append(file)
            if case .ready = file.result { readyCount += 1 }
            if readyCount >= store.batchSize || pending.count >= 16 * store.batchSize { try commit() }
            return true
        }
        try commit()
        report.outputs = ["dicom:\(store.name)"]
        return report
    }

    private mutating func commit() throws {
        let ready = pending.compactMap { if case .ready(let file) = $0.result { file } else { nil } }
        var outcomes = try IngestBatch(store: store).commit(ready).makeIterator()
        for (source, result) in pending {
            switch result {
            case .known(let outcome): finish(source, outcome)
            case .ready: if let outcome = outcomes.next() { finish(source, outcome) }
            }
        }
        pending.removeAll(keepingCapacity: true)
        readyCount = 0
        progress?(ProgressUpdate(stage: "import", completed: done, total: total))
    }

    private mutating func finish(_ source: String, _ result: IngestOutcome) {
        done += 1
        switch result {
        case .added, .revised: report.written += 1
        case .unchanged: report.unchanged += 1
        case .conflict, .unreadable, .unstored:
            report.problems.append(StageReport.Problem(source: source, reason: result.problem ?? ""))
        }
        outcome?(source, result)
    }
}
