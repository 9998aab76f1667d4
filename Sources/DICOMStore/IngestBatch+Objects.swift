import Database
import Foundation
import LightboxCore
import Synchronization

/// Taking files in where they stand in object storage: each is sent, and known to be there, before its row is written.
///
/// An object without a row, left by a crash or by another one who was quicker, counts as not stored. A file that cannot
/// be sent keeps no other one out.
extension IngestBatch {
    func commitObjects(_ files: [IncomingFile.Accepted]) throws -> [IngestOutcome] {
        try store.onStep(.copied)
        try store.onStep(.filesSynced)
        var sending = Sending(files: files)
        var outcomes: [IngestOutcome] = []
        defer {
            for file in files { unlink(file.temporary) }
            // Also when all came to nothing. What cannot be removed now is an orphan for `verify` to tell.
            try? store.removeUnusedObjects(sending.needless(outcomes))
        }
        outcomes = try store.catalog.turns.whileAdding(to: store.name) {
            while true {
                let keepsRevisions = try store.catalog.settings(of: store.name).keepsRevisions
                let known = try store.catalog.read { try standing(files, $0) }
                try sending.compare(with: known, in: store)
                try sending.send(where: decide(sending.usable, known, keepsRevisions: keepsRevisions), to: store)
                try store.onStep(.renamed)
                if let outcomes = try commit(sending) { return outcomes }
            }
        }
        try store.onStep(.committed)
        return outcomes
    }

    /// What stands under the files' UIDs.
    private func standing(
        _ files: [IncomingFile.Accepted], _ database: SQLTransaction
    ) throws -> [String: ContentHash] {
        try InstanceWriter(database, store: store.id).hashes(of: files.map(\.record.instance.sopInstanceUID))
    }

    /// - Returns: nil when the index has come to want a file that was not sent.
    private func commit(_ sending: Sending) throws -> [IngestOutcome]? {
        try store.catalog.write { database in
            guard let settings = try store.lock(database) else { throw DICOMCatalog.missing(store.name) }
            let known = try standing(sending.files, database)
            let usable = decide(sending.usable, known, keepsRevisions: settings.keepsRevisions)
            let outcomes = sending.outcomes(of: usable)
            guard zip(outcomes.indices, outcomes).allSatisfy({ !$1.isNew || sending.sent.contains($0) }) else {
                return nil
            }
            try store.onStep(.foldersSynced)
            var writer = InstanceWriter(database, store: store.id)
            for (file, outcome) in zip(sending.files, outcomes) where outcome.isNew {
                if outcome == .revised { try writer.keepRevision(of: file.record.instance.sopInstanceUID) }
                try writer.insert(file)
            }
            try writer.flush()
            try store.onStep(.rowsWritten)
            return outcomes
        }
    }
}

/// Which files of a batch are in the storage, and why others cannot be.
private struct Sending {
    let files: [IncomingFile.Accepted]
    /// By index.
    var sent: Set<Int> = []
    private var failures: [Int: String] = [:]
    private static let atOnce = 16

    init(files: [IncomingFile.Accepted]) { self.files = files }

    var usable: [IncomingFile.Accepted] { files.indices.filter { failures[$0] == nil }.map { files[$0] } }

    /// All outcomes, from those of the usable.
    func outcomes(of usable: [IngestOutcome]) -> [IngestOutcome] {
        var rest = usable.makeIterator()
        return files.indices.map { index in failures[index].map { .unstored($0) } ?? rest.next()! }
    }

    /// What was sent and is in no row for it.
    func needless(_ outcomes: [IngestOutcome]) -> [DICOMStore.StoredFile] {
        sent.filter { !outcomes.indices.contains($0) || !outcomes[$0].isNew }.map {
            DICOMStore.StoredFile(uid: files[$0].record.instance.sopInstanceUID, hash: files[$0].hash)
        }
    }

    /// Brings what stands under the same UIDs: whether it is the same data set is not decided without it.
    mutating func compare(with known: [String: ContentHash], in store: DICOMStore) throws {
        let paths = files.indices.compactMap { index -> (Int, String)? in
            let hash = known[files[index].record.instance.sopInstanceUID]
            guard failures[index] == nil, let hash, hash != files[index].hash else { return nil }
            return (index, store.path(for: hash))
        }
        try run(paths) { path in
            do { _ = try RemoteFiles.file(of: path) } catch let error as any Failure
                where error.kind != .environment
            {}
        } done: { _, _ in
        }
    }

    mutating func send(where outcomes: [IngestOutcome], to store: DICOMStore) throws {
        let decided = self.outcomes(of: outcomes)
        let new = files.indices.filter { decided[$0].isNew && !sent.contains($0) }
        var arrived: Set<Int> = []
        let paths = Dictionary(uniqueKeysWithValues: new.map { ($0, files[$0]) })
        try run(new.map { ($0, $0) }) { index in
            let file = paths[index]!
            // Removed when all is done: it may be wanted again.
            try RemoteFiles.put(file.temporary, as: store.path(for: file.hash))
        } done: { index, _ in
            arrived.insert(index)
        }
        sent.formUnion(arrived)
    }

    /// Side by side; when the storage cannot be reached, what has not begun is not tried.
    private mutating func run<Item: Sendable>(
        _ items: [(Int, Item)], _ body: @escaping @Sendable (Item) throws -> Void, done: (Int, Item) -> Void
    ) throws {
        guard !items.isEmpty else { return }
        let unreachable = Mutex<String?>(nil)
        var remaining = items.makeIterator()
        var failed: [Int: String] = [:]
        try mapInOrder(threads: min(Self.atOnce, items.count), window: 2 * Self.atOnce) {
            remaining.next()
        } transform: { (index, item) -> (Int, Item, String?) in
            if let reason = unreachable.withLock({ $0 }) { return (index, item, reason) }
            do {
                try body(item)
                return (index, item, nil)
            } catch {
                let reason = StageReport.Problem(source: "", error: error).reason
                if (error as? any Failure)?.kind == .environment { unreachable.withLock { $0 = reason } }
                return (index, item, reason)
            }
        } consume: { index, item, reason in
            if let reason { failed[index] = reason } else { done(index, item) }
            return true
        }
        failures.merge(failed) { $1 }
    }
}
