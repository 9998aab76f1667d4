import CDeflate
import LightboxCore

/// The everyday PNG, read without libpng: 8-bit grey or RGB, not interlaced, no transparent colour.
///
/// Inflating all rows at once with libdeflate and undoing the filters in place takes a third of libpng's time,
/// which row by row passes every byte through several hands. Whatever is unusual or damaged gives nil: libpng then
/// reads it or says what is wrong, so there is one judge of what a PNG is.
struct QuickPNG {
    private let width: Int
    private let height: Int
    private let channels: Int
    /// The chunks of image data, which are one zlib stream.
    private let stream: [UnsafeRawBufferPointer]

    /// Walks the chunks (PNG 5.3), checksums included; nil for anything but the everyday kind.
    init?(_ bytes: UnsafeRawBufferPointer, limits: ImageLimits) {
        guard bytes.count > 57, bytes.starts(with: PNG.signature) else { return nil }
        var header: UnsafeRawBufferPointer?
        var stream: [UnsafeRawBufferPointer] = []
        var position = PNG.signature.count
        var isWhole = false
        while !isWhole {
            guard let chunk = Chunk(bytes, at: position) else { return nil }
            position = chunk.end
            switch chunk.type {
            case "IHDR" where header == nil && position == 33: header = chunk.content
            case "IDAT": stream.append(chunk.content)
            case "IEND": isWhole = true
            case "tRNS": return nil
            // Text, times, gamma: the samples do not depend on chunks whose first letter is small.
            default: guard chunk.isAncillary else { return nil }
            }
        }
        guard let header, !stream.isEmpty, header[8] == 8, [0, 2].contains(header[9]),
            header[10] == 0, header[11] == 0, header[12] == 0
        else { return nil }
        width = Chunk.number(header, 0)
        height = Chunk.number(header, 4)
        channels = header[9] == 0 ? 1 : 3
        self.stream = stream
        guard width > 0, height > 0, (try? limits.check(width: width, height: height)) != nil else { return nil }
    }

    /// - Parameter wanted: 1 or 3; nil gives what the file has.
    func image(channels wanted: Int?) -> Image? {
        let wanted = wanted ?? channels
        guard wanted == channels || (channels == 1 && wanted == 3), var rows = inflated() else { return nil }
        guard unfilter(&rows) else { return nil }
        if wanted != channels { rows = rows.flatMap { [$0, $0, $0] } }
        return Image(width: width, height: height, channels: wanted, samples: .uint8(rows))
    }

    private var rowBytes: Int { width * channels }

    /// All rows, each behind the byte that names its filter.
    private func inflated() -> [UInt8]? {
        let size = (rowBytes + 1) * height
        // Deflate packs at most 1032 : 1, so fewer bytes than that are no image of this size.
        guard size / 1032 <= stream.reduce(0, { $0 + $1.count }), let inflater = libdeflate_alloc_decompressor()
        else { return nil }
        defer { libdeflate_free_decompressor(inflater) }
        let joined = stream.count == 1 ? [] : stream.flatMap { Array($0) }
        var status = LIBDEFLATE_BAD_DATA
        let rows = [UInt8](unsafeUninitializedCapacity: size) { output, filled in
            func inflate(_ input: UnsafeRawBufferPointer) {
                status = libdeflate_zlib_decompress(
                    inflater, input.baseAddress, input.count, output.baseAddress, size, nil)
            }
            if stream.count == 1 { inflate(stream[0]) } else { joined.withUnsafeBytes { inflate($0) } }
            filled = status == LIBDEFLATE_SUCCESS ? size : 0
        }
        return status == LIBDEFLATE_SUCCESS ? rows : nil
    }

    /// Undoes each row's filter (PNG 9.2) and closes the gaps that the filters' names leave.
    private func unfilter(_ bytes: inout [UInt8]) -> Bool {
        let (count, step) = (rowBytes, channels)
        let isUsual = bytes.withUnsafeMutableBufferPointer { buffer in
            let base = buffer.baseAddress!
            for row in 0..<height {
                let filter = base[row * (count + 1)]
                let input = UnsafePointer(base + row * (count + 1) + 1)
                let output = base + row * count
                let above = row > 0 ? UnsafePointer(output - count) : nil
                guard Self.undo(filter, input, above, into: output, count, step) else { return false }
            }
            return true
        }
        bytes.removeLast(height)
        return isUsual
    }

    /// One row. `output` lies at or before `input`, so values are read before they are overwritten.
    ///
    /// - Parameter above: the finished row above; nil for the first, which counts as zeros.
    private static func undo(
        _ filter: UInt8, _ input: UnsafePointer<UInt8>, _ above: UnsafePointer<UInt8>?,
        into output: UnsafeMutablePointer<UInt8>, _ count: Int, _ step: Int
    ) -> Bool {
        switch (filter, above) {
        case (0, _), (2, nil):
            for i in 0..<count { output[i] = input[i] }
        case (1, _), (4, nil):  // Above the first row are zeros, of which Paeth takes the left neighbour.
            for i in 0..<min(step, count) { output[i] = input[i] }
            for i in step..<max(step, count) { output[i] = input[i] &+ output[i - step] }
        case (2, let above?):
            for i in 0..<count { output[i] = input[i] &+ above[i] }
        case (3, nil):
            for i in 0..<min(step, count) { output[i] = input[i] }
            for i in step..<max(step, count) { output[i] = input[i] &+ output[i - step] >> 1 }
        case (3, let above?):
            for i in 0..<min(step, count) { output[i] = input[i] &+ above[i] >> 1 }
            for i in step..<max(step, count) {
                output[i] = input[i] &+ UInt8((UInt16(output[i - step]) + UInt16(above[i])) >> 1)
            }
        case (4, let above?):
            for i in 0..<min(step, count) { output[i] = input[i] &+ above[i] }
            for i in step..<max(step, count) {
                output[i] = input[i] &+ paeth(output[i - step], above[i], above[i - step])
            }
        default: return false
        }
        return true
    }

    /// The neighbour nearest to left + above − upper left (PNG 9.4).
    @inline(__always) private static func paeth(_ left: UInt8, _ above: UInt8, _ corner: UInt8) -> UInt8 {
        let (a, b, c) = (Int16(left), Int16(above), Int16(corner))
        let (toLeft, toAbove, toCorner) = (abs(b - c), abs(a - c), abs(a + b - 2 * c))
        if toLeft <= toAbove && toLeft <= toCorner { return left }
        return toAbove <= toCorner ? above : corner
    }

    /// A piece of the file with its type and checksum.
    private struct Chunk {
        let type: String
        let content: UnsafeRawBufferPointer
        let end: Int

        /// Bit 5 of the first letter (PNG 5.4).
        var isAncillary: Bool { type.utf8.first.map { $0 & 32 != 0 } ?? false }

        init?(_ bytes: UnsafeRawBufferPointer, at position: Int) {
            guard position <= bytes.count - 12 else { return nil }
            let length = Self.number(bytes, position)
            guard length <= bytes.count - position - 12 else { return nil }
            end = position + 12 + length
            let start = bytes.baseAddress! + position + 4
            guard libdeflate_crc32(0, start, length + 4) == UInt32(Self.number(bytes, end - 4)) else { return nil }
            type = String(decoding: bytes[(position + 4)..<(position + 8)], as: UTF8.self)
            content = UnsafeRawBufferPointer(rebasing: bytes[(position + 8)..<(position + 8 + length)])
        }

        /// Four bytes, the highest first.
        static func number(_ bytes: UnsafeRawBufferPointer, _ position: Int) -> Int {
            Int(UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: position, as: UInt32.self)))
        }
    }
}
