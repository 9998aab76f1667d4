import Database

/// What the columns of a result are called when PostgreSQL says only `count` or `?column?`: as SQLite does, an alias as it
/// was spelled and an expression by its text.
struct ResultNames {
    private enum Item {
        case star
        case named(String)
        /// A column under its own name, as it was spelled here.
        case column(String)
    }

    private let items: [Item]
    /// The spelling of aliases anywhere in the statement.
    private let aliases: [String: String]

    init(_ sql: String) {
        let tokens = SQLToken.tokens(of: sql, .postgres)
        let used = tokens.filter { $0.kind != .space }
        aliases = Dictionary(
            zip(used, used.dropFirst()).compactMap { first, second in
                first.text.lowercased() == "as" ? second.name.map { (PostgresName.identifier($0), $0) } : nil
            }, uniquingKeysWith: { first, _ in first })
        items = Self.lists(tokens).compactMap(Self.item)
    }

    /// The name of a result's column.
    ///
    /// - Parameters:
    ///   - name: as PostgreSQL has it.
    ///   - spelling: of the table's column that it is.
    func name(at index: Int, of count: Int, _ name: String, spelling: String?) -> String {
        let own = spelling.flatMap { PostgresName.identifier($0) == name ? $0 : nil }
        switch item(at: index, of: count) {
        case .named(let text)?: return text
        case .column(let text)?: return own ?? (PostgresName.identifier(text) == name ? text : name)
        case .star?, nil: return own ?? aliases[name] ?? name
        }
    }

    /// From the front up to a `*`, from behind after the last one.
    private func item(at index: Int, of count: Int) -> Item? {
        func isStar(_ item: Item) -> Bool { if case .star = item { true } else { false } }
        guard let first = items.firstIndex(where: isStar), let last = items.lastIndex(where: isStar) else {
            return items.count == count ? items[index] : nil
        }
        if index < first { return items[index] }
        let fromEnd = count - index
        return fromEnd < items.count - last ? items[items.count - fromEnd] : nil
    }

    /// The pieces between the commas of the first SELECT that stands in no brackets.
    private static func lists(_ tokens: [SQLToken]) -> [[SQLToken]] {
        var (depth, previous) = (0, "")
        var pieces: [[SQLToken]] = [[]]
        var isInside = false
        for token in tokens {
            let word = token.kind == .quotedName ? "" : token.text.lowercased()
            defer { if token.kind != .space { previous = word } }
            if token.kind == .sign { depth += ["(": 1, ")": -1][word] ?? 0 }
            guard isInside else {
                isInside = depth == 0 && token.kind == .name && word == "select"
                continue
            }
            if depth == 0, token.kind == .name, ends.contains(word), previous != "distinct" || word != "from" {
                break
            }
            if depth == 0, word == ";" { break }
            if depth == 0, word == "," {
                pieces.append([])
            } else if !["distinct", "all"].contains(word) || previous != "select" {
                pieces[pieces.count - 1].append(token)
            }
        }
        return isInside ? pieces : []
    }

    private static let ends: Set<String> = [
        "from", "where", "group", "having", "order", "limit", "union", "except", "intersect", "window", "offset",
        "fetch",
    ]
    private static let operators: Set<String> = [
        "not", "and", "or", "is", "like", "ilike", "in", "between", "collate", "case", "when", "then", "else",
        "from",
        "distinct", "escape", "over", "similar", "to", "at", "zone",
    ]
    private static let values: Set<String> = ["end", "null", "true", "false", "isnull", "notnull"]

    private static func item(_ piece: [SQLToken]) -> Item? {
        let used = piece.filter { $0.kind != .space }
        guard let last = used.last else { return nil }
        let before = used.dropLast().last
        if last.text == "*", before == nil || before?.text == "." { return .star }
        if let name = last.name, before?.text.lowercased() == "as" { return .named(name) }
        let isColumn = used.enumerated().allSatisfy { index, token in
            index.isMultiple(of: 2) ? token.name != nil : token.text == "."
        }
        if let name = last.name, isColumn { return .column(name) }
        if let name = last.name, let before, !values.contains(name.lowercased()) || last.kind == .quotedName,
            before.kind != .sign || [")", "]"].contains(before.text), !operators.contains(before.text.lowercased())
        {
            return .named(name)
        }
        let text = piece.map(\.text).joined()
        return .named(String(text.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed()))
    }
}
