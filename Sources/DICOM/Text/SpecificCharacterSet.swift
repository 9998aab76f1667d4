/// How texts of a data set are encoded: the defined terms of Specific Character Set (PS3.3 C.12.1.1.2).
public struct SpecificCharacterSet: Sendable, Equatable {
    /// The terms, the initial one first; empty for the default repertoire.
    public let terms: [String]
    /// What is in force at the start of a value and behind each delimiter.
    let initial: CodeElements
    /// A term that cannot be combined with others and describes the value as a whole.
    private let wholeEncoding: WholeEncoding?

    private enum WholeEncoding: Sendable { case utf8, gb18030, gbk }

    /// - Parameter value: the attribute's value, terms separated by backslashes. A term that the standard
    ///   does not define counts as the default repertoire.
    public init(_ value: String) {
        terms =
            value.isEmpty ? [] : value.split(separator: "\\", omittingEmptySubsequences: false).map(String.init)
        let first = Self.normalized(terms.first ?? "")
        switch first {
        case "192", "UTF8", "UTF 8": wholeEncoding = .utf8
        case "GB18030": wholeEncoding = .gb18030
        case "GBK", "2022 GBK": wholeEncoding = .gbk
        default: wholeEncoding = nil
        }
        initial = CodeElements(registration: first)
    }

    public static let utf8 = SpecificCharacterSet("ISO_IR 192")

    /// The number of `ISO_IR 100`, `ISO 2022 IR 100`, and of the ways in which both are misspelt; other terms
    /// in capitals.
    private static func normalized(_ term: String) -> String {
        let words = term.uppercased().split { $0 == " " || $0 == "_" || $0 == "-" || $0 == "." }
        if let index = words.firstIndex(of: "IR"), index + 1 < words.count { return String(words[index + 1]) }
        return words.joined(separator: " ").replacingISO()
    }

    /// Decodes a value field of a VR that this attribute applies to.
    ///
    /// What has no meaning in the character set becomes U+FFFD; nothing is ever refused.
    public func decode(_ bytes: UnsafeRawBufferPointer, vr: VR) -> String {
        String(decoding: utf8(bytes, vr: vr), as: UTF8.self)
    }

    /// The same as UTF-8, which is always valid.
    func utf8(_ bytes: UnsafeRawBufferPointer, vr: VR) -> [UInt8] {
        switch wholeEncoding {
        case .utf8: return Array(String(decoding: bytes, as: UTF8.self).utf8)
        case .gb18030: return Converter.utf8(bytes, from: "GB18030")
        case .gbk: return Converter.utf8(bytes, from: "GBK")
        case nil: break
        }
        guard bytes.contains(0x1b) else { return initial.utf8(unescaped: bytes) }
        var decoder = EscapedTextDecoder(initial: initial, vr: vr)
        return decoder.utf8(bytes)
    }
}

extension String {
    /// `ISO 2022 GBK` without its first word.
    fileprivate func replacingISO() -> String { hasPrefix("ISO ") ? String(dropFirst(4)) : self }
}

/// The sets of characters that bytes below 128 (G0) and above (G1) stand for (ISO 2022, PS3.5 section 6.1.2).
struct CodeElements: Sendable, Equatable {
    enum Lower: Sendable { case ascii, japanese, japaneseSupplement }
    /// The raw value is the name under which the C library's converters know the set together with ASCII.
    enum Upper: String, Sendable {
        case latin1 = "ISO-8859-1"
        case latin2 = "ISO-8859-2"
        case latin3 = "ISO-8859-3"
        case latin4 = "ISO-8859-4"
        case cyrillic = "ISO-8859-5"
        case arabic = "ISO-8859-6"
        case greek = "ISO-8859-7"
        case hebrew = "ISO-8859-8"
        case latin5 = "ISO-8859-9"
        case latin9 = "ISO-8859-15"
        case thai = "TIS-620"
        // Shift JIS holds JIS X 0201 whole, and many writers mean the former where they declare the latter.
        case katakana = "CP932"
        case korean = "EUC-KR"
        case chinese = "EUC-CN"
    }

    var lower = Lower.ascii
    var upper = Upper.latin1

    /// - Parameter number: the ISO registration number of the initial set, as text.
    init(registration number: String) {
        upper =
            switch number {
            case "101": .latin2
            case "109": .latin3
            case "110": .latin4
            case "144": .cyrillic
            case "127": .arabic
            case "126": .greek
            case "138": .hebrew
            case "148": .latin5
            case "203": .latin9
            case "166": .thai
            case "13": .katakana
            case "149": .korean
            case "58", "2022 58": .chinese
            default: .latin1
            }
    }

    /// Decodes bytes without escapes.
    func utf8(unescaped bytes: UnsafeRawBufferPointer) -> [UInt8] {
        guard upper == .latin1 else { return Converter.utf8(bytes, from: upper.rawValue) }
        var text: [UInt8] = []
        text.reserveCapacity(bytes.count + bytes.count / 4)
        for byte in bytes {
            if byte < 0x80 {
                text.append(byte)
            } else {
                text.append(0xc0 | byte >> 6)
                text.append(0x80 | byte & 0x3f)
            }
        }
        return text
    }
}
