import CCrypto
import Foundation

/// A digest as publishers of files state it. For names of our own there is ``ContentHash``.
public struct Checksum: Sendable, Hashable, CustomStringConvertible {
    public enum Algorithm: String, Sendable {
        /// Finds damage; not proof against forgery.
        case md5
        case sha256
    }

    public let algorithm: Algorithm
    /// Lower-case hexadecimal digits.
    public let digits: String

    /// - Precondition: `digits` are 32 (MD5) or 64 (SHA-256) hexadecimal digits.
    public init(_ algorithm: Algorithm, _ digits: String) {
        precondition(digits.utf8.count == (algorithm == .md5 ? 32 : 64) && digits.allSatisfy(\.isHexDigit))
        self.algorithm = algorithm
        self.digits = digits.lowercased()
    }

    /// Reads a file piece by piece.
    public init(_ algorithm: Algorithm, ofFile path: String) throws {
        let file = try FileHandle(forReadingFrom: URL(fileURLWithPath: RemoteFiles.file(of: path)))
        defer { try? file.close() }
        var hasher = ChecksumHasher(algorithm)
        while let piece = try file.read(upToCount: 1 << 20), !piece.isEmpty {
            piece.withUnsafeBytes { hasher.update($0) }
        }
        let digest = hasher.finalize()
        self.algorithm = algorithm
        digits = digest.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    /// `md5:9d60b809…`.
    public var description: String { "\(algorithm.rawValue):\(digits)" }
}

/// A digest of bytes that arrive in pieces.
public struct ChecksumHasher: ~Copyable {
    private let context: OpaquePointer

    public init(_ algorithm: Checksum.Algorithm) {
        context = EVP_MD_CTX_new()
        EVP_DigestInit_ex(context, algorithm == .md5 ? EVP_md5() : EVP_sha256(), nil)
    }

    public mutating func update(_ bytes: UnsafeRawBufferPointer) {
        EVP_DigestUpdate(context, bytes.baseAddress, bytes.count)
    }

    /// The digest of all that came: 16 bytes of MD5, 32 of SHA-256. Nothing is added any more.
    public mutating func finalize() -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        var count: UInt32 = 0
        EVP_DigestFinal_ex(context, &digest, &count)
        return Array(digest[..<Int(count)])
    }

    deinit { EVP_MD_CTX_free(context) }
}
