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
        for part in files.inParts {
            try catalog.turns.whileRemoving(from: name) {
                let named = try catalog.read { try namedFiles(part, $0) }
                let unused = part.filter { !named.contains($0) }
                try Self.removeObjects(Set(unused.compactMap { ContentHash(digest: $0.hash).map(path(for:)) }))
            }
        }
    }

    private func namedFiles(_ files: ArraySlice<StoredFile>, _ database: SQLTransaction) throws -> Set<StoredFile>
    {
        let dialect = database.dialect
        let condition = """
            store_id IN (SELECT id FROM dicom_store WHERE dataset = ?1 AND name = ?2)
            AND \(dialect.isAmong("sop_uid", type: "TEXT", argument: "?3"))
            """
        let rows = try database.all(
            """
            SELECT sop_uid, content_hash FROM dicom_instance WHERE \(condition)
            UNION ALL SELECT sop_uid, content_hash FROM dicom_revision WHERE \(condition)
            """, [name.dataset, name.store, dialect.list(uids: files.map(\.uid))])
        return try Set(rows.map { try StoredFile($0) })
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
