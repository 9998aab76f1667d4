import Database
import Foundation
import LightboxCore
import Synchronization

/// The resumable uploads of a home: rows, and those that requests have asked for in memory.
package final class UploadsUnderWay: Sendable {
    private struct Known {
        let upload: ResumableUpload
        var users = 0
        var lastUse = ContinuousClock.now
    }

    private let known = Mutex<[String: Known]>([:])
    /// That stay open while nobody asks for them: each has a file and what was hashed of it.
    private static let maximumIdle = 64
    /// As long as in the cloud.
    private static let lifetime = 7 * 86_400.0

    init() {}

    /// Begins one; it is on the disk when this returns.
    package func begin(_ plan: UploadPlan, in bucket: BucketFolder) throws -> ResumableUpload {
        let key = try ObjectKey(plan.key)
        try removeOld(in: bucket)
        try plan.properties.check()
        try bucket.check(plan.conditions, key)
        let id = Self.newID()
        let upload = ResumableUpload(id: id, bucket: bucket, plan: plan, kept: 0)
        // A row without its file is forgotten in a week; a file without its row would stay.
        try bucket.index.tables.write { transaction in
            try transaction.execute(
                "INSERT INTO upload VALUES (?, ?, ?, 0, ?, NULL)",
                [id, bucket.name, try IndexJSON.text(plan), Date().timeIntervalSince1970])
        }
        try IncomingObject(in: bucket, named: upload.fileName).isKept = true
        return upload
    }

    /// Nobody guesses one: who knows it may go on with the upload.
    private static func newID() -> String {
        var generator = SystemRandomNumberGenerator()
        return (0..<4).map { _ in
            let digits = String(UInt64.random(in: .min ... .max, using: &generator), radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }.joined()
    }

    /// Asks for an upload, until ``leave(_:)``.
    ///
    /// - Returns: the upload, or what became of it.
    /// - Throws: ``BucketError`` `noSuchUpload`.
    package func enter(_ id: String, in bucket: BucketFolder) throws -> Entry {
        guard let row = try row(id, bucket) else {
            throw BucketError(.noSuchUpload, "No such upload: it ended, was taken back, or is over a week old.")
        }
        guard !row.isEnded else { return .ended(try bucket.object(ObjectKey(row.plan.key))) }
        return .open(
            known.withLock { known in
                var entry =
                    known[id]
                    ?? Known(upload: ResumableUpload(id: id, bucket: bucket, plan: row.plan, kept: row.kept))
                entry.users += 1
                known[id] = entry
                return entry.upload
            })
    }

    package enum Entry: Sendable {
        case open(ResumableUpload)
        case ended(StoredObject)
    }

    package func leave(_ upload: ResumableUpload) {
        known.withLock { known in
            guard var entry = known[upload.id] else { return }
            entry.users -= 1
            entry.lastUse = .now
            known[upload.id] = upload.hasEnded && entry.users == 0 ? nil : entry
            let idle = known.filter { $0.value.users == 0 }
            guard idle.count > Self.maximumIdle else { return }
            if let oldest = idle.min(by: { $0.value.lastUse < $1.value.lastUse }) { known[oldest.key] = nil }
        }
    }

    private func row(_ id: String, _ bucket: BucketFolder) throws -> (plan: UploadPlan, kept: Int, isEnded: Bool)?
    {
        try bucket.index.tables.read { transaction in
            let row = try transaction.first(
                "SELECT plan, kept, outcome IS NOT NULL FROM upload WHERE id = ? AND bucket = ?",
                [id, bucket.name])
            return try row.map { (try IndexJSON.value($0.get(0)), try $0.get(1), try $0.get(2)) }
        }
    }

    /// Takes an upload back, with what was sent of it.
    package func cancel(_ id: String, in bucket: BucketFolder) throws {
        guard try row(id, bucket) != nil else {
            throw BucketError(.noSuchUpload, "No such upload: it ended, was taken back, or is over a week old.")
        }
        known.withLock { $0[id]?.upload }?.interrupt()
        try remove([id], in: bucket)
    }

    private func remove(_ ids: [String], in bucket: BucketFolder) throws {
        let folder = try bucket.root.folder(Array(BucketFolder.incoming.utf8))
        for id in ids {
            known.withLock { $0[id] = nil }
            try? folder?.remove(Array("\(id).upload".utf8))
            try bucket.index.tables.write { try $0.execute("DELETE FROM upload WHERE id = ?", [id]) }
        }
    }

    /// Removes what nobody has gone on with for a week.
    private func removeOld(in bucket: BucketFolder) throws {
        let end = Date().timeIntervalSince1970 - Self.lifetime
        try remove(
            bucket.index.tables.read {
                try $0.column("SELECT id FROM upload WHERE bucket = ? AND begun < ?", [bucket.name, end])
            }, in: bucket)
    }

    func removeAll(in bucket: BucketFolder) throws {
        try remove(
            bucket.index.tables.read {
                try $0.column("SELECT id FROM upload WHERE bucket = ?", [bucket.name])
            }, in: bucket)
    }
}
