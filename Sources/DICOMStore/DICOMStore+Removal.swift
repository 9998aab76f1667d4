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
            let files = try rows.inParts.flatMap { try remove($0, database) }
            try Self.removeEmpty(rows, database)
            return (rows.count, files)
        }
        try removeUnused(files)
        return count
    }

    /// - Returns: the files of these instances and of what stood in their places before.
    private func remove(_ rows: ArraySlice<SQLRow>, _ database: SQLTransaction) throws -> [StoredFile] {
        let dialect = database.dialect
        try database.execute(
            "DELETE FROM dicom_instance WHERE \(dialect.isAmong("id", type: "INTEGER"))",
            [dialect.list(rows.map { try $0.get("id") })])
        let files = try rows.map { try StoredFile($0) }
        let revisions = "FROM dicom_revision WHERE store_id = ? AND \(dialect.isAmong("sop_uid", type: "TEXT"))"
        let uids: SQLArguments = [id, dialect.list(uids: files.map(\.uid))]
        let old = try database.all("SELECT sop_uid, content_hash \(revisions)", uids)
        if !old.isEmpty { try database.execute("DELETE \(revisions)", uids) }
        return try files + old.map { try StoredFile($0) }
    }

    /// A file of the store by what is in it.
    struct StoredFile: Hashable {
        let uid: String
        let hash: [UInt8]

        init(uid: String, hash: ContentHash) { (self.uid, self.hash) = (uid, hash.digest) }

        /// - Parameter row: with `sop_uid` and `content_hash`.
        init(_ row: SQLRow) throws {
            (uid, hash) = (try row.get("sop_uid"), try row.get("content_hash"))
        }
    }

    /// Removes files that no row names any more.
    ///
    /// Only after their rows: a crash in between leaves files without rows, never the other way round. And with the store
    /// locked: who takes the same bytes in again meanwhile keeps the file.
    func removeUnused(_ files: [StoredFile]) throws {
        guard shared == nil else { return try removeUnusedObjects(files) }
        for part in files.inParts {
            try catalog.write { database in
                _ = try lock(database)
                let dialect = database.dialect
                let condition = "store_id = ?1 AND \(dialect.isAmong("sop_uid", type: "TEXT", argument: "?2"))"
                let rows = try database.all(
                    """
                    SELECT sop_uid, content_hash FROM dicom_instance WHERE \(condition)
                    UNION ALL SELECT sop_uid, content_hash FROM dicom_revision WHERE \(condition)
                    """, [id, dialect.list(uids: part.map(\.uid))])
                let used = try Set(rows.map { try StoredFile($0) })
                for file in part where !used.contains(file) {
                    if let hash = ContentHash(digest: file.hash) { unlink(path(for: hash)) }
                }
            }
        }
    }

    /// Removes the series and the studies of removed instances that have no others.
    ///
    /// - Parameter rows: with `series` and `study`.
    static func removeEmpty(_ rows: [SQLRow], _ database: SQLTransaction) throws {
        let dialect = database.dialect
        for (level, child, key) in [("series", "dicom_instance", "series"), ("study", "dicom_series", "study")] {
            let ids = try Set(rows.map { try $0.get(level, as: Int64.self) }).sorted()
            for part in ids.inParts {
                try database.execute(
                    """
                    DELETE FROM dicom_\(level) WHERE \(dialect.isAmong("id", type: "INTEGER"))
                    AND NOT EXISTS (SELECT 1 FROM \(child) WHERE \(key) = dicom_\(level).id)
                    """, [dialect.list(part)])
            }
        }
    }
}

extension Array {
    /// As many as one statement takes well.
    var inParts: [ArraySlice<Element>] {
        stride(from: 0, to: count, by: 1000).map { self[$0..<Swift.min($0 + 1000, count)] }
    }
}
