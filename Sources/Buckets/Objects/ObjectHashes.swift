import Foundation
import LightboxCore
import WireFormats

/// The checksums that Cloud Storage keeps of an object.
public struct ObjectHashes: Sendable, Hashable {
    public let crc32c: UInt32
    /// 16 bytes.
    public let md5: [UInt8]

    /// Big-endian, in base 64, as the JSON interface and `x-goog-hash` write it.
    public var crc32cText: String { withUnsafeBytes(of: crc32c.bigEndian) { Data($0).base64EncodedString() } }
    public var md5Text: String { Data(md5).base64EncodedString() }
}

/// What a caller says that the checksums of its bytes are; nil where it does not.
public struct ExpectedHashes: Sendable, Hashable, Codable {
    /// In base 64.
    public var crc32c: String?
    public var md5: String?

    public init(crc32c: String? = nil, md5: String? = nil) { (self.crc32c, self.md5) = (crc32c, md5) }

    /// - Throws: ``BucketError`` `wrongContent`.
    func check(_ found: ObjectHashes) throws {
        if let crc32c, crc32c != found.crc32cText {
            throw Self.wrong("CRC32C", told: crc32c, found: found.crc32cText)
        }
        if let md5, md5 != found.md5Text { throw Self.wrong("MD5", told: md5, found: found.md5Text) }
    }

    private static func wrong(_ name: String, told: String, found: String) -> BucketError {
        BucketError(
            .wrongContent,
            "Provided \(name) hash \"\(told.prefix(64))\" doesn't match calculated \(name) hash \"\(found)\". "
                + "Nothing was stored: send the object again.")
    }
}

/// Both checksums of bytes that arrive in pieces.
struct ObjectHasher: ~Copyable {
    private var crc = CRC32C()
    private var md5 = ChecksumHasher(.md5)

    mutating func update(_ bytes: UnsafeRawBufferPointer) {
        crc.update(bytes)
        md5.update(bytes)
    }

    /// - Postcondition: nothing more is added.
    mutating func finalize() -> ObjectHashes { ObjectHashes(crc32c: crc.value, md5: md5.finalize()) }
}
