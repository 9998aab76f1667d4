import Foundation
import LightboxCore

/// A file that is written piece by piece under a hidden name, and appears under its own name, whole and
/// on the disk, with ``commit()``. Without a commit nothing is left behind.
///
/// ``AtomicFile`` does the same for bytes that are at hand in one closure.
package final class PendingFile {
    package let path: String
    private let folder: String
    private let temporary: String
    private var descriptor: Int32
    private var buffer: [UInt8] = []
    private let capacity = 1 << 18

    package init(path: String) throws {
        self.path = path
        let parent = (path as NSString).deletingLastPathComponent
        folder = parent.isEmpty ? "." : parent
        let name = "." + (path as NSString).lastPathComponent + "." + UUID().uuidString.prefix(8) + ".part"
        temporary = folder + "/" + name
        try RemoteFiles.prepare(path)
        descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw FileFailure(path: path, errno: errno) }
        if RemoteFiles.isRemote(path) { Leftovers.claim(descriptor) }
        buffer.reserveCapacity(capacity)
    }

    deinit {
        guard descriptor >= 0 else { return }
        close(descriptor)
        unlink(temporary)
    }

    package func write(_ bytes: UnsafeRawBufferPointer) throws {
        if buffer.count + bytes.count > capacity { try flush() }
        if bytes.count >= capacity { return try writeThrough(bytes) }
        buffer.append(contentsOf: bytes)
    }

    /// Replaces bytes that were written before, as a header whose count is only known at the end.
    package func overwrite(_ bytes: [UInt8], at offset: Int) throws {
        try flush()
        guard pwrite(descriptor, bytes, bytes.count, off_t(offset)) == bytes.count else {
            throw FileFailure(path: path, errno: errno)
        }
    }

    /// Brings the file to the disk and gives it its name.
    package func commit() throws {
        precondition(descriptor >= 0, "commit() twice")
        try flush()
        guard fsync(descriptor) == 0 else { throw FileFailure(path: path, errno: errno) }
        try RemoteFiles.commit(temporary, as: path)
        close(descriptor)
        descriptor = -1
        try AtomicFile.syncFolder(folder)
    }

    private func flush() throws {
        try buffer.withUnsafeBytes { try writeThrough($0) }
        buffer.removeAll(keepingCapacity: true)
    }

    private func writeThrough(_ bytes: UnsafeRawBufferPointer) throws {
        do {
            try FileDescriptorIO.writeAll(bytes, to: descriptor)
        } catch let failure as FileFailure {
            throw FileFailure(path: path, errno: failure.errno)
        }
    }
}
