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
        let context = EVP_MD_CTX_new()
        defer { EVP_MD_CTX_free(context) }
        EVP_DigestInit_ex(context, algorithm == .md5 ? EVP_md5() : EVP_sha256(), nil)
        while let piece = try file.read(upToCount: 1 << 20), !piece.isEmpty {
            piece.withUnsafeBytes { _ = EVP_DigestUpdate(context, $0.baseAddress, $0.count) }
        }
        var digest = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        var count: UInt32 = 0
        EVP_DigestFinal_ex(context, &digest, &count)
        self.algorithm = algorithm
        digits = digest[..<Int(count)].map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    /// `md5:9d60b809…`.
    public var description: String { "\(algorithm.rawValue):\(digits)" }
}
