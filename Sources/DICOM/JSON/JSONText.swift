/// A JSON text as a tree (RFC 8259). Numbers keep their digits, so that no 64-bit integer is rounded.
indirect enum JSONText {
    case null
    case bool(Bool)
    case number(String)
    case string(String)
    case array([JSONText])
    case object([(key: String, value: JSONText)])

    static func parse(_ bytes: UnsafeRawBufferPointer, maxDepth: Int) throws -> JSONText {
        var reader = Reader(bytes: bytes, maxDepth: maxDepth)
        let value = try reader.value(depth: 0)
        reader.skipSpace()
        guard reader.offset == bytes.count else { throw reader.failure }
        return value
    }

    subscript(_ key: String) -> JSONText? {
        guard case .object(let members) = self else { return nil }
        return members.last { $0.key == key }?.value
    }
}

private struct Reader {
    let bytes: UnsafeRawBufferPointer
    let maxDepth: Int
    var offset = 0

    /// The message gives the place and nothing of the text, which may hold a patient's data.
    var failure: DICOMError { DICOMError(.corrupt, "No valid JSON at byte \(offset).") }

    private var next: UInt8? { offset < bytes.count ? bytes[offset] : nil }

    mutating func skipSpace() {
        while let byte = next, byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 { offset += 1 }
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        skipSpace()
        guard next == byte else { return false }
        offset += 1
        return true
    }

    mutating func value(depth: Int) throws -> JSONText {
        guard depth <= maxDepth else {
            throw DICOMError(.tooDeep, "The JSON nests more than \(maxDepth) deep, the limit.")
        }
        skipSpace()
        switch next {
        case UInt8(ascii: "{"): return try object(depth)
        case UInt8(ascii: "["): return try array(depth)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: return try number()
        }
    }

    private mutating func object(_ depth: Int) throws -> JSONText {
        offset += 1
        var members: [(key: String, value: JSONText)] = []
        if take(UInt8(ascii: "}")) { return .object(members) }
        repeat {
            skipSpace()
            guard next == UInt8(ascii: "\"") else { throw failure }
            let key = try string()
            guard take(UInt8(ascii: ":")) else { throw failure }
            members.append((key, try value(depth: depth + 1)))
        } while take(UInt8(ascii: ","))
        guard take(UInt8(ascii: "}")) else { throw failure }
        return .object(members)
    }

    private mutating func array(_ depth: Int) throws -> JSONText {
        offset += 1
        var values: [JSONText] = []
        if take(UInt8(ascii: "]")) { return .array(values) }
        repeat {
            values.append(try value(depth: depth + 1))
        } while take(UInt8(ascii: ","))
        guard take(UInt8(ascii: "]")) else { throw failure }
        return .array(values)
    }

    private mutating func word(_ word: StaticString, _ value: JSONText) throws -> JSONText {
        let end = offset + word.utf8CodeUnitCount
        guard end <= bytes.count, word.withUTF8Buffer({ $0.elementsEqual(bytes[offset..<end]) }) else {
            throw failure
        }
        offset = end
        return value
    }

    private mutating func number() throws -> JSONText {
        let start = offset
        while let byte = next, (0x30...0x39).contains(byte) || "+-.eE".utf8.contains(byte) { offset += 1 }
        let digits = bytes[start..<offset]
        guard DecimalParts(digits) != nil else { throw failure }
        return .number(String(decoding: digits, as: UTF8.self))
    }

    private mutating func string() throws -> String {
        offset += 1
        var text: [UInt8] = []
        while true {
            let start = offset
            while let byte = next, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\"), byte >= 0x20 {
                offset += 1
            }
            text.append(contentsOf: bytes[start..<offset])
            guard let byte = next, byte >= 0x20 else { throw failure }
            offset += 1
            if byte == UInt8(ascii: "\"") { return String(decoding: text, as: UTF8.self) }
            text += Array(String(try escaped()).utf8)
        }
    }

    private mutating func escaped() throws -> Character {
        guard let byte = next else { throw failure }
        offset += 1
        switch byte {
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{c}"
        case UInt8(ascii: "u"): return try unicode()
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Character(Unicode.Scalar(byte))
        default: throw failure
        }
    }

    /// `\u0041`, or two of them for a character beyond sixteen bits; half a pair becomes U+FFFD.
    private mutating func unicode() throws -> Character {
        let first = try hexadecimal()
        if (0xd800..<0xdc00).contains(first), offset + 6 <= bytes.count, bytes[offset] == UInt8(ascii: "\\"),
            bytes[offset + 1] == UInt8(ascii: "u")
        {
            let restart = offset
            offset += 2
            let second = try hexadecimal()
            if (0xdc00..<0xe000).contains(second) {
                let number = 0x10000 + (first - 0xd800) << 10 + (second - 0xdc00)
                return Character(Unicode.Scalar(number) ?? "\u{fffd}")
            }
            offset = restart
        }
        return Character(Unicode.Scalar(first) ?? "\u{fffd}")
    }

    private mutating func hexadecimal() throws -> UInt32 {
        guard offset + 4 <= bytes.count else { throw failure }
        let digits = String(decoding: bytes[offset..<offset + 4], as: UTF8.self)
        guard digits.allSatisfy(\.isHexDigit), let number = UInt32(digits, radix: 16) else { throw failure }
        offset += 4
        return number
    }
}
