import CCrypto
import Foundation

/// The SHA-256 of some bytes, written as 64 lower-case hexadecimal digits.
public struct ContentHash: Sendable, Hashable, CustomStringConvertible {
    public let description: String

    /// Accepts 64 hexadecimal digits; nil otherwise.
    public init?(_ text: String) {
        guard text.utf8.count == 64, text.allSatisfy(\.isHexDigit) else { return nil }
        description = text.lowercased()
    }

    public init(of bytes: UnsafeRawBufferPointer) {
        var hasher = ContentHasher()
        hasher.update(bytes)
        self = hasher.finalize()
    }

    public init(of bytes: some Sequence<UInt8>) {
        self = Array(bytes).withUnsafeBytes { ContentHash(of: $0) }
    }

    /// Hashes a file piece by piece, so that its size does not matter.
    public init(ofFile path: String) throws {
        let file = try FileHandle(forReadingFrom: URL(fileURLWithPath: RemoteFiles.file(of: path)))
        defer { try? file.close() }
        var hasher = ContentHasher()
        while let piece = try file.read(upToCount: 1 << 20), !piece.isEmpty {
            piece.withUnsafeBytes { hasher.update($0) }
        }
        self = hasher.finalize()
    }

    fileprivate init(digest: [UInt8]) {
        description = String(unsafeUninitializedCapacity: 64) { text in
            for (index, byte) in digest.enumerated() {
                text[2 * index] = Self.digit(byte >> 4)
                text[2 * index + 1] = Self.digit(byte & 15)
            }
            return 64
        }
    }

    private static func digit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
    }
}

extension ContentHash: Codable {
    private enum CodingKeys: String, CodingKey { case description }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }

    /// Also reads `{"description": "…"}`, as hashes were written at first.
    public init(from decoder: any Decoder) throws {
        let text: String
        if let fields = try? decoder.container(keyedBy: CodingKeys.self) {
            text = try fields.decode(String.self, forKey: .description)
        } else {
            text = try decoder.singleValueContainer().decode(String.self)
        }
        guard let hash = ContentHash(text) else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "This is no SHA-256."))
        }
        self = hash
    }
}

/// SHA-256 of bytes that arrive in pieces.
public struct ContentHasher: ~Copyable {
    private let context: OpaquePointer

    public init() {
        context = EVP_MD_CTX_new()
        EVP_DigestInit_ex(context, EVP_sha256(), nil)
    }

    public mutating func update(_ bytes: UnsafeRawBufferPointer) {
        EVP_DigestUpdate(context, bytes.baseAddress, bytes.count)
    }

    /// The hash of what came since the last one; the next bytes begin another.
    public mutating func finalize() -> ContentHash {
        // What OpenSSL looked up once serves again.
        defer { EVP_DigestInit_ex(context, nil, nil) }
        var digest = [UInt8](repeating: 0, count: 32)
        EVP_DigestFinal_ex(context, &digest, nil)
        return ContentHash(digest: digest)
    }

    deinit { EVP_MD_CTX_free(context) }
}
