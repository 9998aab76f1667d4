import CCrypto

/// HMAC-SHA-256 (RFC 2104): who does not know the key can neither undo the hash nor try values against it.
public struct KeyedHash: Sendable {
    /// The key, filled up to SHA-256's block and mixed with the two constants of RFC 2104.
    private let inner: [UInt8]
    private let outer: [UInt8]

    private static let blockSize = 64

    public init(key: [UInt8]) {
        let block = key.count > Self.blockSize ? Self.sha256(key) : key
        let padded = block + [UInt8](repeating: 0, count: Self.blockSize - block.count)
        inner = padded.map { $0 ^ 0x36 }
        outer = padded.map { $0 ^ 0x5c }
    }

    /// 32 bytes.
    public func hash(of message: some Sequence<UInt8>) -> [UInt8] {
        Self.sha256(outer + Self.sha256(inner + message))
    }

    private static func sha256(_ bytes: [UInt8]) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: 32)
        EVP_Digest(bytes, bytes.count, &digest, nil, EVP_sha256(), nil)
        return digest
    }
}
