/// Names and texts as SQL takes them whatever their characters.
enum SQLText {
    static func name(_ name: some CustomStringConvertible) -> String {
        "\"" + name.description.replacing("\"", with: "\"\"") + "\""
    }

    static func text(_ text: String) -> String { "'" + text.replacing("'", with: "''") + "'" }
}
