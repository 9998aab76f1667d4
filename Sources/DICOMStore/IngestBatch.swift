import DICOM
import Foundation
import LightboxCore

/// Makes files that were copied aside part of the store: to the disk, under their names, into the index.
///
/// The store is locked from the decision what is new to the commit, so that two ingests at once cannot both add a UID.
/// Outcomes count only after `commit` has returned.
struct IngestBatch {
    let store: DICOMStore

    func commit(_ files: [IncomingFile.Accepted]) throws -> [IngestOutcome] {
        guard !files.isEmpty else { return [] }
        guard store.shared == nil else { return try commitObjects(files) }
        try store.onStep(.copied)
        try Self.concurrently(files.map(\.temporary)) { try FileBytes.sync($0) }
        try store.onStep(.filesSynced)
        var placed: Set<String> = []
        let outcomes = try store.catalog.write { database in
            guard let settings = try store.lock(database) else { throw DICOMCatalog.missing(store.name) }
            var writer = InstanceWriter(database, store: store.id)
            let known = try writer.hashes(of: files.map(\.record.instance.sopInstanceUID))
            let outcomes = decide(files, known, keepsRevisions: settings.keepsRevisions)
            try place(zip(files, outcomes).filter { $1.isNew }.map(\.0), &placed)
            for (file, outcome) in zip(files, outcomes) where outcome.isNew {
                if outcome == .revised { try writer.keepRevision(of: file.record.instance.sopInstanceUID) }
                try writer.insert(file)
            }
            try writer.flush()
            try store.onStep(.rowsWritten)
            return outcomes
        }
        try store.onStep(.committed)
        let others = zip(files, outcomes).filter { !$1.isNew }.map(\.0)
        for file in others { unlink(file.temporary) }
        // Another ingest was quicker, between two runs of the transaction.
        try store.removeUnused(
            others.filter { placed.contains($0.temporary) }.map {
                DICOMStore.StoredFile(uid: $0.record.instance.sopInstanceUID, hash: $0.hash)
            })
        return outcomes
    }

    /// Puts files under their names, on the disk when this returns.
    ///
    /// - Parameter placed: those that an earlier run of the transaction has put there.
    private func place(_ files: [IncomingFile.Accepted], _ placed: inout Set<String>) throws {
        let folders = Set(files.map { store.folder(for: $0.hash) }).sorted()
        try store.makeFolders(folders)
        for file in files {
            let path = store.path(for: file.hash)
            let isThere = placed.contains(file.temporary) ? access(path, F_OK) : rename(file.temporary, path)
            guard isThere == 0 else { throw FileFailure(path: path, errno: errno) }
            placed.insert(file.temporary)
        }
        try store.onStep(.renamed)
        try Self.concurrently(folders) { try AtomicFile.syncFolder($0) }
        try store.onStep(.foldersSynced)
    }

    /// Against the index as it is now, and against the files before in the same batch.
    func decide(
        _ files: [IncomingFile.Accepted], _ known: [String: ContentHash], keepsRevisions: Bool
    ) -> [IngestOutcome] {
        var here: [String: IncomingFile.Accepted] = [:]
        return files.map { file in
            let uid = file.record.instance.sopInstanceUID
            if let hash = here[uid]?.hash ?? known[uid] {
                guard hash != file.hash else { return .unchanged }
                if Self.areSame(path(of: file), here[uid].map(path(of:)) ?? store.path(for: hash)) {
                    return .unchanged
                }
                guard keepsRevisions else { return .conflict }
                here[uid] = file
                return .revised
            }
            here[uid] = file
            return .added
        }
    }

    /// Where a file is now: an earlier run of the transaction may have put it under its name.
    private func path(of file: IncomingFile.Accepted) -> String {
        access(file.temporary, F_OK) == 0 ? file.temporary : store.path(for: file.hash)
    }

    /// Whether two files have the same data set: each sender's software writes a file meta information of its own, and
    /// may choose another encoding. What cannot be read is the same as nothing.
    private static func areSame(_ path: String, _ other: String) -> Bool {
        guard let file = try? DICOMFile(path: path), let known = try? DICOMFile(path: other) else { return false }
        return file.holdsSame(as: known)
    }

    /// Many flushes at once, which the file system's journal takes together; one waits for the disk as long as all.
    private static func concurrently(
        _ paths: [String], _ body: @escaping @Sendable (String) throws -> Void
    ) throws {
        guard paths.count > 1 else { return try paths.forEach(body) }
        var remaining = paths.makeIterator()
        try mapInOrder(threads: min(16, paths.count), window: paths.count) {
            remaining.next()
        } transform: { path in
            try body(path)
        } consume: { (_: Void) in
            true
        }
    }
}
