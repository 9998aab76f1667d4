/// A condition on the items of a list: `jobId:census* AND state:FAILED`.
///
/// Terms `FIELD:PATTERN` or `FIELD=PATTERN` are joined by `AND`; `*` at the pattern's end stands for any rest. A
/// value may stand in double quotes. Letters of states count alike in either case.
struct CatalogFilter {
    struct Term {
        let field: String
        let pattern: String
        let isPrefix: Bool

        func matches(_ value: String) -> Bool {
            let (value, pattern) = field == "state" ? (value.lowercased(), pattern.lowercased()) : (value, pattern)
            return isPrefix ? value.hasPrefix(pattern) : value == pattern
        }
    }

    let terms: [Term]

    /// - Parameter fields: those that may be asked for, besides `labels.NAME`.
    init(_ text: String, fields: Set<String>) throws {
        var words = Self.words(text)[...]
        var terms: [Term] = []
        while let word = words.popFirst() {
            if word == "AND" {
                guard !terms.isEmpty, let next = words.first, next != "AND" else { throw Self.malformed }
                continue
            }
            let term = try Self.term(word)
            guard fields.contains(term.field) || term.field.hasPrefix("labels.") else {
                let known = fields.sorted().joined(separator: ", ")
                throw CatalogError(
                    .invalidArgument,
                    "The filter asks for a field that is not there. Fields: \(known), labels.NAME.")
            }
            terms.append(term)
        }
        self.terms = terms
    }

    /// - Parameter value: of a field; nil where the item has none.
    func accepts(_ value: (String) -> String?) -> Bool {
        terms.allSatisfy { term in value(term.field).map(term.matches) ?? false }
    }

    private static func term(_ word: String) throws -> Term {
        guard let sign = word.firstIndex(where: { $0 == ":" || $0 == "=" }) else { throw malformed }
        var pattern = word[word.index(after: sign)...]
        if pattern.count > 1, pattern.hasPrefix("\""), pattern.hasSuffix("\"") {
            pattern = pattern.dropFirst().dropLast()
        }
        let isPrefix = pattern.hasSuffix("*")
        if isPrefix { pattern = pattern.dropLast() }
        guard sign > word.startIndex, isPrefix || !pattern.isEmpty, !pattern.contains("*") else { throw malformed }
        return Term(field: camelCased(String(word[..<sign])), pattern: String(pattern), isPrefix: isPrefix)
    }

    /// Divided at spaces, except within quotes.
    private static func words(_ text: String) -> [String] {
        var isQuoted = false
        return text.split { character in
            if character == "\"" { isQuoted.toggle() }
            return character == " " && !isQuoted
        }.map(String.init)
    }

    private static let malformed = CatalogError(
        .invalidArgument, "The filter cannot be read. Write FIELD:VALUE terms joined by AND, as in state:FAILED.")
}

/// `default_version.name` as `defaultVersion.name`; a label's own name stays as it is.
package func camelCased(_ path: String) -> String {
    if path.hasPrefix("labels.") { return path }
    var isUpper = false
    var output = ""
    for character in path {
        if character == "_" {
            isUpper = true
        } else {
            output += isUpper ? character.uppercased() : String(character)
            isUpper = false
        }
    }
    return output
}
