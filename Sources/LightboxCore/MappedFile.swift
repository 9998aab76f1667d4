import Foundation

/// A file's bytes, mapped read-only into memory. ``Bytes`` reads them, and keeps the file mapped while it lives.
///
/// A file that another process cuts short while it is mapped ends the process with SIGBUS; the store
/// never changes a file in place, and files from outside are copied in before they are mapped for long.
public final class MappedFile: @unchecked Sendable {
    // Unchecked: the mapping is read-only and lives as long as this object.
    let bytes: UnsafeRawBufferPointer
    public let path: String

    public init(path: String) throws {
        self.path = path
        // Without O_NONBLOCK a named pipe would wait for its writer.
        let descriptor = open(try RemoteFiles.file(of: path), O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw FileFailure(path: path, errno: errno) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw FileFailure(path: path, errno: errno) }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw FileFailure(path: path, errno: status.st_mode & S_IFMT == S_IFDIR ? EISDIR : EINVAL)
        }
        guard status.st_size > 0 else {
            bytes = UnsafeRawBufferPointer(start: nil, count: 0)
            return
        }
        let size = Int(status.st_size)
        let address = mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor, 0)
        guard let address, address != MAP_FAILED else { throw FileFailure(path: path, errno: errno) }
        bytes = UnsafeRawBufferPointer(start: address, count: size)
    }

    /// Hands pages that were read back to the system; who looks again reads them from the file again.
    ///
    /// - Precondition: `range` lies in the file.
    public func release(_ range: Range<Int>) {
        let page = Int(getpagesize())
        let start = range.lowerBound / page * page
        let end = range.upperBound / page * page
        guard start < end, let base = bytes.baseAddress else { return }
        precondition(range.upperBound <= bytes.count)
        _ = madvise(UnsafeMutableRawPointer(mutating: base + start), end - start, MADV_DONTNEED)
    }

    deinit {
        if let address = bytes.baseAddress {
            munmap(UnsafeMutableRawPointer(mutating: address), bytes.count)
        }
    }
}
