import Database
import Foundation
public import LightboxCore

/// What a look at every file of a store found.
public struct VerifyReport: Sendable, Hashable, Codable {
    /// Instances whose file is there with the bytes that were taken in.
    public var intact = 0
    /// Files that are gone.
    public var missing: [String] = []
    /// Files whose bytes are not those that were taken in, or cannot be read.
    public var changed: [String] = []
    /// Files that the index does not know: left by a crash before they were acknowledged, or when they were removed.
    public var orphaned: [String] = []

    public init() {}

    public var isWhole: Bool { missing.isEmpty && changed.isEmpty && orphaned.isEmpty }
}

extension DICOMStore {
    /// Hashes every file and compares it with the index, while others add and remove instances. Files in object storage
    /// are listed, and their sizes compared.
    ///
    /// - Parameters:
    ///   - removesUnknown: removes the files that the index does not know; nothing else is changed.
    ///   - readsObjects: hashes also those in object storage, for which every one is fetched.
    public func verify(
        removesUnknown: Bool = false, readsObjects: Bool = false, progress: ProgressHandler? = nil
    ) async throws -> VerifyReport {
        try await onOwnThread {
            if let shared = self.shared {
                return try self.verify(shared, removesUnknown, readsObjects, progress)
            }
            var report = VerifyReport()
            var known: Set<String> = []
            let total = try self.counts().instances
            try self.forEachInstance { instance in
                known.insert(instance.path)
                let uid = instance.record.instance.sopInstanceUID
                let isIntact = try report.compare(instance.path, instance.contentHash) {
                    try self.hash(of: uid) == instance.contentHash
                }
                if isIntact { report.intact += 1 }
                if known.count.isMultiple(of: 100) {
                    progress?(ProgressUpdate(stage: "verify", completed: known.count, total: total))
                }
            }
            for revision in try self.revisions() where known.insert(revision.path).inserted {
                _ = try report.compare(revision.path, revision.contentHash) {
                    try self.revisions(of: revision.sopInstanceUID).contains { $0.path == revision.path }
                }
            }
            let files = try FileTree.files(below: self.root + "/instances").filter { !known.contains($0) }
            report.orphaned = try self.unknown(among: files, removes: removesUnknown)
            return report
        }
    }

    /// Those of some files that no row names.
    ///
    /// The store is locked: what is being taken in has its row by then, or is not there yet.
    private func unknown(among files: [String], removes: Bool) throws -> [String] {
        guard !files.isEmpty else { return [] }
        return try catalog.write { database in
            _ = try lock(database)
            let digests: [[UInt8]] = try database.column(
                """
                SELECT content_hash FROM dicom_instance WHERE store_id = ?1
                UNION ALL SELECT content_hash FROM dicom_revision WHERE store_id = ?1
                """, [id])
            let known = Set(digests.compactMap { ContentHash(digest: $0).map(path(for:)) })
            return try files.filter { file in
                guard !known.contains(file), FileManager.default.fileExists(atPath: file) else { return false }
                if removes, unlink(file) != 0, errno != ENOENT { throw FileFailure(path: file, errno: errno) }
                return true
            }
        }
    }
}

extension VerifyReport {
    /// Looks at one file. What is not as it was counts only when the index still holds it.
    ///
    /// - Returns: whether it has the bytes that were taken in.
    fileprivate mutating func compare(
        _ path: String, _ hash: ContentHash, isStillThere: () throws -> Bool
    ) throws -> Bool {
        if (try? ContentHash(ofFile: path)) == hash { return true }
        guard try isStillThere() else { return false }
        // Removed and taken in again meanwhile, it is whole.
        if (try? ContentHash(ofFile: path)) == hash { return true }
        if FileManager.default.fileExists(atPath: path) { changed.append(path) } else { missing.append(path) }
        return false
    }
}
