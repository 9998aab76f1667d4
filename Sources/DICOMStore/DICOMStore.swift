import Foundation
import GRDB
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

    var pool: DatabasePool { catalog.pool }

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
        for folder in shared == nil ? [root + "/instances", incoming] : [incoming] {
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
        try pool.read { database in
            let row = try Row.fetchOne(
                database,
                sql: """
                    SELECT (SELECT count(*) FROM dicom_study WHERE store_id = ?1),
                    (SELECT count(*) FROM dicom_series JOIN dicom_study ON dicom_study.id = study WHERE store_id = ?1),
                    (SELECT count(*) FROM dicom_instance WHERE store_id = ?1),
                    (SELECT coalesce(sum(size), 0) FROM dicom_instance WHERE store_id = ?1)
                    """, arguments: [id])
            guard let row else { return DICOMStoreCounts(studies: 0, series: 0, instances: 0, bytes: 0) }
            return DICOMStoreCounts(studies: row[0], series: row[1], instances: row[2], bytes: row[3])
        }
    }

    /// Whether it has not been deleted since it was opened.
    public func isThere() throws -> Bool {
        try pool.read { database in
            try Bool.fetchOne(
                database.cachedStatement(sql: "SELECT EXISTS (SELECT 1 FROM dicom_store WHERE id = ?)"),
                arguments: [id]) ?? false
        }
    }

    /// How much of it matches.
    public func counts(of filter: InstanceFilter) throws -> DICOMStoreCounts {
        try pool.read { database in
            let (condition, arguments) = filter.condition(store: id)
            let row = try Row.fetchOne(
                database.cachedStatement(
                    sql: """
                        SELECT count(DISTINCT s.id), count(DISTINCT e.id), count(*), coalesce(sum(i.size), 0)
                        \(filter.tables) WHERE \(condition)
                        """), arguments: arguments)
            guard let row else { return DICOMStoreCounts(studies: 0, series: 0, instances: 0, bytes: 0) }
            return DICOMStoreCounts(studies: row[0], series: row[1], instances: row[2], bytes: row[3])
        }
    }

    /// The instance with this UID, nil when the store has none.
    public func instance(_ sopInstanceUID: String) throws -> StoredInstance? {
        try instances(matching: InstanceFilter(sopInstanceUID: sopInstanceUID), limit: 1).first
    }

    /// Removes instances; a study or series without any goes too.
    ///
    /// - Returns: how many were removed.
    @discardableResult
    public func remove(_ filter: InstanceFilter) throws -> Int {
        let (count, files) = try pool.write { database in
            let (condition, arguments) = filter.condition(store: id)
            let rows = try Row.fetchAll(
                database,
                sql:
                    """
                    SELECT i.id, e.id AS series, s.id AS study, i.sop_uid, i.content_hash \(filter.tables) \
                    WHERE \(condition)
                    """,
                arguments: arguments)
            let instances = try database.cachedStatement(sql: "DELETE FROM dicom_instance WHERE id = ?")
            var files: [(uid: String, hash: ContentHash)] = []
            for row in rows {
                try instances.execute(arguments: [row["id"] as Int64])
                let uid: String = row["sop_uid"]
                if let hash = ContentHash(digest: row["content_hash"]) { files.append((uid, hash)) }
                files += try removeRevisions(of: uid, database).map { (uid, $0) }
            }
            try Self.removeEmpty("series", rows, children: "dicom_instance WHERE series", database)
            try Self.removeEmpty("study", rows, children: "dicom_series WHERE study", database)
            return (rows.count, files)
        }
        guard shared == nil else {
            try removeUnused(files)
            return count
        }
        // Only now: a crash in between leaves files without rows, never the other way round. And with the write lock
        // held: who takes the same bytes in again meanwhile keeps the file.
        try pool.write { database in
            let writer = try InstanceWriter(database, store: id)
            for (uid, hash) in files where try !writer.isInUse(hash, uid: uid) {
                unlink(path(for: hash))
            }
        }
        return count
    }

    static func removeEmpty(_ level: String, _ rows: [Row], children: String, _ database: Database) throws {
        let statement = try database.cachedStatement(
            sql: "DELETE FROM dicom_\(level) WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM \(children) = ?1)")
        for id in Set(rows.map { $0[level] as Int64 }) { try statement.execute(arguments: [id]) }
    }
}
