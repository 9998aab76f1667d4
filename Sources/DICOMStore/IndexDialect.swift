import Database

/// What the two engines say differently in the statements of the index.
///
/// SQLite is told where to begin and which index to take: left alone it takes whatever index has the order of the
/// result, and walks a million rows for one patient. PostgreSQL has no such words and finds its way by its statistics.
struct IndexDialect: Sendable {
    let engine: SQLEngine

    init(_ engine: SQLEngine) { self.engine = engine }

    private func choose(_ sqlite: String, _ postgres: String) -> String {
        engine == .sqlite ? sqlite : postgres
    }

    /// In SQLite the tables are walked in the order written.
    var join: String { choose("CROSS JOIN", "JOIN") }
    var notIndexed: String { choose("NOT INDEXED", "") }
    func indexed(by index: String) -> String { choose("INDEXED BY \(index)", "") }

    /// Keeps the rows that a statement reads from other writers. SQLite has one writer at a time anyway.
    var lock: String { choose("", " FOR UPDATE") }

    /// Whether a column is one of those that a statement gives, which is run once before anything else.
    func isIn(_ column: String, _ selection: String) -> String {
        choose("\(column) IN (\(selection))", "\(column) = ANY(ARRAY(\(selection)))")
    }

    /// Whether a column is one of many values, which are one argument; see ``list(_:)``.
    ///
    /// - Parameter type: SQLite's word, `INTEGER` or `TEXT`.
    func isAmong(_ column: String, type: String, argument: String = "?") -> String {
        choose(
            "\(column) IN (SELECT value FROM json_each(\(argument)))",
            "\(column) = ANY(CAST(CAST(\(argument) AS text) AS \(type == "INTEGER" ? "bigint" : "text")[]))")
    }

    /// The argument for ``isAmong(_:type:argument:)``.
    func list(_ numbers: some Sequence<Int64>) -> String {
        let list = numbers.map(\.description).joined(separator: ",")
        return choose("[\(list)]", "{\(list)}")
    }

    /// - Parameter uids: digits and dots.
    func list(uids: some Sequence<String>) -> String {
        let list = uids.map { "\"\($0)\"" }.joined(separator: ",")
        return choose("[\(list)]", "{\(list)}")
    }

    /// Texts joined by backslashes.
    func joined(_ column: String) -> String { "\(choose("group_concat", "string_agg"))(\(column), '\\')" }

    /// Matches DICOM's wildcards, with case.
    func matches(_ column: String) -> String { "\(column) \(choose("GLOB", "LIKE")) ?" }

    /// The argument for ``matches(_:)``: GLOB has `*` and `?` as well, but brackets besides; LIKE has `%` and `_`.
    func pattern(_ wildcards: String) -> String {
        guard engine == .postgres else { return wildcards.replacing("[", with: "[[]") }
        return wildcards.map { letter in
            switch letter {
            case "*": "%"
            case "?": "_"
            case "%", "_", "\\": "\\\(letter)"
            default: String(letter)
            }
        }.joined()
    }
}

extension SQLTransaction {
    var dialect: IndexDialect { IndexDialect(engine) }
}
