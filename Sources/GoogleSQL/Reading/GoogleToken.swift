/// A word, name, literal or sign of a statement in GoogleSQL.
///
/// Lexical structure: cloud.google.com/bigquery/docs/reference/standard-sql/lexical
struct GoogleToken: Equatable {
    enum Kind: Equatable {
        /// A name without quotes, which may be a keyword.
        case word
        /// A name in backticks, without them.
        case quotedName
        /// Decoded.
        case string
        case bytes
        case integer
        case real
        /// `@name`, without the sign.
        case namedParameter
        /// `?`
        case positionalParameter
        case sign
        case end
    }

    let kind: Kind
    let text: String
    let place: Place
    /// Of its first byte, and of the one behind its last.
    let range: Range<Int>

    /// The word in capitals; nothing for anything but a word.
    var keyword: String { kind == .word ? text.uppercased() : "" }

    var isName: Bool { kind == .quotedName || kind == .word && !Self.reserved.contains(text.uppercased()) }

    /// Words that are names only in backticks.
    static let reserved: Set<String> = [
        "ALL", "AND", "ANY", "ARRAY", "AS", "ASC", "ASSERT_ROWS_MODIFIED", "AT", "BETWEEN", "BY", "CASE", "CAST",
        "COLLATE", "CONTAINS", "CREATE", "CROSS", "CUBE", "CURRENT", "DEFAULT", "DEFINE", "DESC", "DISTINCT",
        "ELSE",
        "END", "ENUM", "ESCAPE", "EXCEPT", "EXCLUDE", "EXISTS", "EXTRACT", "FALSE", "FETCH", "FOLLOWING", "FOR",
        "FROM", "FULL", "GROUP", "GROUPING", "GROUPS", "HASH", "HAVING", "IF", "IGNORE", "IN", "INNER",
        "INTERSECT",
        "INTERVAL", "INTO", "IS", "JOIN", "LATERAL", "LEFT", "LIKE", "LIMIT", "LOOKUP", "MERGE", "NATURAL", "NEW",
        "NO", "NOT", "NULL", "NULLS", "OF", "ON", "OR", "ORDER", "OUTER", "OVER", "PARTITION", "PRECEDING",
        "PROTO",
        "QUALIFY", "RANGE", "RECURSIVE", "RESPECT", "RIGHT", "ROLLUP", "ROWS", "SELECT", "SET", "SOME", "STRUCT",
        "TABLESAMPLE", "THEN", "TO", "TREAT", "TRUE", "UNBOUNDED", "UNION", "UNNEST", "USING", "WHEN", "WHERE",
        "WINDOW", "WITH", "WITHIN",
    ]
}
