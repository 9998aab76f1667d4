import Foundation
import GRDB
import LightboxCore
import Synchronization

/// Files of a store that stand in object storage, for several servers.
extension DICOMStore {
    /// Where the files are when they are no files of this machine.
    var shared: (any SharedFolder)? { RemoteFiles.shared(at: root + "/instances") }

    /// Files that wait for their commit: beside the others where these are of this machine.
    var incoming: String { shared == nil ? root + "/incoming" : catalog.home.outgoing + "/dicom" }

    /// Removes those files that no row names any more.
    func removeUnused(_ files: [(uid: String, hash: ContentHash)]) throws {
        for start in stride(from: 0, to: files.count, by: 256) {
            let some = files[start..<min(start + 256, files.count)]
            try catalog.turns.whileRemoving(from: name) {
                let unused = try pool.read { database in
                    let writer = try InstanceWriter(database, store: id)
                    return try some.filter { try !writer.isInUse($0.hash, uid: $0.uid) }
                }
                try Self.removeObjects(Set(unused.map { path(for: $0.hash) }))
            }
        }
    }

    static func removeObjects(_ paths: some Sequence<String>) throws {
        var remaining = paths.makeIterator()
        try mapInOrder(threads: 16, window: 32) {
            remaining.next()
        } transform: { path in
            try RemoteFiles.remove(path)
        } consume: { (_: Void) in
            true
        }
    }

    /// The hashes of all files that the index names.
    func knownHashes(_ database: Database) throws -> Set<ContentHash> {
        let digests = try Data.fetchAll(
            database,
            sql: """
                SELECT content_hash FROM dicom_instance WHERE store_id = ?1
                UNION ALL SELECT content_hash FROM dicom_revision WHERE store_id = ?1
                """, arguments: [id])
        return Set(digests.compactMap { ContentHash(digest: $0) })
    }
}

extension DICOMCatalog {
    /// Removes the objects of a store that was deleted; a new one of its name keeps its own.
    func removeObjects(of name: DICOMStoreName) throws {
        let folder = try home.dicomStore(dataset: name.dataset, store: name.store) + "/instances"
        guard let shared = RemoteFiles.shared(at: folder) else { return }
        var found: [String] = []
        try shared.forEachFile(below: folder) { path, _ in found.append(path) }
        for start in stride(from: 0, to: found.count, by: 256) {
            let some = found[start..<min(start + 256, found.count)]
            try turns.whileRemoving(from: name) {
                guard let store = try? store(name) else { return try DICOMStore.removeObjects(some) }
                let known = Set(try pool.read { try store.knownHashes($0) }.map(store.path(for:)))
                try DICOMStore.removeObjects(some.filter { !known.contains($0) })
            }
        }
    }
}
