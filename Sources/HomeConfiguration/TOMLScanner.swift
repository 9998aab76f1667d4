/// Reads the parts of a ``TOMLDocument``, sign by sign.
struct TOMLScanner {
    private let text: [Unicode.Scalar]
    private var position = 0
    /// Of the next sign, from 1.
    private(set) var line = 1

    init(_ text: String) { self.text = Array(text.unicodeScalars) }

    var isAtEnd: Bool { position >= text.count }
    var peek: Unicode.Scalar? { position < text.count ? text[position] : nil }

    private func problem(_ text: String) -> TOMLDocument.Problem { .init(line: line, text: text) }

    private mutating func next() -> Unicode.Scalar? {
        guard let scalar = peek else { return nil }
        position += 1
        if scalar == "\n" { line += 1 }
        return scalar
    }

    /// Spaces and comments, and the ends of lines if wanted.
    mutating func skipBlank(lines: Bool) {
        while let scalar = peek {
            switch scalar {
            case " ", "\t": position += 1
            case "\n" where lines, "\r" where lines: _ = next()
            case "#":
                while let scalar = peek, scalar != "\n" {
                    _ = scalar
                    position += 1
                }
            default: return
            }
        }
    }

    /// Nothing but a comment may follow.
    mutating func endLine() throws(TOMLDocument.Problem) {
        skipBlank(lines: false)
        if peek == "\r" { position += 1 }
        guard isAtEnd || peek == "\n" else { throw problem("There is something behind the value.") }
    }

    mutating func expect(_ sign: Unicode.Scalar) throws(TOMLDocument.Problem) {
        skipBlank(lines: false)
        guard peek == sign else { throw problem("'\(sign)' is missing.") }
        position += 1
    }

    /// `[storage.s3]`
    mutating func header() throws(TOMLDocument.Problem) -> [String] {
        position += 1
        guard peek != "[" else { throw problem("Arrays of tables are not read here.") }
        let path = try key()
        try expect("]")
        return path
    }

    /// `a."b c".d`
    mutating func key() throws(TOMLDocument.Problem) -> [String] {
        var path: [String] = []
        repeat {
            skipBlank(lines: false)
            switch peek {
            case "\"", "'": path.append(try string())
            default: path.append(try bareKey())
            }
            guard path.count <= 16 else { throw problem("The key has over 16 parts.") }
            skipBlank(lines: false)
        } while take(".")
        return path
    }

    private mutating func take(_ sign: Unicode.Scalar) -> Bool {
        guard peek == sign else { return false }
        position += 1
        return true
    }

    private mutating func bareKey() throws(TOMLDocument.Problem) -> String {
        let word = word { Self.isWord($0) || $0 == "-" }
        guard !word.isEmpty else { throw problem("A key is missing. Write NAME = VALUE.") }
        return word
    }

    private mutating func word(_ belongs: (Unicode.Scalar) -> Bool) -> String {
        let start = position
        while let scalar = peek, belongs(scalar) { position += 1 }
        return String(String.UnicodeScalarView(text[start..<position]))
    }

    private static func isWord(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "a"..."z", "A"..."Z", "0"..."9", "_": true
        default: false
        }
    }

    mutating func value(depth: Int) throws(TOMLDocument.Problem) -> TOMLValue {
        skipBlank(lines: false)
        switch peek {
        case "\"", "'": return .string(try string())
        case "[": return try array(depth: depth + 1)
        case "{": throw problem("Inline tables are not read here. Write [TABLE] on a line of its own.")
        default: return try plain()
        }
    }

    private mutating func array(depth: Int) throws(TOMLDocument.Problem) -> TOMLValue {
        guard depth <= 16 else { throw problem("Lists are nested too deep.") }
        position += 1
        var values: [TOMLValue] = []
        while true {
            skipBlank(lines: true)
            if take("]") { return .array(values) }
            values.append(try value(depth: depth))
            skipBlank(lines: true)
            if take(",") { continue }
            guard take("]") else { throw problem("A list goes on with ',' or ends with ']'.") }
            return .array(values)
        }
    }

    private mutating func plain() throws(TOMLDocument.Problem) -> TOMLValue {
        let word = word { Self.isWord($0) || $0 == "+" || $0 == "-" || $0 == "." || $0 == ":" }
        switch word {
        case "": throw problem("A value is missing. A text stands in quotes.")
        case "true": return .boolean(true)
        case "false": return .boolean(false)
        default: break
        }
        let isNumber = word.utf8.allSatisfy { "+-.eE_0123456789".utf8.contains($0) } && !word.hasPrefix("_")
        let digits = word.filter { $0 != "_" }
        if isNumber, let number = Int64(digits) { return .integer(number) }
        if isNumber, let number = Double(digits), number.isFinite { return .real(number) }
        throw problem("The value cannot be read. A text stands in quotes.")
    }

    /// `"…"` with escapes or `'…'` without, on one line.
    private mutating func string() throws(TOMLDocument.Problem) -> String {
        guard let quote = next() else { throw problem("A text is missing.") }
        if peek == quote, position + 1 < text.count, text[position + 1] == quote {
            throw problem("Texts of several lines are not read here.")
        }
        var result = String.UnicodeScalarView()
        while let scalar = peek {
            if take(quote) { return String(result) }
            guard scalar != "\n", scalar == "\t" || (scalar.value >= 0x20 && scalar.value != 0x7f) else { break }
            position += 1
            result.append(scalar == "\\" && quote == "\"" ? try escaped() : scalar)
        }
        throw problem("The text does not end on its line.")
    }

    private mutating func escaped() throws(TOMLDocument.Problem) -> Unicode.Scalar {
        switch next() {
        case "\"": return "\""
        case "\\": return "\\"
        case "n": return "\n"
        case "t": return "\t"
        case "r": return "\r"
        case "b": return "\u{8}"
        case "f": return "\u{c}"
        case "u": return try hexadecimal(4)
        case "U": return try hexadecimal(8)
        default: throw problem("An escape in a text is not one of TOML's. Use '…' for a text with backslashes.")
        }
    }

    private mutating func hexadecimal(_ count: Int) throws(TOMLDocument.Problem) -> Unicode.Scalar {
        let digits = text[position..<min(text.count, position + count)]
        let isHexadecimal = digits.count == count && digits.allSatisfy(\.properties.isASCIIHexDigit)
        guard isHexadecimal, let code = UInt32(String(String.UnicodeScalarView(digits)), radix: 16),
            let scalar = Unicode.Scalar(code)
        else { throw problem("An escape in a text names no character.") }
        position += count
        return scalar
    }
}
