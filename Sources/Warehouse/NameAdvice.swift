/// Words for a name that does not exist: what does, and which of them was probably meant.
enum NameAdvice {
    static func noTable(_ name: String, among tables: [String]) -> String {
        guard !tables.isEmpty else {
            return "There is no table '\(name)': the warehouse is empty. Load one first."
        }
        return "There is no table '\(name)'.\(guess(name, among: tables)) Tables: \(list(tables))."
    }

    static func noColumn(_ name: String, among columns: [String]) -> String {
        let column = name.split(separator: ".").last.map(String.init) ?? name
        return "There is no column '\(name)'.\(guess(column, among: columns)) Columns: \(list(columns))."
    }

    private static func guess(_ name: String, among names: [String]) -> String {
        let lowered = Array(name.lowercased())
        let nearest = names.map { ($0, distance(lowered, Array($0.lowercased()))) }.min { $0.1 < $1.1 }
        guard let nearest, nearest.1 <= max(1, name.count / 3) else { return "" }
        return " Is it '\(nearest.0)'?"
    }

    private static func list(_ names: [String]) -> String {
        names.prefix(40).joined(separator: ", ") + (names.count > 40 ? ", … (\(names.count))" : "")
    }

    /// How many characters to add, drop or change (Levenshtein).
    private static func distance(_ a: [Character], _ b: [Character]) -> Int {
        var previous = Array(0...b.count)
        for (row, character) in a.enumerated() {
            var current = [row + 1]
            for (column, other) in b.enumerated() {
                let change = previous[column] + (character == other ? 0 : 1)
                current.append(min(change, previous[column + 1] + 1, current[column] + 1))
            }
            previous = current
        }
        return previous[b.count]
    }
}
