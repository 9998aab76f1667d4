/// A value of a ``TOMLDocument``.
enum TOMLValue: Equatable {
    case string(String)
    case integer(Int64)
    case real(Double)
    case boolean(Bool)
    case array([TOMLValue])

    /// What it is, for people.
    var type: String {
        switch self {
        case .string: "a text"
        case .integer: "a whole number"
        case .real: "a number"
        case .boolean: "true or false"
        case .array: "a list"
        }
    }
}

/// The part of TOML 1.0 that settings need: tables, dotted and quoted keys, texts of one line, numbers, booleans,
/// lists.
///
/// Dates, inline tables, arrays of tables and texts of several lines are refused with their line. Each entry keeps its
/// line, so that an error in a value's meaning can name it too, which libraries for TOML do not tell.
struct TOMLDocument: Equatable {
    struct Entry: Equatable {
        let path: [String]
        let value: TOMLValue
        /// From 1.
        let line: Int
    }

    struct Problem: Error, Equatable {
        let line: Int
        let text: String
    }

    /// In the order of the file.
    let entries: [Entry]

    static let largestFile = 1 << 20

    init(_ bytes: [UInt8]) throws(Problem) {
        guard bytes.count <= Self.largestFile else { throw Problem(line: 1, text: "The file is over 1 MiB.") }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw Problem(line: 1, text: "The file is not UTF-8.")
        }
        var scanner = TOMLScanner(text)
        var entries: [Entry] = []
        var table: [String] = []
        var tables: Set<[String]> = []
        var keys: Set<[String]> = []
        while !scanner.isAtEnd {
            scanner.skipBlank(lines: true)
            guard let next = scanner.peek else { break }
            let line = scanner.line
            if next == "[" {
                table = try scanner.header()
                guard tables.insert(table).inserted else {
                    throw Problem(line: line, text: "The table stands twice.")
                }
            } else {
                let path = table + (try scanner.key())
                try scanner.expect("=")
                let value = try scanner.value(depth: 0)
                guard keys.insert(path).inserted else { throw Problem(line: line, text: "The key stands twice.") }
                entries.append(Entry(path: path, value: value, line: line))
            }
            try scanner.endLine()
        }
        // A key may not be a value and a table at once.
        for path in keys.union(tables) {
            for length in 1..<max(1, path.count) where keys.contains(Array(path.prefix(length))) {
                let line = entries.first { $0.path == Array(path.prefix(length)) }?.line ?? 1
                throw Problem(line: line, text: "The key has a value and further keys below it.")
            }
        }
        for table in tables where keys.contains(table) {
            let line = entries.first { $0.path == table }?.line ?? 1
            throw Problem(line: line, text: "The key is a table elsewhere.")
        }
        self.entries = entries
    }
}
