import Foundation
import LightboxCore

/// A file that a task writes: under a name of its own first, since two attempts may run at once, then under the
/// task's, hashed on the way.
final class PartFile {
    private let path: String
    private let name: String
    private let temporary: String
    private var descriptor: Int32
    private var hasher = ContentHasher()
    private var count = 0

    init(folder: String, name: String) throws {
        path = folder + "/" + name
        self.name = name
        temporary = folder + "/.\(name).\(getpid()).\(UUID().uuidString.prefix(8)).part"
        descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw FileFailure(path: path, errno: errno) }
    }

    deinit {
        guard descriptor >= 0 else { return }
        close(descriptor)
        unlink(temporary)
    }

    func append(_ bytes: [UInt8]) throws {
        try bytes.withUnsafeBytes { bytes in
            hasher.update(bytes)
            do {
                try FileDescriptorIO.writeAll(bytes, to: descriptor)
            } catch let error as FileFailure {
                throw FileFailure(path: path, errno: error.errno)
            }
        }
        count += bytes.count
    }

    /// Brings the file to the disk and gives it its name.
    func finish() throws -> HashedFile {
        guard fsync(descriptor) == 0, rename(temporary, path) == 0 else {
            throw FileFailure(path: path, errno: errno)
        }
        close(descriptor)
        descriptor = -1
        return HashedFile(name: name, bytes: count, sha256: hasher.finalize())
    }
}

extension HashedFile {
    /// A file that stands in `folder`, read to be hashed.
    init(_ name: String, in folder: String) throws {
        let path = folder + "/" + name
        var status = stat()
        guard stat(path, &status) == 0 else { throw FileFailure(path: path, errno: errno) }
        self.init(name: name, bytes: Int(status.st_size), sha256: try ContentHash(ofFile: path))
    }

    /// Reads a file of `folder` piece by piece, and holds it against size and hash; one that is otherwise is removed.
    func read(in folder: String, _ body: ([UInt8]) throws -> Void = { _ in }) throws {
        let path = name.hasPrefix("/") ? name : folder + "/" + name
        let file = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
        defer { try? file.close() }
        var hasher = ContentHasher()
        var count = 0
        while let piece = try file.read(upToCount: 1 << 20), !piece.isEmpty {
            piece.withUnsafeBytes { hasher.update($0) }
            count += piece.count
            try body(Array(piece))
        }
        guard count == bytes, hasher.finalize() == sha256 else {
            unlink(path)  // its task counts as not done then
            throw InputError(
                .corrupt, "\(path) is not what its worker wrote. Run the command again: that task is done anew.")
        }
    }

    /// Whether a file of that size is there.
    func stands(in folder: String) -> Bool {
        var status = stat()
        return stat(name.hasPrefix("/") ? name : folder + "/" + name, &status) == 0 && Int(status.st_size) == bytes
    }
}
