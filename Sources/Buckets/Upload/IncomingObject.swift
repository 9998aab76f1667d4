import Foundation
import LightboxCore

/// Bytes on their way to be an object: a hidden file in the bucket, hashed as it grows.
///
/// It leaves nothing behind unless it is committed or kept. Belongs to one thread at a time.
package final class IncomingObject: @unchecked Sendable {
    // Unchecked: whoever receives hands it from thread to thread, and never uses it on two.
    let folder: OpenFolder
    let name: [UInt8]
    private let descriptor: Int32
    private let path: String
    private var hasher = ObjectHasher()
    package private(set) var size = 0
    /// Whether the file stays when this goes.
    var isKept = false

    /// Of an object, as in the cloud.
    static let largest = 5 << 40

    /// A new one, or one that a resumable upload goes on with.
    ///
    /// - Parameter kept: how many bytes of it are known to be on the disk: what is behind them is cut off.
    init(in bucket: BucketFolder, named name: String, goingOnAt kept: Int? = nil) throws {
        folder = try bucket.root.makeFolder([Array(BucketFolder.incoming.utf8)])
        self.name = Array(name.utf8)
        path = "\(bucket.path)/\(BucketFolder.incoming)/\(name)"
        let flags = kept == nil ? O_RDWR | O_CREAT | O_EXCL : O_RDWR
        descriptor = openat(folder.descriptor, name, flags | O_NOFOLLOW | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw FileFailure(path: path, errno: errno) }
        // What nobody has locked belongs to a process that is dead.
        Leftovers.claim(descriptor)
        if let kept { try goOn(at: kept) }
    }

    deinit {
        close(descriptor)
        if !isKept { try? folder.remove(name) }
    }

    private func goOn(at kept: Int) throws {
        isKept = true
        var status = stat()
        guard fstat(descriptor, &status) == 0, Int(status.st_size) >= kept,
            ftruncate(descriptor, off_t(kept)) == 0, lseek(descriptor, off_t(kept), SEEK_SET) >= 0
        else { throw BucketError(.noSuchUpload, "What was sent of the upload is gone. Begin it again.") }
        let copy = dup(descriptor)
        guard copy >= 0 else { throw FileFailure(path: path, errno: errno) }
        try OpenFile(copy, path).forEachPiece { hasher.update($0) }
        size = kept
    }

    package func append(_ bytes: UnsafeRawBufferPointer) throws {
        guard size + bytes.count <= Self.largest else {
            throw BucketError(.tooLarge, "An object has at most 5 TiB.")
        }
        try FileDescriptorIO.writeAll(bytes, to: descriptor)
        hasher.update(bytes)
        size += bytes.count
    }

    /// Waits until all of it is on the disk.
    func sync() throws {
        guard fsync(descriptor) == 0 else { throw FileFailure(path: path, errno: errno) }
    }

    /// Ends it; nothing is appended any more.
    func finish() throws -> (FileIdentity, ObjectHashes) {
        try sync()
        guard let identity = FileIdentity(descriptor: descriptor), identity.size == size else {
            throw FileFailure(path: path, errno: EIO)
        }
        return (identity, hasher.finalize())
    }
}

extension BucketFolder {
    /// Begins an object that is to arrive.
    package func receive() throws -> IncomingObject {
        try IncomingObject(in: self, named: UUID().uuidString + ".part")
    }

    /// Removes what dead processes have left.
    func removeLeftovers() { Leftovers.remove(below: "\(path)/\(Self.incoming)") }
}
