import Database
public import Foundation
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
        let condition = "store_id = ?" + (sopInstanceUID == nil ? "" : " AND sop_uid = ?")
        let arguments: SQLArguments = [id] + (sopInstanceUID.map { [$0.withoutNUL] } ?? [])
        return try catalog.read { database in
            try database.all(
                "SELECT sop_uid, content_hash, size, replaced FROM dicom_revision WHERE \(condition) ORDER BY id",
                arguments
            ).compactMap { row in
                guard let hash = ContentHash(digest: try row.get(1)) else { return nil }
                return DICOMRevision(
                    sopInstanceUID: try row.get(0), contentHash: hash, size: try row.get(2),
                    replaced: Date(timeIntervalSince1970: try row.get(3)), path: path(for: hash))
            }
        }
    }
}
