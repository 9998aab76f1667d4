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

    /// The fragments of all frames without them; nil when there are none.
    ///
    /// - Parameter frames: how many frames the file says that it has.
    static func blanked(_ fragments: [Bytes], frames: Int) -> [Bytes]? {
        var result = fragments
        var isChanged = false
        for range in self.frames(frames, of: fragments) where begins(fragments[range.lowerBound]) {
            let stream = range.count == 1 ? fragments[range.lowerBound] : Bytes(fragments[range].flatMap(\.array))
            guard let clean = blanked(stream) else { continue }
            isChanged = true
            var start = 0
            for index in range {
                result[index] = clean[start..<start + fragments[index].count]
                start += fragments[index].count
            }
        }
        return isChanged ? result : nil
    }

    /// Which fragments make up each frame (PS3.5 annex A.4). Offset tables may be missing or wrong, so where frames may
    /// have several fragments they begin where a stream does.
    private static func frames(_ count: Int, of fragments: [Bytes]) -> [Range<Int>] {
        if fragments.count == count { return fragments.indices.map { $0..<$0 + 1 } }
        var starts = count > 1 ? fragments.indices.filter { $0 > 0 && begins(fragments[$0]) } : []
        if !fragments.isEmpty { starts.insert(0, at: 0) }
        return zip(starts, starts.dropFirst() + [fragments.count]).map { $0..<$1 }
    }

    /// Whether a stream begins here: SOI or SOC, and the next marker.
    private static func begins(_ bytes: Bytes) -> Bool {
        bytes.count >= 2 && bytes[0] == 0xff && (bytes[1] == 0xd8 || bytes[1] == 0x4f)
            && (bytes.count == 2 || bytes[2] == 0xff)
    }

    /// One stream without them; nil when it has none.
    private static func blanked(_ stream: Bytes) -> Bytes? {
        let ranges = stream.withUnsafeBytes { $0[1] == 0xd8 ? jpeg($0) : jpeg2000($0) }
        guard ranges.contains(where: { range in range.contains { stream[$0] != 0 } }) else { return nil }
        var content = stream.array
        for range in ranges {
            for index in range { content[index] = 0 }
        }
        return Bytes(content)
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
            case 0x00...0x7f, 0xd0...0xd7: offset += 2
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

    /// ISO/IEC 15444-1 annex A: comments of the main header and of tile-parts, and all behind the end of the codestream.
    private static func jpeg2000(_ bytes: UnsafeRawBufferPointer) -> [Range<Int>] {
        var ranges: [Range<Int>] = []
        guard var offset = header(bytes, from: 2, to: 0x90, &ranges) else { return ranges }
        while offset + 11 < bytes.count, bytes[offset] == 0xff, bytes[offset + 1] == 0x90 {
            let length = (6..<10).reduce(0) { $0 << 8 | Int(bytes[offset + $1]) }
            guard let data = header(bytes, from: offset + 12, to: 0x93, &ranges) else { return ranges }
            if length == 0 {
                // The last tile-part, up to the end of the codestream.
                offset = endOfCodestream(bytes, from: data)
            } else {
                guard length >= 14, length <= bytes.count - offset else { return ranges }
                offset += length
            }
        }
        guard offset + 2 < bytes.count, bytes[offset] == 0xff, bytes[offset + 1] == 0xd9 else { return ranges }
        return ranges + [offset + 2..<bytes.count]
    }

    /// The comments among the marker segments before a tile-part or its data.
    ///
    /// - Returns: where the marker `end` is; nil when there is none.
    private static func header(
        _ bytes: UnsafeRawBufferPointer, from start: Int, to end: UInt8, _ ranges: inout [Range<Int>]
    ) -> Int? {
        var offset = start
        while offset + 3 < bytes.count, bytes[offset] == 0xff {
            let marker = bytes[offset + 1]
            if marker == end { return offset }
            let length = Int(bytes[offset + 2]) << 8 | Int(bytes[offset + 3])
            guard length >= 2 else { return nil }
            let next = min(bytes.count, offset + 2 + length)
            // Two bytes say what kind of comment it is.
            if marker == 0x64, next > offset + 6 { ranges.append(offset + 6..<next) }
            offset = next
        }
        return nil
    }

    /// Packets hold no markers above FF 8F but SOP and EPH (ISO/IEC 15444-1 A.8); a SOP has a number behind it.
    private static func endOfCodestream(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Int {
        var offset = start
        while offset + 1 < bytes.count {
            if bytes[offset] == 0xff && bytes[offset + 1] == 0xd9 { return offset }
            offset += bytes[offset] == 0xff && bytes[offset + 1] == 0x91 ? 6 : 1
        }
        return bytes.count
    }
}
