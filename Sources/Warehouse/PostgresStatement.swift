import Database

/// A user's statement as PostgreSQL takes it.
///
/// SQLite, in which names count without their case whatever their quotes, is what the statement may have been written for:
/// quoted names are put into small letters, `[…]` apart; `my_dataset.features` becomes the one name that the table has;
/// a SELECT behind FROM or JOIN gets the name that PostgreSQL (before 16) asks for; `char(10)` becomes `chr(10)`.
struct PostgresStatement {
    let text: String
    private let tokens: [SQLToken]

    init(_ sql: String, tables: [String]) {
        tokens = SQLToken.tokens(of: SQLToken.joiningDottedNames(sql, tables: tables, .postgres), .postgres)
        var output = ""
        var opened: [Bool] = []
        var names = 0
        for (index, token) in tokens.enumerated() {
            switch token.kind {
            case .quotedName where Self.word(before: index, tokens) != "collate":
                output += SQLDialect.quoted(PostgresName.identifier(token.name ?? ""))
            case .name where token.text.utf8.count > 63:
                output += SQLDialect.quoted(PostgresName.identifier(token.text))
            case .name where token.text.lowercased() == "char" && Self.isCharacter(index, tokens):
                output += "chr"
            default: output += token.text
            }
            if token.text == "(" {
                let isTable = ["from", "join"].contains(Self.word(before: index, tokens))
                let isSelect = ["select", "with", "values"].contains(Self.word(after: index, tokens))
                opened.append(isTable && isSelect)
            } else if token.text == ")", token.kind == .sign, opened.popLast() == true,
                !Self.isNamed(behind: index, tokens)
            {
                names += 1
                output += " AS lightbox_\(names)"
            }
        }
        text = output
    }

    private static func neighbour(_ indices: some Sequence<Int>, _ tokens: [SQLToken]) -> SQLToken? {
        indices.lazy.map { tokens[$0] }.first { $0.kind != .space }
    }

    private static func word(before index: Int, _ tokens: [SQLToken]) -> String? {
        neighbour((0..<index).reversed(), tokens)?.text.lowercased()
    }

    private static func word(after index: Int, _ tokens: [SQLToken]) -> String? {
        neighbour((index + 1)..<tokens.count, tokens)?.text.lowercased()
    }

    /// SQLite's function, and not the type in a cast.
    private static func isCharacter(_ index: Int, _ tokens: [SQLToken]) -> Bool {
        word(after: index, tokens) == "(" && !["as", ":"].contains(word(before: index, tokens))
    }

    /// Whether a name follows, and not the next part of the statement.
    private static func isNamed(behind index: Int, _ tokens: [SQLToken]) -> Bool {
        guard let next = neighbour((index + 1)..<tokens.count, tokens) else { return false }
        switch next.kind {
        case .quotedName: return true
        case .name: return !clauses.contains(next.text.lowercased())
        default: return false
        }
    }

    private static let clauses: Set<String> = [
        "inner", "left", "right", "full", "cross", "join", "natural", "where", "group", "order", "having", "limit",
        "offset", "union", "intersect", "except", "on", "using", "window", "fetch", "for", "tablesample",
    ]

    // MARK: What is not run

    /// Names in it, in small letters.
    var names: [String] { tokens.compactMap { $0.name?.lowercased() } }

    /// Refuses what reaches beyond the user's tables; the rights of the database's user are the true border.
    ///
    /// - Parameter columns: names that are the user's own.
    func check(columns: Set<String>) throws {
        let used = tokens.filter { $0.kind != .space }
        if let end = used.firstIndex(where: { $0.text == ";" }), used[end...].contains(where: { $0.text != ";" }) {
            throw WarehouseError(.invalidSQL, "Give one SQL statement at a time.")
        }
        for (index, token) in used.enumerated() {
            guard let name = token.name?.lowercased() else { continue }
            let next = used.dropFirst(index + 1).prefix(3).map(\.text)
            if name == "u", next.first == "&" {
                throw WarehouseError(.readOnly, "Write names and texts without U& escapes here.")
            }
            let isForeign = ["pg_", "lo_"].contains(where: name.hasPrefix) || name.contains("_to_xml")
            guard !isForeign || columns.contains(name) || name == "pg_catalog" else { throw Self.refusal(name) }
            // A function of another schema.
            if next.count == 3, next[0] == ".", next[2] == "(", name != "pg_catalog" { throw Self.refusal(name) }
        }
    }

    static func refusal(_ name: String) -> WarehouseError {
        WarehouseError(.readOnly, "A query reads the warehouse's tables alone; '\(name)' is not for it.")
    }
}
