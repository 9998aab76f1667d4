import Foundation
public import LightboxCore
import WireFormats

/// A file of this machine, read part by part into memory: another process may cut it short meanwhile.
public final class FileParts: Sendable {
    public let path: String
    public let size: Int
    private let descriptor: Int32

    public init(path: String) throws {
        self.path = path
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileFailure(path: path, errno: errno) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            throw FileFailure(path: path, errno: EINVAL)
        }
        size = Int(status.st_size)
    }

    deinit { close(descriptor) }

    /// - Throws: `FileFailure` when the file has become shorter.
    public func bytes(_ range: Range<Int>) throws -> Bytes {
        var position = range.lowerBound
        var failure: Int32?
        let bytes = [UInt8](unsafeUninitializedCapacity: range.count) { buffer, filled in
            while position < range.upperBound {
                let count = pread(
                    descriptor, buffer.baseAddress! + filled, range.upperBound - position, off_t(position))
                if count < 0 && errno == EINTR { continue }
                guard count > 0 else {
                    failure = count == 0 ? EIO : errno
                    return
                }
                position += count
                filled += count
            }
        }
        if let failure { throw FileFailure(path: path, errno: failure) }
        return Bytes(bytes)
    }

    /// Of the whole file.
    func crc32c() throws -> UInt32 {
        var crc = CRC32C()
        for start in stride(from: 0, to: size, by: 1 << 20) {
            try bytes(start..<min(start + 1 << 20, size)).withUnsafeBytes { crc.update($0) }
        }
        return crc.value
    }

    /// Parts of `length` bytes, or larger ones where more than `limit` parts would come of it.
    func ranges(of length: Int, limit: Int = 10_000) -> [Range<Int>] {
        let megabytes = ((size + limit - 1) / limit + (1 << 20) - 1) >> 20
        let length = max(length, megabytes << 20)
        return stride(from: 0, to: size, by: length).map { $0..<min($0 + length, size) }
    }
}

extension UInt32 {
    /// Four bytes, the highest first, in base 64: how checksums are told in headers.
    var base64: String { withUnsafeBytes(of: bigEndian) { Data($0).base64EncodedString() } }

    init?(base64 text: String?) {
        guard let text, let data = Data(base64Encoded: text), data.count == 4 else { return nil }
        self = data.reduce(0) { $0 << 8 | UInt32($1) }
    }
}
