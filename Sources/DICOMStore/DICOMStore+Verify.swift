import Foundation
public import LightboxCore

/// What a look at every file of a store found.
public struct VerifyReport: Sendable, Hashable, Codable {
    /// Instances whose file is there with the bytes that were taken in.
    public var intact = 0
    /// Files that are gone.
    public var missing: [String] = []
    /// Files whose bytes are not those that were taken in.
    public var changed: [String] = []
    /// Files that the index does not know: left by a crash before they were acknowledged.
    public var orphaned: [String] = []

    public init() {}

    public var isWhole: Bool { missing.isEmpty && changed.isEmpty && orphaned.isEmpty }
}

extension DICOMStore {
    /// Hashes every file and compares it with the index. Nothing is changed.
    public func verify(progress: ProgressHandler? = nil) async throws -> VerifyReport {
        try await onOwnThread {
            var report = VerifyReport()
            var known: Set<String> = []
            let total = try self.counts().instances
            try self.forEachInstance { instance in
                known.insert(instance.path)
                if !FileManager.default.fileExists(atPath: instance.path) {
                    report.missing.append(instance.path)
                } else if try ContentHash(ofFile: instance.path) != instance.contentHash {
                    report.changed.append(instance.path)
                } else {
                    report.intact += 1
                }
                if known.count.isMultiple(of: 100) {
                    progress?(ProgressUpdate(stage: "verify", completed: known.count, total: total))
                }
            }
            for revision in try self.revisions() where known.insert(revision.path).inserted {
                if !FileManager.default.fileExists(atPath: revision.path) {
                    report.missing.append(revision.path)
                } else if try ContentHash(ofFile: revision.path) != revision.contentHash {
                    report.changed.append(revision.path)
                }
            }
            report.orphaned = try FileTree.files(below: self.root + "/instances").filter { !known.contains($0) }
            return report
        }
    }
}
