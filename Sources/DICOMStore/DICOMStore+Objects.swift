import Database
import LightboxCore

/// Files of a store that stand in object storage, for several servers.
extension DICOMStore {
    /// Where the files are when they are no files of this machine.
    var shared: (any SharedFolder)? { RemoteFiles.shared(at: root + "/instances") }

    /// Files that wait for their commit: beside the others where these are of this machine.
    var incoming: String { shared == nil ? root + "/incoming" : catalog.home.outgoing + "/dicom" }

    /// The folder of this machine for what is written about the store: lists of what was left out.
    public var reports: String { shared == nil ? root : "\(catalog.home.jobs)/dicom/\(name)" }

    /// Removes those files that no row names any more, also none of a new store of the name.
    func removeUnusedObjects(_ files: [StoredFile]) throws {
        for start in stride(from: 0, to: files.count, by: 256) {
            let some = files[start..<min(start + 256, files.count)]
            try catalog.turns.whileRemoving(from: name) {
                let unused = try catalog.read { database in try some.filter { try !isNamed($0, database) } }
                try Self.removeObjects(Set(unused.map { path(for: $0.hash) }))
            }
        }
    }

    private func isNamed(_ file: StoredFile, _ database: SQLTransaction) throws -> Bool {
        try ["dicom_instance", "dicom_revision"].contains { table in
            try database.scalar(
                """
                SELECT EXISTS (SELECT 1 FROM \(table) WHERE sop_uid = ?1 AND content_hash = ?2
                AND store_id IN (SELECT id FROM dicom_store WHERE dataset = ?3 AND name = ?4))
                """, [file.uid, file.hash.digest, name.dataset, name.store]) ?? false
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

    /// The paths of all files that the index names.
    func namedPaths() throws -> Set<String> {
        let digests: [[UInt8]] = try catalog.read {
            try $0.column(
                """
                SELECT content_hash FROM dicom_instance WHERE store_id = ?1
                UNION ALL SELECT content_hash FROM dicom_revision WHERE store_id = ?1
                """, [id])
        }
        return Set(digests.compactMap { ContentHash(digest: $0).map(path(for:)) })
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
                let named = try store.namedPaths()
                try DICOMStore.removeObjects(some.filter { !named.contains($0) })
            }
        }
    }
}
