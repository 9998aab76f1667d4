import LightboxCore

/// What a compressed stream says of itself, read before a codec is trusted with it.
struct StreamHeader: Sendable, Equatable {
    enum Format: Sendable, Equatable { case jpeg, jpegLS, jpeg2000 }

    var format: Format
    var columns: Int
    var rows: Int
    var components: Int
    /// Bits per sample, the same for all components.
    var precision: Int
    /// JPEG: the components are called R, G and B.
    var namesRGB = false
    /// JPEG: a JFIF marker stands in the stream, which makes three components Y, Cb and Cr.
    var isJFIF = false
    /// JPEG 2000: tiles in the grid.
    var tiles = 1

    /// nil when `stream` is none of the formats, or ends before its frame header.
    init?(_ stream: Bytes) {
        let header = stream.withUnsafeBytes { bytes -> StreamHeader? in
            var reader = BigEndianReader(bytes)
            switch reader.uint16() {
            case 0xffd8: return Self.jpeg(&reader)
            case 0xff4f: return Self.codestream(&reader)
            case 0 where reader.isJP2: return Self.jp2(&reader)
            default: return nil
            }
        }
        guard let header else { return nil }
        self = header
    }

    private init(format: Format, columns: Int, rows: Int, components: Int, precision: Int) {
        self.format = format
        self.columns = columns
        self.rows = rows
        self.components = components
        self.precision = precision
    }
}

extension StreamHeader {
    /// Marker segments up to the frame header (ISO/IEC 10918-1 annex B, 14495-1 annex C).
    private static func jpeg(_ reader: inout BigEndianReader) -> StreamHeader? {
        var isJFIF = false
        while let marker = reader.marker() {
            // A marker without a segment has no place here, and decoders would go on elsewhere.
            guard marker > 1, !(0xd0...0xd8).contains(marker) else { return nil }
            guard let length = reader.uint16(), length >= 2 else { return nil }
            let end = reader.position + length - 2
            switch marker {
            case 0xe0:
                isJFIF = isJFIF || reader.peek(4) == Array("JFIF".utf8)
            case 0xc0...0xc3, 0xc5...0xc7, 0xc9...0xcb, 0xcd...0xcf, 0xf7:
                var header = frameHeader(&reader)
                header?.format = marker == 0xf7 ? .jpegLS : .jpeg
                header?.isJFIF = isJFIF
                return header
            case 0xd9, 0xda: return nil
            default: break
            }
            reader.position = end
        }
        return nil
    }

    private static func frameHeader(_ reader: inout BigEndianReader) -> StreamHeader? {
        guard let precision = reader.uint8(), let rows = reader.uint16(), let columns = reader.uint16(),
            let components = reader.uint8()
        else { return nil }
        var header = StreamHeader(
            format: .jpeg, columns: columns, rows: rows, components: components, precision: precision)
        let names = (0..<components).compactMap { _ -> Int? in
            let name = reader.uint8()
            reader.position += 2
            return name
        }
        header.namesRGB = names == [0x52, 0x47, 0x42] || names == [0x72, 0x67, 0x62]
        return header
    }

    /// The boxes of a JP2 file up to the codestream (ISO/IEC 15444-1 annex I).
    private static func jp2(_ reader: inout BigEndianReader) -> StreamHeader? {
        reader.position = 0
        while let length = reader.uint32(), let type = reader.uint32() {
            if type == 0x6a70_3263 {
                guard reader.uint16() == 0xff4f else { return nil }
                return codestream(&reader)
            }
            guard length >= 8 else { return nil }
            reader.position += length - 8
        }
        return nil
    }

    /// The SIZ marker segment (ISO/IEC 15444-1 A.5.1), which stands first.
    private static func codestream(_ reader: inout BigEndianReader) -> StreamHeader? {
        guard reader.uint16() == 0xff51, reader.uint16() != nil, reader.uint16() != nil else { return nil }
        let numbers = (0..<8).compactMap { _ in reader.uint32() }
        guard numbers.count == 8, let components = reader.uint16(), let depth = reader.uint8() else { return nil }
        let (width, height, left, top) = (numbers[0], numbers[1], numbers[2], numbers[3])
        let (tileWidth, tileHeight, tileLeft, tileTop) = (numbers[4], numbers[5], numbers[6], numbers[7])
        guard tileWidth > 0, tileHeight > 0, width > left, height > top, tileLeft <= left, tileTop <= top else {
            return nil
        }
        var header = StreamHeader(
            format: .jpeg2000, columns: width - left, rows: height - top, components: components,
            precision: depth & 0x7f + 1)
        let across = (width - tileLeft + tileWidth - 1) / tileWidth
        let down = (height - tileTop + tileHeight - 1) / tileHeight
        let (tiles, overflow) = across.multipliedReportingOverflow(by: down)
        header.tiles = overflow ? .max : tiles
        return header
    }
}

/// Reads big-endian numbers, and nil behind the end.
private struct BigEndianReader {
    private let bytes: UnsafeRawBufferPointer
    var position = 0

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    /// Whether the file signature of JP2 stands at the start.
    var isJP2: Bool { bytes.prefix(8).elementsEqual([0, 0, 0, 12, 0x6a, 0x50, 0x20, 0x20]) }

    mutating func uint8() -> Int? { number(1) }
    mutating func uint16() -> Int? { number(2) }
    mutating func uint32() -> Int? { number(4) }

    func peek(_ count: Int) -> [UInt8] { Array(bytes.dropFirst(position).prefix(count)) }

    /// The next JPEG marker's second byte; fill bytes are skipped.
    mutating func marker() -> Int? {
        guard uint8() == 0xff else { return nil }
        while let code = uint8() {
            if code != 0xff { return code }
        }
        return nil
    }

    private mutating func number(_ size: Int) -> Int? {
        guard position <= bytes.count - size else { return nil }
        defer { position += size }
        return bytes[position..<position + size].reduce(0) { $0 << 8 | Int($1) }
    }
}
