public import Foundation
import GRDB
public import LightboxCore

/// A file whose place another one under the same SOP Instance UID has taken.
public struct DICOMRevision: Sendable, Hashable, Codable {
    public let sopInstanceUID: String
    public let contentHash: ContentHash
    /// In bytes.
    public let size: Int
    public let replaced: Date
    public let path: String
}

extension DICOMStore {
    /// What stood under a UID before, the oldest first; of all UIDs without one.
    public func revisions(of sopInstanceUID: String? = nil) throws -> [DICOMRevision] {
        try pool.read { database in
            try Row.fetchAll(
                database,
                sql: """
                    SELECT sop_uid, content_hash, size, replaced FROM dicom_revision
                    WHERE store_id = ?1 AND (?2 IS NULL OR sop_uid = ?2) ORDER BY id
                    """, arguments: [id, sopInstanceUID]
            ).compactMap { row in
                guard let hash = ContentHash(digest: row["content_hash"]) else { return nil }
                return DICOMRevision(
                    sopInstanceUID: row["sop_uid"], contentHash: hash, size: row["size"],
                    replaced: Date(timeIntervalSince1970: row["replaced"]), path: path(for: hash))
            }
        }
    }

    /// Removes the revisions of instances that are removed.
    ///
    /// - Returns: the hashes of their files.
    func removeRevisions(of uid: String, _ database: Database) throws -> [ContentHash] {
        let digests = try Data.fetchAll(
            database, sql: "SELECT content_hash FROM dicom_revision WHERE store_id = ? AND sop_uid = ?",
            arguments: [id, uid])
        guard !digests.isEmpty else { return [] }
        try database.execute(
            sql: "DELETE FROM dicom_revision WHERE store_id = ? AND sop_uid = ?", arguments: [id, uid])
        return digests.compactMap { ContentHash(digest: $0) }
    }
}
