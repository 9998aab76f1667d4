import LightboxCore

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
        NearestName.of(name, among: names).map { " Is it '\($0)'?" } ?? ""
    }

    private static func list(_ names: [String]) -> String {
        names.prefix(40).joined(separator: ", ") + (names.count > 40 ? ", … (\(names.count))" : "")
    }
}
