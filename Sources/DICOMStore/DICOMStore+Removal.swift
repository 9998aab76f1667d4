import Database
import Foundation
import LightboxCore

extension DICOMStore {
    /// Removes instances; a study or series without any goes too.
    ///
    /// - Returns: how many were removed.
    @discardableResult
    public func remove(_ filter: InstanceFilter) throws -> Int {
        let (count, files) = try catalog.write { database in
            _ = try lock(database)
            let (condition, arguments) = filter.condition(store: id)
            let rows = try database.all(
                """
                SELECT i.id, e.id AS series, s.id AS study, i.sop_uid, i.content_hash \
                \(filter.tables(database.dialect)) WHERE \(condition)
                """, arguments)
            let instances = database.statement("DELETE FROM dicom_instance WHERE id = ?")
            var files: [StoredFile] = []
            for row in rows {
                try instances.execute([row.get("id", as: Int64.self)])
                let uid: String = try row.get("sop_uid")
                if let hash = ContentHash(digest: try row.get("content_hash")) {
                    files.append(StoredFile(uid: uid, hash: hash))
                }
                files += try removeRevisions(of: uid, database).map { StoredFile(uid: uid, hash: $0) }
            }
            try Self.removeEmpty(rows, database)
            return (rows.count, files)
        }
        try removeUnused(files)
        return count
    }

    /// A file of the store by what is in it.
    struct StoredFile {
        let uid: String
        let hash: ContentHash
    }

    /// Removes files that no row names any more.
    ///
    /// Only after their rows: a crash in between leaves files without rows, never the other way round. And with the store
    /// locked: who takes the same bytes in again meanwhile keeps the file.
    func removeUnused(_ files: [StoredFile]) throws {
        guard !files.isEmpty else { return }
        guard shared == nil else { return try removeUnusedObjects(files) }
        try catalog.write { database in
            _ = try lock(database)
            for file in files where try !isInUse(file, database) { unlink(path(for: file.hash)) }
        }
    }

    /// Whether the file of an instance, or of one that stood there before, has these bytes.
    private func isInUse(_ file: StoredFile, _ database: SQLTransaction) throws -> Bool {
        try database.scalar(
            """
            SELECT EXISTS (SELECT 1 FROM dicom_instance WHERE store_id = ?1 AND sop_uid = ?2 AND content_hash = ?3)
            OR EXISTS (SELECT 1 FROM dicom_revision WHERE store_id = ?1 AND sop_uid = ?2 AND content_hash = ?3)
            """, [id, file.uid, file.hash.digest]) ?? false
    }

    /// Removes the series and the studies of removed instances that have no others.
    ///
    /// - Parameter rows: with `series` and `study`.
    static func removeEmpty(_ rows: [SQLRow], _ database: SQLTransaction) throws {
        for (level, children) in [("series", "dicom_instance WHERE series"), ("study", "dicom_series WHERE study")] {
            let statement = database.statement(
                "DELETE FROM dicom_\(level) WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM \(children) = ?1)")
            for id in try Set(rows.map { try $0.get(level, as: Int64.self) }) { try statement.execute([id]) }
        }
    }
}
