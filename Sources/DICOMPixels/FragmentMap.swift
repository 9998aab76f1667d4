import DICOM
import LightboxCore

/// Which fragments of encapsulated pixel data make up which frame (PS3.5 annex A.4).
struct FragmentMap: Sendable {
    private let fragments: [Bytes]
    /// Indices into `fragments`, one range a frame.
    private let frames: [Range<Int>]

    /// The frames by, in this order: the extended offset table, the basic offset table, one fragment a frame,
    /// one frame in all, the end markers of JPEG streams. A table that points elsewhere than at fragments is
    /// not believed.
    init(_ fragments: [Bytes], basicOffsets: Bytes, extendedOffsets: Bytes?, frames count: Int) throws {
        self.fragments = fragments
        guard !fragments.isEmpty else {
            throw DICOMError(.truncated, tag: .pixelData, "The pixel data holds no fragments.")
        }
        if let extended = extendedOffsets?.integers(UInt64.self),
            let usable = Self.frames(at: extended, of: fragments, count)
        {
            frames = usable
        } else if let usable = Self.frames(at: basicOffsets.integers(UInt32.self), of: fragments, count) {
            frames = usable
        } else if fragments.count == count {
            frames = fragments.indices.map { $0..<$0 + 1 }
        } else if count == 1 {
            frames = [fragments.indices]
        } else {
            frames = Self.framesByEndMarkers(fragments)
        }
        guard frames.count >= count else {
            throw DICOMError(
                .invalidAttribute, tag: .numberOfFrames, "The pixel data holds fewer frames than stated.")
        }
    }

    /// The compressed bytes of a frame; copied only when they stand in several fragments.
    func stream(of frame: Int) -> Bytes {
        let range = frames[frame]
        if range.count == 1 { return fragments[range.lowerBound] }
        var joined: [UInt8] = []
        joined.reserveCapacity(fragments[range].reduce(0) { $0 + $1.count })
        for fragment in fragments[range] { fragment.withUnsafeBytes { joined.append(contentsOf: $0) } }
        return Bytes(joined)
    }

    /// Offsets count from the first fragment's item tag; an item tag with its length takes 8 bytes.
    private static func frames<T: FixedWidthInteger>(
        at offsets: [T], of fragments: [Bytes], _ count: Int
    ) -> [Range<Int>]? {
        guard offsets.count == count, offsets.first == 0 else { return nil }
        var starts: [Int] = []
        var position = 0
        for (index, fragment) in fragments.enumerated() {
            if starts.count < count && T(exactly: position) == offsets[starts.count] { starts.append(index) }
            position += 8 + fragment.count
        }
        guard starts.count == count else { return nil }
        return zip(starts, starts.dropFirst() + [fragments.count]).map { $0..<$1 }
    }

    /// A frame ends with the fragment that has an end marker (FF D9) in its last ten bytes.
    private static func framesByEndMarkers(_ fragments: [Bytes]) -> [Range<Int>] {
        var frames: [Range<Int>] = []
        var start = 0
        for (index, fragment) in fragments.enumerated() {
            let tail = fragment[max(0, fragment.count - 10)..<fragment.count].array
            guard zip(tail, tail.dropFirst()).contains(where: { $0 == 0xff && $1 == 0xd9 }) else { continue }
            frames.append(start..<index + 1)
            start = index + 1
        }
        if start < fragments.count { frames.append(start..<fragments.count) }
        return frames
    }
}

extension Bytes {
    /// The little-endian integers that fill these bytes; a rest is left out.
    func integers<T: FixedWidthInteger>(_ type: T.Type) -> [T] {
        withUnsafeBytes { bytes in
            (0..<bytes.count / MemoryLayout<T>.size).map {
                T(littleEndian: bytes.loadUnaligned(fromByteOffset: $0 * MemoryLayout<T>.size, as: T.self))
            }
        }
    }
}
