import Database

/// A word, name, text or sign of an SQL statement, cut as its engine cuts it; joined again they are the statement.
struct SQLToken: Equatable {
    enum Kind { case name, quotedName, string, number, sign, space }

    let kind: Kind
    let text: String

    /// A name without its quotes; nil for anything else.
    var name: String? {
        switch kind {
        case .name: text
        case .quotedName: unquoted
        default: nil
        }
    }

    private var unquoted: String {
        guard let first = text.first, text.count >= 2 else { return text }
        let inner = String(text.dropFirst().dropLast())
        return first == "[" ? inner : inner.replacing("\(first)\(first)", with: String(first))
    }

    static func tokens(of sql: String, _ engine: SQLEngine = .sqlite) -> [SQLToken] {
        var scanner = Scanner(bytes: Array(sql.utf8), isPostgres: engine == .postgres)
        var tokens: [SQLToken] = []
        while let token = scanner.next() { tokens.append(token) }
        return tokens
    }

    private struct Scanner {
        let bytes: [UInt8]
        let isPostgres: Bool
        var position = 0

        private func byte(_ offset: Int) -> UInt8 {
            position + offset < bytes.count ? bytes[position + offset] : 0
        }

        mutating func next() -> SQLToken? {
            guard position < bytes.count else { return nil }
            switch bytes[position] {
            case UInt8(ascii: " "), 9...13: return take(.space, run { $0 == 32 || (9...13).contains($0) })
            case UInt8(ascii: "-") where byte(1) == UInt8(ascii: "-"): return take(.space, run { $0 != 10 })
            case UInt8(ascii: "/") where byte(1) == UInt8(ascii: "*"): return take(.space, comment)
            case UInt8(ascii: "'"): return take(.string, quoted(until: UInt8(ascii: "'")))
            case UInt8(ascii: "\""), UInt8(ascii: "`"): return take(.quotedName, quoted(until: bytes[position]))
            case UInt8(ascii: "[") where !isPostgres: return take(.quotedName, bracketed)
            case UInt8(ascii: "$") where isPostgres && dollarQuoted != nil: return take(.string, dollarQuoted ?? 1)
            case UInt8(ascii: "e"), UInt8(ascii: "E"):
                guard isPostgres, byte(1) == UInt8(ascii: "'") else { return take(.name, run(Self.continuesName)) }
                return take(.string, escaped)
            case let byte where Self.startsName(byte): return take(.name, run(Self.continuesName))
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                return take(.number, run { Self.continuesName($0) || $0 == UInt8(ascii: ".") })
            default: return take(.sign, 1)
            }
        }

        private mutating func take(_ kind: Kind, _ count: Int) -> SQLToken {
            let end = min(bytes.count, position + count)
            defer { position = end }
            return SQLToken(kind: kind, text: String(decoding: bytes[position..<end], as: UTF8.self))
        }

        private func run(_ belongs: (UInt8) -> Bool) -> Int { bytes[position...].prefix(while: belongs).count }

        private var comment: Int {
            if isPostgres { return nestedComment }
            var end = position + 2
            while end + 1 < bytes.count, !(bytes[end] == UInt8(ascii: "*") && bytes[end + 1] == UInt8(ascii: "/"))
            {
                end += 1
            }
            return end + 2 - position
        }

        /// A quote inside is written twice.
        private func quoted(until quote: UInt8) -> Int {
            var end = position + 1
            while end < bytes.count {
                if bytes[end] == quote {
                    guard end + 1 < bytes.count, bytes[end + 1] == quote else { break }
                    end += 1
                }
                end += 1
            }
            return end + 1 - position
        }

        private var nestedComment: Int {
            var (end, depth) = (position, 0)
            repeat {
                let pair = bytes[end..<min(end + 2, bytes.count)]
                if pair.elementsEqual("/*".utf8) {
                    (depth, end) = (depth + 1, end + 2)
                } else if pair.elementsEqual("*/".utf8) {
                    (depth, end) = (depth - 1, end + 2)
                } else {
                    end += 1
                }
            } while depth > 0 && end < bytes.count
            return end - position
        }

        /// `E'…'`, in which a backslash takes the next character with it.
        private var escaped: Int {
            var end = position + 2
            while end < bytes.count {
                if bytes[end] == UInt8(ascii: "\\") {
                    end += 1
                } else if bytes[end] == UInt8(ascii: "'") {
                    guard end + 1 < bytes.count, bytes[end + 1] == UInt8(ascii: "'") else { break }
                    end += 1
                }
                end += 1
            }
            return end + 1 - position
        }

        /// `$tag$…$tag$`; nil for what is only a sign.
        private var dollarQuoted: Int? {
            let tag = bytes[(position + 1)...].prefix { Self.continuesName($0) && $0 != UInt8(ascii: "$") }
            guard tag.endIndex < bytes.count, bytes[tag.endIndex] == UInt8(ascii: "$"),
                tag.first.map(Self.startsName) ?? true
            else { return nil }
            let mark = bytes[position...tag.endIndex]
            var end = tag.endIndex + 1
            while end < bytes.count, !bytes[end...].starts(with: mark) { end += 1 }
            return min(bytes.count, end + mark.count) - position
        }

        private var bracketed: Int { run { $0 != UInt8(ascii: "]") } + 1 }

        private static func startsName(_ byte: UInt8) -> Bool {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
            case UInt8(ascii: "_"), 0x80...: true
            default: false
            }
        }

        private static func continuesName(_ byte: UInt8) -> Bool {
            startsName(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || byte == UInt8(ascii: "$")
        }
    }
}

extension SQLToken {
    /// Writes bare names with dots, as `my_dataset.features`, as the one quoted name that the table has.
    ///
    /// SQLite takes the part before the dot for a schema. The longest chain of names that is a table's name wins;
    /// what follows it (`.column`) stays.
    static func joiningDottedNames(_ sql: String, tables: [String], _ engine: SQLEngine = .sqlite) -> String {
        let known = Dictionary(tables.map { ($0.lowercased(), $0) }, uniquingKeysWith: { first, _ in first })
        let tokens = tokens(of: sql, engine)
        var output = ""
        var index = 0
        var isBehindDot = false
        while index < tokens.count {
            let longest = [5, 3].first { length in
                !isBehindDot && chain(tokens, index, length).map { known[$0.lowercased()] != nil } == true
            }
            if let longest, let name = chain(tokens, index, longest).flatMap({ known[$0.lowercased()] }) {
                output += quotedIdentifier(name)
                index += longest
            } else {
                output += tokens[index].text
                index += 1
            }
            isBehindDot = tokens[index - 1].text == "."
        }
        return output
    }

    /// `a.b` of three tokens or `a.b.c` of five; nil when the tokens there are something else.
    private static func chain(_ tokens: [SQLToken], _ start: Int, _ length: Int) -> String? {
        guard start + length <= tokens.count else { return nil }
        var text = ""
        for (offset, token) in tokens[start..<(start + length)].enumerated() {
            if offset.isMultiple(of: 2) {
                guard let name = token.name else { return nil }
                text += name
            } else {
                guard token.text == "." else { return nil }
                text += "."
            }
        }
        return text
    }
}
