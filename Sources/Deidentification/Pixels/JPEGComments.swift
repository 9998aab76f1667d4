import DICOM
import LightboxCore

/// Comments and application data in JPEG and JPEG 2000 streams, where cameras and converters write names.
///
/// They are filled with zeros and not cut out, so no offset changes.
enum JPEGComments {
    /// JPEG in all its processes, JPEG-LS and JPEG 2000.
    static func applies(to syntax: TransferSyntax) -> Bool {
        syntax.uid.hasPrefix("1.2.840.10008.1.2.4.") && syntax.isEncapsulated
    }

    /// The fragment without them; nil when it has none.
    static func blanked(_ fragment: Bytes) -> [UInt8]? {
        let ranges: [Range<Int>] = fragment.withUnsafeBytes { bytes in
            guard bytes.count > 4, bytes[0] == 0xff else { return [] }
            switch bytes[1] {
            case 0xd8: return jpeg(bytes)
            case 0x4f: return jpeg2000(bytes)
            default: return []
            }
        }
        guard ranges.contains(where: { range in range.contains { fragment[$0] != 0 } }) else { return nil }
        var content = fragment.array
        for range in ranges {
            for index in range { content[index] = 0 }
        }
        return content
    }

    /// ISO/IEC 10918-1 annex B: segments up to the end of image, and all behind it.
    private static func jpeg(_ bytes: UnsafeRawBufferPointer) -> [Range<Int>] {
        var ranges: [Range<Int>] = []
        var offset = 2
        while offset + 1 < bytes.count {
            guard bytes[offset] == 0xff else {
                offset += 1  // entropy-coded data
                continue
            }
            let marker = bytes[offset + 1]
            switch marker {
            // Stuffed bytes (a set top bit cannot follow FF in JPEG-LS data), restarts, fill.
            case 0x00...0x7f, 0xd0...0xd7, 0x01: offset += 2
            case 0xff: offset += 1
            case 0xd9: return ranges + (offset + 2 < bytes.count ? [offset + 2..<bytes.count] : [])
            default:
                guard offset + 3 < bytes.count else { return ranges }
                let length = Int(bytes[offset + 2]) << 8 | Int(bytes[offset + 3])
                let end = min(bytes.count, offset + 2 + length)
                guard length >= 2 else { return ranges }
                if isComment(marker, bytes, offset + 4, end) { ranges.append(offset + 4..<end) }
                offset = end
            }
        }
        return ranges
    }

    /// COM, and application segments that no decoder needs: not JFIF, Adobe's and SPIFF's, which tell the colours.
    private static func isComment(_ marker: UInt8, _ bytes: UnsafeRawBufferPointer, _ start: Int, _ end: Int)
        -> Bool
    {
        guard end > start else { return false }
        func begins(_ name: StaticString) -> Bool {
            end - start >= name.utf8CodeUnitCount
                && (0..<name.utf8CodeUnitCount).allSatisfy { bytes[start + $0] == name.utf8Start[$0] }
        }
        switch marker {
        case 0xfe: return true
        case 0xe0: return !(begins("JFIF\0") && end - start <= 14)
        case 0xe8: return !(begins("SPIFF\0") || begins("mrfx"))
        case 0xee: return !(begins("Adobe") && end - start <= 12)
        case 0xe1...0xef: return true
        default: return false
        }
    }

    /// ISO/IEC 15444-1 annex A: comments of the main header, and all behind the end of the codestream.
    private static func jpeg2000(_ bytes: UnsafeRawBufferPointer) -> [Range<Int>] {
        var ranges: [Range<Int>] = []
        var offset = 2
        while offset + 3 < bytes.count, bytes[offset] == 0xff {
            let marker = bytes[offset + 1]
            if marker == 0x90 { break }  // the first tile
            let length = Int(bytes[offset + 2]) << 8 | Int(bytes[offset + 3])
            let end = min(bytes.count, offset + 2 + length)
            guard length >= 2 else { return ranges }
            // Two bytes say what kind of comment it is.
            if marker == 0x64, end > offset + 6 { ranges.append(offset + 6..<end) }
            offset = end
        }
        return ranges + tileParts(bytes, from: offset)
    }

    /// Walks the tile-parts by their lengths to the end of the codestream.
    private static func tileParts(_ bytes: UnsafeRawBufferPointer, from start: Int) -> [Range<Int>] {
        var offset = start
        while offset + 11 < bytes.count, bytes[offset] == 0xff, bytes[offset + 1] == 0x90 {
            let length = (6..<10).reduce(0) { $0 << 8 | Int(bytes[offset + $1]) }
            guard length >= 14, length <= bytes.count - offset else { return [] }
            offset += length
        }
        guard offset + 2 < bytes.count, bytes[offset] == 0xff, bytes[offset + 1] == 0xd9 else { return [] }
        return [offset + 2..<bytes.count]
    }
}
