public import Foundation

/// Writes a file so that a reader, a crash or `kill -9` never meets half of it.
///
/// The bytes go to a hidden name in the same folder, reach the disk, and are then renamed.
public enum AtomicFile {
    /// - Parameter mode: who may read and write it, from its first byte on.
    public static func write(_ bytes: some ContiguousBytes, to path: String, mode: mode_t = 0o644) throws {
        try bytes.withUnsafeBytes { bytes in
            try write(to: path, mode: mode) { descriptor in try FileDescriptorIO.writeAll(bytes, to: descriptor) }
        }
    }

    /// Writes with `body`, which gets an open file descriptor; nothing is left behind when it throws.
    public static func write(to path: String, mode: mode_t = 0o644, _ body: (Int32) throws -> Void) throws {
        let folder = (path as NSString).deletingLastPathComponent
        let hidden = "." + (path as NSString).lastPathComponent + "." + UUID().uuidString.prefix(8) + ".part"
        let temporary = folder.isEmpty ? hidden : folder + "/" + hidden
        try RemoteFiles.prepare(path)
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
        guard descriptor >= 0 else { throw FileFailure(path: path, errno: errno) }
        defer { close(descriptor) }
        if RemoteFiles.isRemote(path) { Leftovers.claim(descriptor) }
        do {
            try body(descriptor)
            guard fsync(descriptor) == 0 else { throw FileFailure(path: path, errno: errno) }
            try RemoteFiles.commit(temporary, as: path)
        } catch {
            unlink(temporary)
            throw error
        }
        try syncFolder(folder.isEmpty ? "." : folder)
    }

    /// Makes a rename or a removal in `folder` survive a power loss.
    public static func syncFolder(_ folder: String) throws {
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileFailure(path: folder, errno: errno) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw FileFailure(path: folder, errno: errno) }
    }
}

/// A file or folder that the system would not open, read or write.
public struct FileFailure: Failure, Equatable {
    public let path: String
    public let errno: Int32

    public init(path: String, errno: Int32) {
        self.path = RemoteFiles.shown(path)
        self.errno = errno
    }

    public var kind: FailureKind { errno == ENOENT ? .notFound : .environment }
    public var description: String { "\(path): \(String(cString: strerror(errno)))" }
}

/// Whole reads and writes on a descriptor, whatever the system cuts them into.
public enum FileDescriptorIO {
    public static func writeAll(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) throws {
        var rest = bytes
        while !rest.isEmpty {
            let written = write(descriptor, rest.baseAddress, rest.count)
            if written < 0 && errno == EINTR { continue }
            guard written > 0 else { throw FileFailure(path: "write", errno: errno) }
            rest = UnsafeRawBufferPointer(rebasing: rest[written...])
        }
    }
}
