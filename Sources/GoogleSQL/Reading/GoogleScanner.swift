/// Cuts a statement into tokens.
struct GoogleScanner {
    /// As in BigQuery, which takes a megabyte.
    static let mostBytes = 1 << 20

    private let bytes: [UInt8]
    private var position = 0
    private var line = 1
    /// In characters, as editors count.
    private var column = 1

    private init(_ text: String) { bytes = Array(text.utf8) }

    /// - Returns: the tokens, an end token last.
    static func tokens(of text: String) throws -> [GoogleToken] {
        var scanner = GoogleScanner(text)
        guard scanner.bytes.count <= mostBytes else {
            throw GoogleSQLError(.invalid, "The query is longer than \(mostBytes) bytes", at: scanner.place)
        }
        var tokens: [GoogleToken] = []
        while let token = try scanner.next() { tokens.append(token) }
        let end = scanner.bytes.count
        tokens.append(GoogleToken(kind: .end, text: "", place: scanner.place, range: end..<end))
        return tokens
    }

    private var place: Place { Place(line: line, column: column) }

    private func byte(_ offset: Int = 0) -> UInt8 {
        position + offset < bytes.count ? bytes[position + offset] : 0
    }

    private func at(_ text: StaticString, _ offset: Int = 0) -> Bool {
        let start = position + offset
        guard start + text.utf8CodeUnitCount <= bytes.count else { return false }
        return (0..<text.utf8CodeUnitCount).allSatisfy { bytes[start + $0] == text.utf8Start[$0] }
    }

    private mutating func advance(_ count: Int) {
        for _ in 0..<count where position < bytes.count {
            let byte = bytes[position]
            position += 1
            if byte == 10 {
                (line, column) = (line + 1, 1)
            } else if byte & 0xc0 != 0x80 {
                column += 1
            }
        }
    }

    private mutating func skipSpace() throws {
        while position < bytes.count {
            if byte() == 32 || (9...13).contains(byte()) {
                advance(1)
            } else if at("\u{a0}") || at("\u{feff}") {
                advance(at("\u{a0}") ? 2 : 3)
            } else if at("--") || byte() == UInt8(ascii: "#") {
                while position < bytes.count, byte() != 10 { advance(1) }
            } else if at("/*") {
                let start = place
                advance(2)
                while position < bytes.count, !at("*/") { advance(1) }
                guard position < bytes.count else { throw GoogleSQLError.syntax("Unclosed comment", at: start) }
                advance(2)
            } else {
                return
            }
        }
    }

    private mutating func next() throws -> GoogleToken? {
        try skipSpace()
        guard position < bytes.count else { return nil }
        let (start, begin) = (place, position)
        func token(_ kind: GoogleToken.Kind, _ text: String) -> GoogleToken {
            GoogleToken(kind: kind, text: text, place: start, range: begin..<position)
        }
        if let (text, isBytes) = try quotedText(start) { return token(isBytes ? .bytes : .string, text) }
        switch byte() {
        case UInt8(ascii: "`"): return token(.quotedName, try quotedName(start))
        case let first where Self.startsName(first): return token(.word, take(while: Self.continuesName))
        case UInt8(ascii: "0")...UInt8(ascii: "9"): return try number(start, begin)
        case UInt8(ascii: ".") where (48...57).contains(byte(1)): return try number(start, begin)
        case UInt8(ascii: "?"):
            advance(1)
            return token(.positionalParameter, "?")
        case UInt8(ascii: "@"):
            advance(1)
            if byte() == UInt8(ascii: "@") {
                throw GoogleSQLError.unsupported("A system variable (@@…)", at: start)
            }
            let name = byte() == UInt8(ascii: "`") ? try quotedName(start) : take(while: Self.continuesName)
            guard !name.isEmpty else { throw GoogleSQLError.syntax("Unexpected \"@\"", at: start) }
            return token(.namedParameter, name)
        default: return token(.sign, try sign(start))
        }
    }

    private mutating func sign(_ start: Place) throws -> String {
        let pairs: [StaticString] = ["<=", ">=", "<>", "!=", "||", "<<", ">>", "=>"]
        if let pair = pairs.first(where: { at($0) }) {
            advance(2)
            return "\(pair)"
        }
        let scalar = String(decoding: bytes[position...].prefix(4), as: UTF8.self).unicodeScalars.first
        guard let scalar, "(),.;*/+-=<>[]|&^~:".unicodeScalars.contains(scalar) else {
            throw GoogleSQLError.syntax("Illegal input character", at: start)
        }
        advance(1)
        return String(scalar)
    }

    private mutating func take(while belongs: (UInt8) -> Bool) -> String {
        let begin = position
        while position < bytes.count, belongs(bytes[position]) { advance(1) }
        return String(decoding: bytes[begin..<position], as: UTF8.self)
    }

