/// Names and texts as SQL takes them whatever their characters.
enum SQLText {
    static func name(_ name: some CustomStringConvertible) -> String {
        "\"" + name.description.replacing("\"", with: "\"\"") + "\""
    }

    /// An expression as a text, which only SQLite takes it for without being told.
    static func word(_ expression: String) -> String { "CAST(\(expression) AS TEXT)" }

    static func text(_ text: String) -> String { "'" + text.replacing("'", with: "''") + "'" }
}
