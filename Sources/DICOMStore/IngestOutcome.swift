/// What became of one file of an ingest.
public enum IngestOutcome: Sendable, Hashable {
    /// File and index row are on the disk.
    case added
    /// As ``added``, in the place of other bytes under the same SOP Instance UID, which are kept as a revision.
    case revised
    /// The store has these very bytes already.
    case unchanged
    /// The store has other bytes under the same SOP Instance UID, and keeps them.
    case conflict
    /// Not an instance that can be stored, and why.
    case unreadable(String)
    /// Its bytes could not be brought to where files are kept, and why; it may be sent again.
    case unstored(String)

    /// Whether the file has become part of the store just now.
    public var isNew: Bool { self == .added || self == .revised }

    /// Why the file is not in the store; nil when it is.
    public var problem: String? {
        switch self {
        case .added, .revised, .unchanged: nil
        case .conflict:
            """
            Another file is stored under its SOP Instance UID and was kept. Give this one a UID of its own, or remove \
            the stored instance first.
            """
        case .unreadable(let reason), .unstored(let reason): reason
        }
    }
}

/// The points of an ingest between which a crash may come; in this order for every batch.
package enum IngestStep: String, Sendable, CaseIterable, Codable {
    case copied, filesSynced, renamed, foldersSynced, rowsWritten, committed
}
