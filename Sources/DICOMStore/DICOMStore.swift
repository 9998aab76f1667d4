import Database
import Foundation
import LightboxCore
import Synchronization

/// An archive of DICOM instances: their files below one folder, their index in the home's catalogue.
///
/// A file's name is the SHA-256 of its bytes, so no attribute ever becomes a path, the same bytes have one place,
/// and a damaged file shows itself. An instance has a row only after its file is on the disk; a file without a row
/// (a crash came between) counts as not stored. Where the home's settings say so, the files are objects that servers
/// share.
public final class DICOMStore: Sendable {
    public let name: DICOMStoreName
    public let catalog: DICOMCatalog
    let id: Int64
    /// The folder that holds the files.
    public let root: String
    let onStep: @Sendable (IngestStep) throws -> Void
    /// Files to a commit: enough that its flushes cost little each, few enough that little is undone by a crash.
    let batchSize: Int
    let commits = CommitQueue()
    /// Where files that arrive are written; made when the first one does.
    private let receiving = Mutex<IncomingFolder?>(nil)

    func receivingFolder() throws -> IncomingFolder {
        try receiving.withLock { folder in
            if let folder { return folder }
            let new = try IncomingFolder(in: incoming)
            folder = new
            return new
        }
    }

    init(
        name: DICOMStoreName, id: Int64, catalog: DICOMCatalog, root: String,
        batchSize: Int, onStep: @escaping @Sendable (IngestStep) throws -> Void
    ) throws {
        self.name = name
        self.batchSize = batchSize
        self.id = id
        self.catalog = catalog
        self.root = root
        self.onStep = onStep
        try makeFolders()
        IncomingFolder.removeAbandoned(in: incoming)
    }

    /// Only the user may look into them, since they hold patient data.
    private func makeFolders() throws {
        for folder in shared == nil ? [root + "/instances", incoming] : [incoming, reports] {
            guard !FileManager.default.fileExists(atPath: folder) else { continue }
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            var above = (folder as NSString).deletingLastPathComponent
            while above.hasPrefix(catalog.home.path) {
                try AtomicFile.syncFolder(above)
                above = (above as NSString).deletingLastPathComponent
            }
        }
    }

    /// Makes those of the 256 folders that are missing, on the disk when this returns.
    func makeFolders(_ folders: some Sequence<String>) throws {
        var isNew = false
        for folder in folders {
            if mkdir(folder, 0o700) == 0 {
                isNew = true
            } else if errno != EEXIST {
                throw FileFailure(path: folder, errno: errno)
            }
        }
        if isNew { try AtomicFile.syncFolder(root + "/instances") }
    }

    func folder(for hash: ContentHash) -> String { root + "/instances/" + hash.description.prefix(2) }

    /// Where the file with these bytes is, or would be.
    func path(for hash: ContentHash) -> String { folder(for: hash) + "/" + hash.description + ".dcm" }
}

/// How much a store holds.
public struct DICOMStoreCounts: Sendable, Hashable, Codable {
    public let studies: Int
    public let series: Int
    public let instances: Int
    public let bytes: Int
}

extension DICOMStore {
    public func counts() throws -> DICOMStoreCounts {
        try catalog.read { database in
            try DICOMStoreCounts(
                database.first(
                    """
                    SELECT (SELECT count(*) FROM dicom_study WHERE store_id = ?1),
                    (SELECT count(*) FROM dicom_series JOIN dicom_study ON dicom_study.id = study WHERE store_id = ?1),
                    (SELECT count(*) FROM dicom_instance WHERE store_id = ?1),
                    (SELECT coalesce(sum(size), 0) FROM dicom_instance WHERE store_id = ?1)
                    """, [id]))
        }
    }

    /// How much of it matches.
    public func counts(of filter: InstanceFilter) throws -> DICOMStoreCounts {
        try catalog.read { database in
            let (condition, arguments) = filter.condition(store: id)
            return try DICOMStoreCounts(
                database.first(
                    """
                    SELECT count(DISTINCT s.id), count(DISTINCT e.id), count(*), coalesce(sum(i.size), 0)
                    \(filter.tables(database.dialect)) WHERE \(condition)
                    """, arguments))
        }
    }

    /// Whether it has not been deleted since it was opened.
    public func isThere() throws -> Bool {
        try catalog.read { database in
            try database.scalar("SELECT EXISTS (SELECT 1 FROM dicom_store WHERE id = ?)", [id]) ?? false
        }
    }

    /// The instance with this UID, nil when the store has none.
    public func instance(_ sopInstanceUID: String) throws -> StoredInstance? {
        try instances(matching: InstanceFilter(sopInstanceUID: sopInstanceUID), limit: 1).first
    }

    /// Makes this transaction the only one that adds or removes instances of the store.
    ///
    /// - Returns: the store's settings; nil when it has been deleted since it was opened.
    func lock(_ database: SQLTransaction) throws -> DICOMStoreSettings? {
        let row = try database.first(
            "SELECT settings FROM dicom_store WHERE id = ?\(database.dialect.lock)", [id])
        return try row.map { try DICOMCatalog.value($0.get(0)) }
    }
}

extension DICOMStoreCounts {
    fileprivate init(_ row: SQLRow?) throws {
        let counts: [Int] = try row.map { row in try (0..<4).map { try row.get($0) } } ?? [0, 0, 0, 0]
        self.init(studies: counts[0], series: counts[1], instances: counts[2], bytes: counts[3])
    }
}
