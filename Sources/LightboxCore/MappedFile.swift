import Foundation

/// A file's bytes, mapped read-only into memory.
///
/// A file that another process cuts short while it is mapped ends the process with SIGBUS; the store
/// never changes a file in place, and files from outside are copied in before they are mapped for long.
public final class MappedFile: @unchecked Sendable {
    // Unchecked: the mapping is read-only and lives as long as this object.
    public let bytes: UnsafeRawBufferPointer
    public let path: String

    public init(path: String) throws {
        self.path = path
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileFailure(path: path, errno: errno) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw FileFailure(path: path, errno: errno) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw FileFailure(path: path, errno: EISDIR) }
        guard status.st_size > 0 else {
            bytes = UnsafeRawBufferPointer(start: nil, count: 0)
            return
        }
        let size = Int(status.st_size)
        let address = mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor, 0)
        guard let address, address != MAP_FAILED else { throw FileFailure(path: path, errno: errno) }
        bytes = UnsafeRawBufferPointer(start: address, count: size)
    }

    deinit {
        if let address = bytes.baseAddress {
            munmap(UnsafeMutableRawPointer(mutating: address), bytes.count)
        }
    }
}