    static func startsName(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"): true
        default: false
        }
    }

    static func continuesName(_ byte: UInt8) -> Bool { startsName(byte) || (48...57).contains(byte) }

    // MARK: Numbers

    private mutating func number(_ start: Place, _ begin: Int) throws -> GoogleToken {
        var isReal = false
        if byte() == 48, byte(1) | 32 == UInt8(ascii: "x") {
            advance(2)
            let digits = take { Self.continuesName($0) }
            guard let value = UInt64(digits, radix: 16) else {
                throw GoogleSQLError.syntax("Invalid hexadecimal number", at: start)
            }
            let text = String(Int64(bitPattern: value))
            return GoogleToken(kind: .integer, text: text, place: start, range: begin..<position)
        }
        var text = take { (48...57).contains($0) }
        // `my-1st-project.d.t` and `project-1.d.t`: names of projects go on behind dashes.
        if begin > 1, bytes[begin - 1] == UInt8(ascii: "-"), Self.continuesName(bytes[begin - 2]),
            Self.startsName(byte())
        {
            text += take(while: Self.continuesName)
            return GoogleToken(kind: .word, text: text, place: start, range: begin..<position)
        }
        let isDotOfName = Self.startsName(byte(1)) && byte(1) | 32 != UInt8(ascii: "e")
        if byte() == UInt8(ascii: "."), !isDotOfName {
            isReal = true
            advance(1)
            let fraction = take { (48...57).contains($0) }
            text = (text.isEmpty ? "0" : text) + "." + (fraction.isEmpty ? "0" : fraction)
        }
        let isExponent =
            byte() | 32 == UInt8(ascii: "e")
            && ((48...57).contains(byte(1)) || [43, 45].contains(byte(1)) && (48...57).contains(byte(2)))
        if isExponent {
            isReal = true
            text += String(UnicodeScalar(byte()))
            advance(1)
            text += String(UnicodeScalar(byte()))
            advance(1)
            text += take { (48...57).contains($0) }
        }
        guard !Self.startsName(byte()) else {
            throw GoogleSQLError.syntax("Missing whitespace between literal and alias", at: place)
        }
        return GoogleToken(kind: isReal ? .real : .integer, text: text, place: start, range: begin..<position)
    }
}

// MARK: Texts

extension GoogleScanner {
    private mutating func quotedName(_ start: Place) throws -> String {
        advance(1)
        let begin = position
        while position < bytes.count, byte() != UInt8(ascii: "`"), byte() != 10 { advance(1) }
        guard byte() == UInt8(ascii: "`"), position > begin else {
            throw GoogleSQLError.syntax(
                byte() == UInt8(ascii: "`") ? "Invalid empty identifier" : "Unclosed identifier literal", at: start
            )
        }
        let text = String(decoding: bytes[begin..<position], as: UTF8.self)
        guard !text.contains("\\") else {
            throw GoogleSQLError.unsupported("An escape in a name", "names have none here", at: start)
        }
        advance(1)
        return text
    }

    /// `'…'`, `"…"`, either one tripled, with `r` and `b` before it; nil where none stands.
    private mutating func quotedText(_ start: Place) throws -> (String, isBytes: Bool)? {
        var prefix = 0
        var (isRaw, isBytes) = (false, false)
        while prefix < 2 {
            switch byte(prefix) | 32 {
            case UInt8(ascii: "r") where !isRaw: isRaw = true
            case UInt8(ascii: "b") where !isBytes: isBytes = true
            default: break
            }
            guard (isRaw ? 1 : 0) + (isBytes ? 1 : 0) == prefix + 1 else { break }
            prefix += 1
        }
        let quote = byte(prefix)
        guard quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\"") else { return nil }
        let isTripled = byte(prefix + 1) == quote && byte(prefix + 2) == quote
        advance(prefix + (isTripled ? 3 : 1))
        var text: [UInt8] = []
        while position < bytes.count {
            if byte() == quote, !isTripled || byte(1) == quote && byte(2) == quote {
                advance(isTripled ? 3 : 1)
                guard let valid = String(validating: text, as: UTF8.self) else {
                    guard isBytes else { throw GoogleSQLError.syntax("The string is not UTF-8", at: start) }
                    return ("", true)
                }
                return (valid, isBytes)
            }
            if byte() == 10, !isTripled { break }
            if byte() == UInt8(ascii: "\\") {
                try escape(isRaw: isRaw, isBytes: isBytes, into: &text)
            } else {
                text.append(byte())
                advance(1)
            }
        }
        throw GoogleSQLError.syntax("Unclosed string literal", at: start)
    }

    private mutating func escape(isRaw: Bool, isBytes: Bool, into text: inout [UInt8]) throws {
        let start = place
        guard position + 1 < bytes.count else { throw GoogleSQLError.syntax("Unclosed string literal", at: start) }
        if isRaw {
            text += [byte(), byte(1)]
            return advance(2)
        }
        let letter = byte(1)
        let plain: [UInt8: UInt8] = [
            UInt8(ascii: "a"): 7, UInt8(ascii: "b"): 8, UInt8(ascii: "f"): 12, UInt8(ascii: "n"): 10,
            UInt8(ascii: "r"): 13, UInt8(ascii: "t"): 9, UInt8(ascii: "v"): 11, UInt8(ascii: "\\"): 92,
            UInt8(ascii: "?"): 63, UInt8(ascii: "\""): 34, UInt8(ascii: "'"): 39, UInt8(ascii: "`"): 96,
        ]
        if let value = plain[letter] {
            text.append(value)
            return advance(2)
        }
        let (digits, radix, skip): (Int, Int, Int) =
            switch letter {
            case UInt8(ascii: "x"), UInt8(ascii: "X"): (2, 16, 2)
            case UInt8(ascii: "u"): (4, 16, 2)
            case UInt8(ascii: "U"): (8, 16, 2)
            case UInt8(ascii: "0")...UInt8(ascii: "3"): (3, 8, 1)
            default: (0, 0, 0)
            }
        let spelled = bytes[min(position + skip, bytes.count)...].prefix(digits)
        guard digits > 0, spelled.count == digits,
            let value = UInt32(String(decoding: spelled, as: UTF8.self), radix: radix),
            let scalar = UnicodeScalar(value), !isBytes || value < 256
        else { throw GoogleSQLError.syntax("Illegal escape sequence", at: start) }
        if isBytes { text.append(UInt8(value)) } else { text += Array(String(Character(scalar)).utf8) }
        advance(skip + digits)
    }
}
