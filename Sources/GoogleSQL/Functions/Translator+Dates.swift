import Warehouse

extension Translator {
    private static let moves: Set<String> = ["DAY", "WEEK", "MONTH", "QUARTER", "YEAR"]
    private static let spans: Set<String> = ["DAY", "WEEK", "ISOWEEK", "MONTH", "QUARTER", "YEAR"]
    private static let parts: Set<String> = [
        "DAY", "DAYOFWEEK", "DAYOFYEAR", "MONTH", "QUARTER", "YEAR", "ISOYEAR", "ISOWEEK",
    ]
    private static let clockParts: Set<String> = ["HOUR", "MINUTE", "SECOND"]

    /// Functions with a part of a date among their arguments; nil for any other.
    func dated(_ call: Call, _ scope: Scope, _ place: Place) throws -> Piece? {
        func part(_ index: Int, of words: Set<String>) throws -> String {
            guard index < call.arguments.count, case .name(let path) = call.arguments[index].form, path.count == 1
            else {
                throw GoogleSQLError(.invalid, "\(call.name) expects a date part", at: place)
            }
            let word = path[0].uppercased()
            guard words.contains(word) else {
                throw GoogleSQLError.unsupported(
                    "The part \(word) in \(call.name)", at: call.arguments[index].place)
            }
            return word
        }
        switch call.name {
        case "DATE_ADD", "DATE_SUB":
            guard call.arguments.count == 2, case .interval(let amount, let word) = call.arguments[1].form else {
                throw GoogleSQLError(.invalid, "\(call.name) expects a date and an INTERVAL", at: place)
            }
            return try moved(
                try expression(call.arguments[0], scope), amount, word, isBack: call.name == "DATE_SUB", scope,
                place)
        case "DATE_DIFF":
            guard call.arguments.count == 3 else { throw mismatch("function DATE_DIFF", [], place) }
            let word = try part(2, of: Self.spans)
            let pieces = try call.arguments.prefix(2).map { try expression($0, scope) }
            let dates = try pieces.map { try asDate($0, call.name) }
            return Piece("lightbox_date_diff(\(dates[0]), \(dates[1]), '\(word)')", .int64, of: pieces, at: place)
        case "DATE_TRUNC":
            guard call.arguments.count == 2 else { throw mismatch("function DATE_TRUNC", [], place) }
            let word = try part(1, of: Self.spans)
            let piece = try expression(call.arguments[0], scope)
            return Piece(
                text("lightbox_date_trunc(\(try asDate(piece, call.name)), '\(word)')"), .date, of: [piece],
                at: place)
        default: return nil
        }
    }

    private func asDate(_ piece: Piece, _ name: String) throws -> String {
        guard piece.type.isTime || piece.type.isText, piece.type != .timestamp else {
            throw mismatch("function \(name)", [piece], piece.place)
        }
        return date(piece)
    }

    /// A date with an interval added.
    func moved(
        _ piece: Piece, _ amount: Expression, _ word: String, isBack: Bool, _ scope: Scope, _ place: Place
    ) throws -> Piece {
        let count = try expression(amount, scope)
        guard count.type == .int64 else { throw mismatch("INTERVAL", [count], place) }
        guard Self.moves.contains(word) else { throw GoogleSQLError.unsupported("INTERVAL … \(word)", at: place) }
        let sql =
            "lightbox_date_add(\(try asDate(piece, "DATE_ADD")), \(isBack ? "- " : "")\(count.sql), '\(word)')"
        return Piece(text(sql), .date, of: [piece, count], at: place)
    }

    func extracted(_ part: String, _ piece: Piece, _ place: Place) throws -> Piece {
        guard piece.type.isTime || piece.type.isText else { throw mismatch("function EXTRACT", [piece], place) }
        if Self.clockParts.contains(part), piece.type == .timestamp || piece.type == .datetime {
            let start = ["HOUR": 12, "MINUTE": 15, "SECOND": 18][part] ?? 12
            let type = isPostgres ? "bigint" : "INTEGER"
            return Piece("CAST(substr(\(piece.sql), \(start), 2) AS \(type))", .int64, of: [piece], at: place)
        }
        guard Self.parts.contains(part) else { throw GoogleSQLError.unsupported("EXTRACT(\(part) …)", at: place) }
        return Piece("lightbox_date_part(\(date(piece)), '\(part)')", .int64, of: [piece], at: place)
    }
}

extension CivilTime {
    /// A text in the one form that values of a type have; nil for a text that is none.
    static func canonical(_ text: String, _ type: DataType) -> String? { canonical(text, as: type.description) }
}
