/// Growing memory that JSON is written into, with what the hot path needs: no check per byte but one for room.
struct JSONSink: ~Copyable {
    private var base: UnsafeMutablePointer<UInt8>
    private var capacity: Int
    private(set) var count = 0

    init(capacity: Int = 1 << 14) {
        self.capacity = capacity
        base = .allocate(capacity: capacity)
    }

    deinit { base.deallocate() }

    func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try body(UnsafeRawBufferPointer(start: base, count: count))
    }

    /// Where the next bytes go; the caller writes up to `room` of them and then calls `advance`.
    private mutating func end(room: Int) -> UnsafeMutablePointer<UInt8> {
        if count + room > capacity {
            let larger = max(2 * capacity, count + room)
            let memory = UnsafeMutablePointer<UInt8>.allocate(capacity: larger)
            memory.update(from: base, count: count)
            base.deallocate()
            base = memory
            capacity = larger
        }
        return base + count
    }

    mutating func append(_ byte: UInt8) {
        end(room: 1).pointee = byte
        count += 1
    }

    mutating func append(_ text: StaticString) {
        end(room: text.utf8CodeUnitCount).update(from: text.utf8Start, count: text.utf8CodeUnitCount)
        count += text.utf8CodeUnitCount
    }

    mutating func append(_ bytes: UnsafeRawBufferPointer) {
        guard let source = bytes.baseAddress else { return }
        UnsafeMutableRawPointer(end(room: bytes.count)).copyMemory(from: source, byteCount: bytes.count)
        count += bytes.count
    }

    /// For texts that need no escapes.
    mutating func append(_ text: String) {
        var text = text
        text.withUTF8 { append(UnsafeRawBufferPointer($0)) }
    }

    /// `"0010` `0020":{"vr":"LO"`, behind a comma where it is not the first.
    mutating func appendKey(_ tag: Tag, _ vr: VR, isFirst: Bool) {
        if !isFirst { append(UInt8(ascii: ",")) }
        append("\"")
        appendHexadecimal(tag.number)
        append("\":{\"vr\":\"")
        append(UInt8(vr.rawValue >> 8))
        append(UInt8(vr.rawValue & 0xff))
        append("\"")
    }

    mutating func appendHexadecimal(_ number: UInt32) {
        let start = end(room: 8)
        for index in 0..<8 {
            let digit = UInt8(truncatingIfNeeded: number >> (28 - 4 * UInt32(index))) & 0xf
            start[index] = digit < 10 ? 0x30 + digit : 0x37 + digit
        }
        count += 8
    }

    mutating func appendInteger(_ value: some FixedWidthInteger) {
        var rest = UInt64(value.magnitude)
        if value < 0 { append(UInt8(ascii: "-")) }
        var length = 1
        var bound: UInt64 = 10
        while length < 20 && rest >= bound {
            length += 1
            bound = length < 20 ? bound * 10 : .max
        }
        let start = end(room: length)
        for index in stride(from: length - 1, through: 0, by: -1) {
            start[index] = 0x30 + UInt8(rest % 10)
            rest /= 10
        }
        count += length
    }

    /// A JSON string of UTF-8 bytes, escaped where JSON asks for it (RFC 8259 section 7).
    mutating func appendString(_ text: UnsafeRawBufferPointer) {
        append(UInt8(ascii: "\""))
        var clean = 0
        for index in 0..<text.count {
            let byte = text[index]
            if byte >= 0x20 && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\") { continue }
            append(UnsafeRawBufferPointer(rebasing: text[clean..<index]))
            appendEscape(byte)
            clean = index + 1
        }
        append(UnsafeRawBufferPointer(rebasing: text[clean...]))
        append(UInt8(ascii: "\""))
    }

    private mutating func appendEscape(_ byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\""): append("\\\"")
        case UInt8(ascii: "\\"): append("\\\\")
        case 0x0a: append("\\n")
        case 0x0d: append("\\r")
        case 0x09: append("\\t")
        default:
            append("\\u00")
            append(0x30 + byte >> 4)
            append(byte & 0xf < 10 ? 0x30 + byte & 0xf : 0x57 + byte & 0xf)
        }
    }

    /// Base64 with padding (RFC 4648 section 4).
    mutating func appendBase64(_ bytes: UnsafeRawBufferPointer) {
        let length = (bytes.count + 2) / 3 * 4
        let start = end(room: length)
        Self.alphabet.withUTF8Buffer { alphabet in
            var output = start
            for index in stride(from: 0, to: bytes.count, by: 3) {
                let left = bytes.count - index
                let second = left > 1 ? bytes[index + 1] : 0
                let third = left > 2 ? bytes[index + 2] : 0
                output[0] = alphabet[Int(bytes[index] >> 2)]
                output[1] = alphabet[Int((bytes[index] & 3) << 4 | second >> 4)]
                output[2] = left > 1 ? alphabet[Int((second & 0xf) << 2 | third >> 6)] : UInt8(ascii: "=")
                output[3] = left > 2 ? alphabet[Int(third & 0x3f)] : UInt8(ascii: "=")
                output += 4
            }
        }
        count += length
    }

    private static var alphabet: StaticString {
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    }
}
