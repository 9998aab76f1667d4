import Database
import Foundation
import LightboxCore

extension ModelCatalog {
    /// Puts work on DICOM stores into its queue, under a name that is made for it.
    public func createArchiveJob(_ work: ArchiveWork, creator: String = "") throws -> Job {
        try createJob(Self.name(for: work), .archive(work), creator: creator)
    }

    /// Writes down work that is done already.
    public func recordArchiveJob(_ work: ArchiveWork, done: Job.Progress = .init(), creator: String = "") throws
        -> Job
    {
        let id = Self.name(for: work)
        return try write(.readCommitted) { database in
            let job = try insertJob(id, .archive(work), labels: [:], creator: creator, database)
            try update(
                job, "started = created, progress = ?", [try Column.text(done)], database)
            try end(job, .succeeded, database)
            return try Self.job(id, database)
        }
    }

    /// A job that works on a dataset or its stores.
    ///
    /// - Throws: ``CatalogError`` `notFound`, also for a job of another kind or dataset.
    public func archiveJob(_ id: String, of dataset: String) throws -> Job {
        let job = try read { database in
            try database.first(
                "SELECT * FROM job WHERE id = ? AND dataset = ?", [id, dataset]
            ).map(Self.job)
        }
        guard let job else {
            throw CatalogError(.notFound, "The dataset has no operation \(id.prefix(128)).")
        }
        return job
    }

    private static func name(for work: ArchiveWork) -> String {
        work.verb + "_" + UUID().uuidString.replacing("-", with: "").lowercased().prefix(16)
    }
}
