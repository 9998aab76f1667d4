import Foundation
import LightboxCore

/// Files that only their owner may read, from their first byte on.
enum PrivateFile {
    /// Writes a new file.
    ///
    /// - Throws: `FileFailure` with EEXIST when there is one already.
    static func create(_ bytes: [UInt8], at path: String) throws {
        let hidden = try temporary(bytes, beside: path)
        defer { unlink(hidden) }
        // A link fails where a rename would replace what another process has made meanwhile.
        guard link(hidden, path) == 0 else { throw FileFailure(path: path, errno: errno) }
    }

    /// Writes a file, or replaces one.
    static func write(_ bytes: [UInt8], to path: String) throws {
        let hidden = try temporary(bytes, beside: path)
        guard rename(hidden, path) == 0 else {
            let failure = FileFailure(path: path, errno: errno)
            unlink(hidden)
            throw failure
        }
    }

    private static func temporary(_ bytes: [UInt8], beside path: String) throws -> String {
        let folder = (path as NSString).deletingLastPathComponent
        let name = "." + (path as NSString).lastPathComponent + "." + UUID().uuidString.prefix(8) + ".part"
        let hidden = folder.isEmpty ? name : folder + "/" + name
        let descriptor = open(hidden, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw FileFailure(path: path, errno: errno) }
        defer { close(descriptor) }
        do {
            try bytes.withUnsafeBytes { try FileDescriptorIO.writeAll($0, to: descriptor) }
            guard fsync(descriptor) == 0 else { throw FileFailure(path: path, errno: errno) }
        } catch {
            unlink(hidden)
            throw error
        }
        return hidden
    }
}
