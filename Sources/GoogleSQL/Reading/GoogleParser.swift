/// Reads one statement; everything in it that cannot be read is an error.
struct GoogleParser {
    private let text: [UInt8]
    let tokens: [GoogleToken]
    /// Of each opening bracket its closing one.
    private let closings: [Int: Int]
    var index = 0
    /// Positional parameters seen so far.
    var positionals = 0
    private var depth = 0
    /// Brackets, subqueries and cases within each other.
    private static let mostDepth = 64

    private init(_ text: String) throws {
        self.text = Array(text.utf8)
        tokens = try GoogleScanner.tokens(of: text)
        closings = Self.closings(tokens)
    }

    private static func closings(_ tokens: [GoogleToken]) -> [Int: Int] {
        var closings: [Int: Int] = [:]
        var open: [Int] = []
        for (index, token) in tokens.enumerated() where token.kind == .sign {
            if token.text == "(" { open.append(index) }
            if token.text == ")", let start = open.popLast() { closings[start] = index }
        }
        return closings
    }

    /// Whether a query stands in the brackets that open here, and not a value or a join that begins with one.
    func isQuery(at start: Int) -> Bool {
        var inner = start
        while tokens[inner].kind == .sign, tokens[inner].text == "(" { inner += 1 }
        guard ["SELECT", "WITH"].contains(tokens[inner].keyword) else { return false }
        for opening in (start..<inner).dropLast().reversed() {
            guard let end = closings[opening + 1] else { return true }
            let next = tokens[end + 1]
            guard next.text == ")" || ["UNION", "INTERSECT", "EXCEPT", "ORDER", "LIMIT"].contains(next.keyword)
            else {
                return false
            }
        }
        return true
    }

    static func query(_ text: String) throws -> Query {
        var parser = try GoogleParser(text)
        try parser.refuseOthers()
        let query = try parser.query()
        while parser.take(sign: ";") {
            guard parser.token.kind == .end || parser.token.text == ";" else {
                throw GoogleSQLError.unsupported(
                    "A script of several statements", "send one at a time", at: parser.token.place)
            }
        }
        guard parser.token.kind == .end else { throw parser.unexpected("end of input") }
        return query
    }

    var token: GoogleToken { tokens[index] }
    func peek(_ offset: Int = 1) -> GoogleToken { tokens[min(index + offset, tokens.count - 1)] }

    mutating func advance() { if index < tokens.count - 1 { index += 1 } }

    func at(_ keyword: String) -> Bool { token.keyword == keyword }
    func at(sign: String) -> Bool { token.kind == .sign && token.text == sign }

    mutating func take(_ keyword: String) -> Bool {
        guard at(keyword) else { return false }
        advance()
        return true
    }

    mutating func take(sign: String) -> Bool {
        guard at(sign: sign) else { return false }
        advance()
        return true
    }

    mutating func expect(_ keyword: String) throws {
        guard take(keyword) else { throw unexpected("keyword \(keyword)") }
    }

    mutating func expect(sign: String) throws {
        guard take(sign: sign) else { throw unexpected("\"\(sign)\"") }
    }

    mutating func name() throws -> String {
        guard token.isName else { throw unexpected("identifier") }
        defer { advance() }
        return token.text
    }

    func unexpected(_ wanted: String) -> GoogleSQLError {
        let found: String
        switch token.kind {
        case .end: found = "end of statement"
        case .word where GoogleToken.reserved.contains(token.keyword): found = "keyword \(token.keyword)"
        case .word, .quotedName: found = "identifier \"\(token.text.prefix(60))\""
        case .string: found = "string literal"
        case .integer: found = "integer literal \"\(token.text.prefix(30))\""
        case .real: found = "floating point literal \"\(token.text.prefix(30))\""
        default: found = "\"\(token.text.prefix(60))\""
        }
        return .syntax("Expected \(wanted) but got \(found)", at: token.place)
    }

    /// Counts how deep the text goes, so that no text overflows a stack.
    mutating func nested<Result>(_ body: (inout GoogleParser) throws -> Result) throws -> Result {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.mostDepth else {
            throw GoogleSQLError.unsupported("More than \(Self.mostDepth) levels of brackets", at: token.place)
        }
        return try body(&self)
    }

    /// What is no query: said by name, so that nobody looks for a mistake in the spelling.
    private func refuseOthers() throws {
        var first = 0
        while tokens[first].kind == .sign, tokens[first].text == "(" { first += 1 }
        let word = tokens[first].keyword
        guard tokens[first].kind != .end else {
            throw GoogleSQLError.syntax("Unexpected end of statement", at: tokens[first].place)
        }
        guard !["SELECT", "WITH", "FROM"].contains(word) else { return }
        guard Self.otherStatements.contains(word) else { throw unexpected("keyword SELECT or keyword WITH") }
        throw GoogleSQLError.unsupported(
            word, "it runs SELECT; tables are made by load jobs and by queries with a destination table",
            at: tokens[first].place)
    }

    private static let otherStatements: Set<String> = [
        "ALTER", "ASSERT", "ATTACH", "BEGIN", "CALL", "COMMIT", "COPY", "CREATE", "DECLARE", "DELETE", "DESCRIBE",
        "DROP", "EXECUTE", "EXPLAIN", "EXPORT", "GRANT", "INSERT", "LOAD", "MERGE", "PRAGMA", "REVOKE", "ROLLBACK",
        "SET", "SHOW", "TRUNCATE", "UPDATE", "VACUUM", "VALUES",
    ]

    // MARK: Paths

    /// A table's name as it stands in the text: parts with dashes, each or the whole in backticks.
    mutating func tablePath() throws -> [String] {
        let start = token
        guard start.kind == .quotedName || start.kind == .word, start.isName else {
            throw unexpected("table name")
        }
        var position = start.range.lowerBound
        var parts: [String] = []
        repeat {
            if position < text.count, text[position] == UInt8(ascii: "`") {
                let end = text[(position + 1)...].firstIndex(of: UInt8(ascii: "`")) ?? text.count
                let inside = String(decoding: text[(position + 1)..<end], as: UTF8.self)
                parts += inside.split(omittingEmptySubsequences: false) { $0 == "." || $0 == ":" }.map(String.init)
                position = end + 1
            } else {
                let part = text[position...].prefix {
                    GoogleScanner.continuesName($0) || $0 == UInt8(ascii: "-") && parts.count < 1
                        || $0 == UInt8(ascii: "*") || $0 == UInt8(ascii: "$")
                }
                // `a--b` is a comment.
                let text = String(decoding: part, as: UTF8.self)
                let clean = text.firstRange(of: "--").map { String(text[..<$0.lowerBound]) } ?? text
                parts.append(clean)
                position += clean.utf8.count
            }
            let isDotted = position < text.count && text[position] == UInt8(ascii: ".")
            if isDotted { position += 1 }
            guard isDotted else { break }
        } while parts.count < 8
        while token.kind != .end, token.range.lowerBound < position { advance() }
        guard parts.allSatisfy({ !$0.isEmpty }) else {
            throw GoogleSQLError(.invalid, "Invalid table name: \(parts.joined(separator: "."))", at: start.place)
        }
        return parts
    }

    /// `[AS] name`
    mutating func alias() throws -> String? {
        if take("AS") { return try name() }
        guard token.isName, !Self.afterSource.contains(token.keyword) else { return nil }
        return try name()
    }

    /// Words that are no names here though they could be elsewhere.
    private static let afterSource: Set<String> = ["PIVOT", "UNPIVOT", "OFFSET", "FOR", "MATCH_RECOGNIZE"]
}
