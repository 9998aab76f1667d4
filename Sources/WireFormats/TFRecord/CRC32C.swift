/// The Castagnoli cyclic redundancy check (RFC 3720 B.4), eight bytes a step (Kounavis and Berry 2005).
public struct CRC32C: Sendable {
    private var state: UInt32 = ~0

    public init() {}

    /// The checksum of all bytes given so far.
    public var value: UInt32 { ~state }

    /// TFRecord's and LevelDB's form, safe where a checksum is itself checksummed.
    public var masked: UInt32 { Self.mask(value) }

    public static func mask(_ crc: UInt32) -> UInt32 { ((crc >> 15) | (crc << 17)) &+ 0xa282_ead8 }

    public static func of(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
        var crc = CRC32C()
        crc.update(bytes)
        return crc.value
    }

    public static func masked(of bytes: UnsafeRawBufferPointer) -> UInt32 { mask(of(bytes)) }

    public mutating func update(_ bytes: UnsafeRawBufferPointer) {
        let table = CRCTable.shared.words
        var crc = state
        var position = 0
        while position + 8 <= bytes.count {
            let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self))
            let low = UInt32(truncatingIfNeeded: word) ^ crc
            let high = UInt32(truncatingIfNeeded: word >> 32)
            let first = table[1792 + Int(low & 255)] ^ table[1536 + Int((low >> 8) & 255)]
            let second = table[1280 + Int((low >> 16) & 255)] ^ table[1024 + Int(low >> 24)]
            let third = table[768 + Int(high & 255)] ^ table[512 + Int((high >> 8) & 255)]
            let fourth = table[256 + Int((high >> 16) & 255)] ^ table[Int(high >> 24)]
            crc = (first ^ second) ^ (third ^ fourth)
            position += 8
        }
        while position < bytes.count {
            crc = (crc >> 8) ^ table[Int((crc ^ UInt32(bytes[position])) & 255)]
            position += 1
        }
        state = crc
    }
}

/// Eight tables of 256 words; table `k` holds the effect of a byte with `k` zero bytes behind it.
private final class CRCTable: @unchecked Sendable {
    // Unchecked: written once, before it is shared.
    static let shared = CRCTable()

    let words: UnsafePointer<UInt32>

    private init() {
        let words = UnsafeMutablePointer<UInt32>.allocate(capacity: 8 * 256)
        for byte in 0..<256 {
            words[byte] = (0..<8).reduce(UInt32(byte)) { crc, _ in
                crc & 1 == 1 ? (crc >> 1) ^ 0x82f6_3b78 : crc >> 1
            }
        }
        for index in 256..<(8 * 256) {
            let previous = words[index - 256]
            words[index] = (previous >> 8) ^ words[Int(previous & 255)]
        }
        self.words = UnsafePointer(words)
    }
}
