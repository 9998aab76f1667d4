import Catalog
import DICOMStore
import LightboxCore
import Pipelines
import Serving

extension ServerContext {
    /// Asks the index of DICOM stores on a thread that may block.
    func archive<Value: Sendable>(_ body: @escaping @Sendable (DICOMCatalog) throws -> Value) async throws -> Value
    {
        try await blocking { [stores] in try body(stores.catalog()) }
    }

    /// Puts work into the queue, once it is known that it can be done.
    ///
    /// - Parameter prepare: what has to be there, or is made, before.
    func begin(
        _ work: ArchiveWork, _ call: Call, prepare: @escaping @Sendable (DICOMCatalog) throws -> Void
    ) async throws -> Reply {
        let job = try await catalog { [stores] catalog in
            try ArchiveRunner.check(work.action, home: catalog.home)
            try prepare(stores.catalog())
            return try catalog.createArchiveJob(work, creator: call.caller)
        }
        return operation(job, work, call)
    }

    /// Answers with the operation of work that is done.
    func record(_ work: ArchiveWork, _ call: Call, dataset: DICOMDataset? = nil) async throws -> Reply {
        let job = try await catalog { try $0.recordArchiveJob(work, creator: call.caller) }
        return operation(job, work, call, dataset: dataset)
    }

    private func operation(_ job: Job, _ work: ArchiveWork, _ call: Call, dataset: DICOMDataset? = nil) -> Reply {
        Reply(
            ArchiveOperationMessage(
                job: job, work: work, place: ArchivePlace(call), dataset: dataset, logs: logs(of: job, call)
            ).message)
    }

    /// The page of a job, as this caller reaches it.
    func logs(of job: Job, _ call: Call) -> String { "\(address(for: call))/jobs/\(job.id)" }
}
