import Database
import Foundation
public import LightboxCore
import Synchronization

/// The buckets of a home: the folders below its `buckets`.
///
/// A folder that somebody made by hand is a bucket like any other. Calls block.
public final class BucketFolders: Sendable {
    private struct State {
        var index: ObjectIndex?
        /// Where it was looked for what dead processes have left.
        var swept: Set<String> = []
    }

    public let home: Home
    package let uploads = UploadsUnderWay()
    private let state = Mutex(State())

    public init(home: Home) { self.home = home }

    /// Opened when it is first needed.
    func index() throws -> ObjectIndex {
        try state.withLock { state in
            if let index = state.index { return index }
            let index = try ObjectIndex(home: home)
            state.index = index
            return index
        }
    }

    /// Where a bucket's folder stands, or would.
    ///
    /// - Throws: ``BucketError`` `invalidName`.
    private func path(of name: String) throws -> String {
        guard !name.contains("/"), name.utf8.allSatisfy({ $0 != 0 }),
            let path = try? Home(path: home.path).localPath(of: "gs://\(name)")
        else {
            throw BucketError(
                .invalidName,
                "Invalid bucket name: '\(name.prefix(64))'. It has letters, digits, '_', '-' and '.', and does not "
                    + "begin with a dot.")
        }
        return path
    }

    /// - Throws: ``BucketError`` `noSuchBucket`.
    package func folder(_ name: String) throws -> BucketFolder {
        let path = try path(of: name)
        guard let folder = try BucketFolder(name: name, path: path, index: index()) else {
            throw Self.missing(name)
        }
        if state.withLock({ $0.swept.insert(name).inserted }) { folder.removeLeftovers() }
        return folder
    }

    private static func missing(_ name: String) -> BucketError {
        BucketError(.noSuchBucket, "The specified bucket does not exist: \(name)")
    }

    package func bucket(_ name: String) throws -> StoredBucket {
        let path = try path(of: name)
        return try index().tables.read { transaction in
            guard let bucket = try Self.bucket(name, path, transaction) else { throw Self.missing(name) }
            return bucket
        }
    }

    /// All buckets whose names begin so, by the bytes of their names.
    package func buckets(prefix: String = "") throws -> [StoredBucket] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: home.buckets)) ?? []
        return try index().tables.read { transaction in
            try names.filter { $0.hasPrefix(prefix) }.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
                .compactMap { name in
                    guard let path = try? path(of: name) else { return nil }
                    return try Self.bucket(name, path, transaction)
                }
        }
    }

    private static func bucket(_ name: String, _ path: String, _ transaction: SQLTransaction) throws
        -> StoredBucket?
    {
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else { return nil }
        let made = Date(timeIntervalSince1970: Double(status.st_mtim.tv_sec))
        let row = try transaction.first(
            "SELECT created, updated, metageneration, settings FROM bucket WHERE name = ? AND inode = ?",
            [name, Int64(bitPattern: UInt64(status.st_ino))])
        guard let row else { return StoredBucket(name: name, created: made, updated: made) }
        return StoredBucket(
            name: name, created: Date(timeIntervalSince1970: try row.get(0)),
            updated: Date(timeIntervalSince1970: try row.get(1)), metageneration: try row.get(2),
            settings: try IndexJSON.value(row.get(3)))
    }

    private static func put(_ bucket: StoredBucket, _ path: String, _ transaction: SQLTransaction) throws {
        var status = stat()
        guard stat(path, &status) == 0 else { throw FileFailure(path: path, errno: errno) }
        try transaction.execute(
            "INSERT OR REPLACE INTO bucket VALUES (?, ?, ?, ?, ?, ?)",
            [
                bucket.name, Int64(bitPattern: UInt64(status.st_ino)), bucket.created.timeIntervalSince1970,
                bucket.updated.timeIntervalSince1970, bucket.metageneration, try IndexJSON.text(bucket.settings),
            ])
    }

    /// Makes a bucket; it is on the disk when this returns.
    package func make(_ name: String, _ settings: BucketSettings) throws -> StoredBucket {
        let path = try path(of: name)
        return try index().tables.write { transaction in
            guard mkdir(path, 0o700) == 0 else {
                guard errno == EEXIST else { throw FileFailure(path: path, errno: errno) }
                throw BucketError(.bucketExists, "The bucket '\(name)' is there already.")
            }
            try AtomicFile.syncFolder(home.buckets)
            let now = Date.now1970
            let bucket = StoredBucket(name: name, created: now, updated: now, settings: settings)
            try Self.put(bucket, path, transaction)
            return bucket
        }
    }

    package func change(
        _ name: String, if metageneration: Int64? = nil, _ body: (inout BucketSettings) throws -> Void
    ) throws -> StoredBucket {
        let path = try path(of: name)
        return try index().tables.write { transaction in
            guard var bucket = try Self.bucket(name, path, transaction) else { throw Self.missing(name) }
            try Self.check(bucket, metageneration)
            try body(&bucket.settings)
            bucket.metageneration += 1
            bucket.updated = .now1970
            try Self.put(bucket, path, transaction)
            return bucket
        }
    }

    private static func check(_ bucket: StoredBucket, _ metageneration: Int64?) throws {
        guard metageneration ?? bucket.metageneration == bucket.metageneration else {
            throw BucketError(
                .conditionNotMet,
                "At least one of the pre-conditions you specified did not hold: ifMetagenerationMatch.")
        }
    }

    /// Removes a bucket in which there is nothing.
    package func remove(_ name: String, if metageneration: Int64? = nil) throws {
        let path = try path(of: name)
        try Self.check(bucket(name), metageneration)
        let folder = try folder(name)
        guard try folder.list(ObjectQuery.one).objects.isEmpty else {
            throw BucketError(.bucketNotEmpty, "The bucket you tried to delete is not empty.")
        }
        try uploads.removeAll(in: folder)
        try folder.root.visit { name, kind in if kind == .folder { _ = folder.root.removeEmpty(name) } }
        guard rmdir(path) == 0 else {
            guard errno == ENOTEMPTY || errno == EEXIST || errno == ENOTDIR else {
                throw FileFailure(path: path, errno: errno)
            }
            throw BucketError(
                .bucketNotEmpty,
                "The bucket's folder holds hidden files, links or uploads under way. Remove them on the machine.")
        }
        try index().forget(bucket: name)
        state.withLock { _ = $0.swept.remove(name) }
    }
}

extension ObjectQuery {
    fileprivate static var one: ObjectQuery {
        var query = ObjectQuery()
        query.limit = 1
        return query
    }
}
