import Catalog
import Foundation
import HTTPTypes
import LightboxCore
import Synchronization

/// Files that clients send in pieces, until their jobs have read them.
final class TableUploads: Sendable {
    struct Upload: Sendable {
        let path: String
        let project: String
        let user: String
        /// The job's JSON.
        let message: Bytes
        let begunAt = Date()
        var size = 0
    }

    private let folder: String
    private let uploads = Mutex<[String: Upload]>([:])
    private static let maximum = 200
    /// An upload nobody has added to for so long has been given up.
    private static let lifetime: TimeInterval = 24 * 3600

    init(folder: String) { self.folder = folder }

    /// A name for a new file; nothing is there yet.
    func place() throws -> String {
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        // Of servers that were killed in the middle of one.
        for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] {
            let path = "\(folder)/\(name)"
            let changed = try? FileManager.default.attributesOfItem(atPath: path)[.modificationDate] as? Date
            if let changed, Date().timeIntervalSince(changed) > Self.lifetime { unlink(path) }
        }
        return "\(folder)/upload.\(UUID().uuidString)"
    }

    /// - Returns: the upload's name.
    func begin(_ project: String, _ user: String, _ message: Bytes) throws -> String {
        let upload = Upload(path: try place(), project: project, user: user, message: message)
        let id = UUID().uuidString.lowercased()
        try uploads.withLock { uploads in
            for (id, old) in uploads where Date().timeIntervalSince(old.begunAt) > Self.lifetime {
                unlink(old.path)
                uploads[id] = nil
            }
            guard uploads.count < Self.maximum else {
                throw BigQueryError(
                    429, "rateLimitExceeded", "\(Self.maximum) uploads are under way. Ask again later.")
            }
            uploads[id] = upload
        }
        return id
    }

    func upload(_ id: String, for call: Call) throws -> Upload {
        guard let upload = uploads.withLock({ $0[id] }), upload.user == call.caller else {
            throw BigQueryError.notFound("Upload")
        }
        return upload
    }

    func grow(_ id: String, to size: Int) { uploads.withLock { $0[id]?.size = size } }
    func end(_ id: String) { uploads.withLock { $0[id] = nil } }
}
