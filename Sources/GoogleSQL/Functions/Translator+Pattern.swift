import Warehouse

extension Translator {
    /// Regular expressions: RE2's on SQLite; on PostgreSQL those whose matches its own matcher finds, too.
    func matched(_ name: String, _ pieces: [Piece], _ place: Place) throws -> Piece {
        guard pieces.allSatisfy(\.type.isText) else { throw mismatch("function \(name)", pieces, place) }
        let word = ["REGEXP_CONTAINS": "contains", "REGEXP_REPLACE": "replace"][name] ?? "extract"
        let type = word == "contains" ? DataType.bool : .string
        let pattern = try writtenText(pieces[1]).map { text in
            do { return try LinearPattern(text) } catch let problem as LinearPattern.Problem {
                throw GoogleSQLError(
                    .invalid, "Cannot parse regular expression: \(problem.words)", at: pieces[1].place)
            }
        }
        if word == "extract", let pattern, pattern.groups > 1 {
            throw GoogleSQLError(
                .invalid, "Regular expression has more than one capturing group", at: pieces[1].place)
        }
        guard isPostgres else {
            let list = pieces.map(\.sql).joined(separator: ", ")
            return Piece("lightbox_regexp_\(word)(\(list))", type, of: pieces, at: place)
        }
        guard let own = pattern?.root.postgres(isTest: word == "contains") else {
            throw GoogleSQLError.unsupported(
                "This regular expression on PostgreSQL",
                "without alternatives, lazy or repeated groups and word borders it is", at: pieces[1].place)
        }
        let quoted = try string(own, place)
        switch word {
        case "contains": return Piece("(\(pieces[0].sql) ~ \(quoted))", type, of: pieces, at: place)
        case "extract": return Piece("substring(\(pieces[0].sql), \(quoted))", type, of: pieces, at: place)
        default:
            guard let rewrite = try writtenText(pieces[2]) else {
                throw GoogleSQLError.unsupported("A replacement that is not written out on PostgreSQL", at: place)
            }
            let text = try string(rewrite.replacing("\\0", with: "\\&"), place)
            return Piece("regexp_replace(\(pieces[0].sql), \(quoted), \(text), 'g')", type, of: pieces, at: place)
        }
    }

    /// A text that is known before the query runs: a literal, or a parameter.
    func writtenText(_ piece: Piece) throws -> String? {
        switch piece.literal {
        case .string(let text)?: return text
        case .named?, .positional?:
            guard let form = piece.literal else { return nil }
            let value = try parameterValue(Expression(form: form, place: piece.place)).value
            if case .text(let text)? = value.values.first { return text }
            return nil
        default: return nil
        }
    }
}
