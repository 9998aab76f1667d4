import LightboxCore

/// Encapsulated pixel data as the items it consists of in a file (PS3.5 annex A.4).
enum FragmentItems {
    /// The items without the delimiter behind them; each fragment is padded to an even length.
    static func bytes(_ offsetTable: Bytes, _ fragments: [Bytes]) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(fragments.reduce(offsetTable.count + 16) { $0 + $1.count + 9 })
        for piece in [offsetTable] + fragments {
            output += [0xfe, 0xff, 0x00, 0xe0]
            let length = UInt32(piece.count + piece.count & 1)
            withUnsafeBytes(of: length.littleEndian) { output.append(contentsOf: $0) }
            piece.withUnsafeBytes { output.append(contentsOf: $0) }
            if piece.count & 1 == 1 { output.append(0) }
        }
        return output
    }

    /// Takes items apart again; nil when the bytes are anything else.
    static func parse(_ bytes: Bytes) -> Element.Value? {
        var pieces: [Bytes] = []
        var offset = 0
        while offset < bytes.count {
            guard bytes.count - offset >= 8, bytes[offset..<offset + 4] == itemTag else { return nil }
            let length = (0..<4).reduce(0) { $0 | Int(bytes[offset + 4 + $1]) << (8 * $1) }
            offset += 8
            guard length <= bytes.count - offset else { return nil }
            pieces.append(bytes[offset..<offset + length])
            offset += length
        }
        guard let offsetTable = pieces.first else { return nil }
        return .fragments(offsetTable: offsetTable, Array(pieces.dropFirst()))
    }

    private static let itemTag = Bytes([0xfe, 0xff, 0x00, 0xe0] as [UInt8])
}
