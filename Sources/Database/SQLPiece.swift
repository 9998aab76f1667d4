/// A piece of an SQL text; joined again the pieces are the text.
struct SQLPiece: Equatable {
    enum Kind {
        /// A bare word or number.
        case word
        /// `?` or `?12`.
        case placeholder
        /// Quoted in any way, a comment, space, or a sign.
        case other
    }

    let kind: Kind
    let text: Substring

    /// Cuts a text as both engines read it: `'…'`, `E'…'`, `"…"`, `$tag$…$tag$`, `--` and nested `/* */`.
    static func pieces(of sql: String) -> [SQLPiece] {
        var pieces: [SQLPiece] = []
        var scanner = Scanner(Array(sql.utf8))
        while let (kind, range) = scanner.next() {
            let start = sql.utf8.index(sql.startIndex, offsetBy: range.lowerBound)
            let end = sql.utf8.index(start, offsetBy: range.count)
            pieces.append(SQLPiece(kind: kind, text: sql[start..<end]))
        }
        return pieces
    }

    private struct Scanner {
        let bytes: [UInt8]
        var position = 0

        init(_ bytes: [UInt8]) { self.bytes = bytes }

        private func byte(_ index: Int) -> UInt8 { index < bytes.count ? bytes[index] : 0 }

        mutating func next() -> (Kind, Range<Int>)? {
            guard position < bytes.count else { return nil }
            let start = position
            let kind = step()
            position = min(position, bytes.count)
            return (kind, start..<position)
        }

        private mutating func step() -> Kind {
            let first = bytes[position]
            switch first {
            case UInt8(ascii: "'"), UInt8(ascii: "\""), UInt8(ascii: "`"):
                quoted(first, escapes: false)
            case UInt8(ascii: "E"), UInt8(ascii: "e"):
                guard byte(position + 1) == UInt8(ascii: "'") else { return word() }
                position += 1
                quoted(UInt8(ascii: "'"), escapes: true)
            case UInt8(ascii: "-") where byte(position + 1) == UInt8(ascii: "-"):
                while position < bytes.count, bytes[position] != 10 { position += 1 }
            case UInt8(ascii: "/") where byte(position + 1) == UInt8(ascii: "*"): comment()
            case UInt8(ascii: "$"): dollarQuoted()
            case UInt8(ascii: "?"):
                position += 1
                while Self.isDigit(byte(position)) { position += 1 }
                return .placeholder
            case let byte where Self.isWord(byte): return word()
            default: position += 1
            }
            return .other
        }

        private mutating func word() -> Kind {
            while Self.isWord(byte(position)) || byte(position) == UInt8(ascii: "$") { position += 1 }
            return .word
        }

        /// A quote inside is written twice.
        private mutating func quoted(_ quote: UInt8, escapes: Bool) {
            position += 1
            while position < bytes.count {
                if escapes, bytes[position] == UInt8(ascii: "\\") {
                    position += 2
                } else if bytes[position] == quote {
                    position += 1
                    guard byte(position) == quote else { return }
                    position += 1
                } else {
                    position += 1
                }
            }
        }

        private mutating func comment() {
            var depth = 0
            repeat {
                if byte(position) == UInt8(ascii: "/"), byte(position + 1) == UInt8(ascii: "*") {
                    depth += 1
                    position += 2
                } else if byte(position) == UInt8(ascii: "*"), byte(position + 1) == UInt8(ascii: "/") {
                    depth -= 1
                    position += 2
                } else {
                    position += 1
                }
            } while depth > 0 && position < bytes.count
        }

        private mutating func dollarQuoted() {
            var end = position + 1
            while Self.isWord(byte(end)) { end += 1 }
            guard byte(end) == UInt8(ascii: "$"), !Self.isDigit(byte(position + 1)) else {
                position += 1
                return
            }
            let tag = bytes[position...end]
            position = end + 1
            while position < bytes.count {
                if bytes[position...].starts(with: tag) {
                    position += tag.count
                    return
                }
                position += 1
            }
        }

        private static func isDigit(_ byte: UInt8) -> Bool {
            (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
        }

        private static func isWord(_ byte: UInt8) -> Bool {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
            case UInt8(ascii: "_"), 0x80...: true
            default: isDigit(byte)
            }
        }
    }
}
