import LightboxCore
import Warehouse

extension Translator {
    func literal(_ expression: Expression) throws -> Piece {
        let place = expression.place
        func made(_ sql: String, _ type: DataType) -> Piece {
            var piece = Piece(sql, type, at: place)
            piece.literal = expression.form
            return piece
        }
        switch expression.form {
        case .null: return made("NULL", .null)
        case .bool(let value): return made(value ? "TRUE" : "FALSE", .bool)
        case .integer(let digits):
            if isPostgres { return made("CAST('\(digits)' AS bigint)", .int64) }
            return made(digits.hasPrefix("-") ? "(\(digits))" : digits, .int64)
        case .real(let text):
            guard let number = Double(text), number.isFinite else {
                throw GoogleSQLError(.invalid, "Invalid floating point literal: \(text.prefix(40))", at: place)
            }
            return made(isPostgres ? "CAST('\(number)' AS double precision)" : "\(number)", .float64)
        case .string(let text): return made(try string(text, place), .string)
        case .typed(let word, let text):
            guard let type = DataType(word), type.isTime, let value = CivilTime.canonical(text, type) else {
                guard ["DATE", "TIMESTAMP", "DATETIME"].contains(word) else {
                    throw GoogleSQLError.unsupported("\(word) literals", at: place)
                }
                throw GoogleSQLError(.invalid, "Invalid \(word) literal", at: place)
            }
            return made(try string(value, place), type)
        default: preconditionFailure("no literal")
        }
    }

    /// A text as the engine takes it whatever is in it. PostgreSQL compares it by its bytes, as it does columns.
    func string(_ text: String, _ place: Place) throws -> String {
        guard !text.utf8.contains(0) else {
            throw GoogleSQLError.unsupported("A NUL character in a string", at: place)
        }
        let quoted = "'" + text.replacing("'", with: "''") + "'"
        guard isPostgres else { return quoted }
        let safe = text.contains("\\") ? "E" + quoted.replacing("\\", with: "\\\\") : quoted
        return "(\(safe) COLLATE \"C\")"
    }

    // MARK: Parameters

    func parameterValue(_ expression: Expression) throws -> (value: QueryParameters.Value, name: String?) {
        switch expression.form {
        case .named(let name):
            guard let value = parameters.named[name.lowercased()] else {
                throw GoogleSQLError(.invalid, "Query parameter '\(name)' not found", at: expression.place)
            }
            return (value, name.lowercased())
        case .positional(let index):
            guard index < parameters.positional.count else {
                throw GoogleSQLError(
                    .invalid, "Query parameter number \(index + 1) is not defined", at: expression.place)
            }
            return (parameters.positional[index], "?\(index)")
        default: preconditionFailure("no parameter")
        }
    }

    func parameter(_ expression: Expression) throws -> Piece {
        let (value, name) = try parameterValue(expression)
        if case .array = value.type {
            throw GoogleSQLError.unsupported(
                "An array parameter here", "write IN UNNEST(@name)", at: expression.place)
        }
        guard let first = value.values.first, value.values.count == 1 else {
            throw GoogleSQLError(.invalid, "Query parameter has no value", at: expression.place)
        }
        var sql = bind(first, value.type, named: name)
        if isPostgres, value.type.column == .text { sql = "(\(sql) COLLATE \"C\")" }
        var piece = Piece(sql, value.type, at: expression.place)
        piece.literal = expression.form
        return piece
    }

    // MARK: Types that go together

    func mismatch(_ what: String, _ pieces: [Piece], _ place: Place) -> GoogleSQLError {
        let types = pieces.map(\.type.description).joined(separator: ", ")
        return GoogleSQLError(
            .invalid, "No matching signature for \(what) for argument types: \(types)", at: place)
    }

    func truth(_ piece: Piece) throws -> Piece {
        guard piece.type == .bool || piece.type == .null else {
            throw GoogleSQLError(.invalid, "Expected a BOOL, but this is \(piece.type)", at: piece.place)
        }
        return piece
    }

    /// Two values as they can be compared: a string that is written beside a date becomes one.
    func comparable(_ left: Piece, _ right: Piece, _ sign: String, _ place: Place) throws -> (Piece, Piece) {
        let (one, two) = (try dated(left, beside: right), try dated(right, beside: left))
        guard let type = one.type.joined(with: two.type), type.isOrdered else {
            throw mismatch("operator \(sign)", [left, right], place)
        }
        return (one, two)
    }

    private func dated(_ piece: Piece, beside other: Piece) throws -> Piece {
        guard case .string(let text)? = piece.literal, other.type.isTime, piece.type == .string else {
            return piece
        }
        guard let value = CivilTime.canonical(text, other.type) else {
            throw GoogleSQLError(
                .invalid, "Could not cast literal \"\(text.prefix(40))\" to type \(other.type)", at: piece.place)
        }
        return Piece(try string(value, piece.place), other.type, at: piece.place)
    }

    // MARK: Operators

    func unary(_ sign: String, _ piece: Piece, _ place: Place) throws -> Piece {
        switch sign {
        case "NOT": return Piece("(NOT \(try truth(piece).sql))", .bool, of: [piece], at: place)
        case "-":
            guard piece.type.isNumber else { throw mismatch("operator -", [piece], place) }
            var negated = Piece("(- \(piece.sql))", piece.type, of: [piece], at: place)
            if case .integer(let digits)? = piece.literal { negated.literal = .integer("-" + digits) }
            return negated
        default:
            guard piece.type == .int64 else { throw mismatch("operator ~", [piece], place) }
            return Piece("(~ \(piece.sql))", .int64, of: [piece], at: place)
        }
    }

    func binary(_ sign: String, _ left: Piece, _ right: Piece, _ place: Place) throws -> Piece {
        let pair = [left, right]
        func made(_ sql: String, _ type: DataType) -> Piece { Piece(sql, type, of: pair, at: place) }
        switch sign {
        case "=", "<", ">", "<=", ">=", "<>":
            let (one, two) = try comparable(left, right, sign == "<>" ? "!=" : sign, place)
            return made("(\(one.sql) \(sign) \(two.sql))", .bool)
        case _ where left.type == .date && right.type == .int64 && (sign == "+" || sign == "-"):
            return made("lightbox_date_add(\(left.sql), \(sign == "-" ? "- " : "")\(right.sql), 'DAY')", .date)
        case "+", "-", "*":
            guard pair.allSatisfy(\.type.isNumber) else { throw mismatch("operator \(sign)", pair, place) }
            return made("(\(left.sql) \(sign) \(right.sql))", try common(pair, sign, place))
        case "/":
            guard pair.allSatisfy(\.type.isNumber) else { throw mismatch("operator /", pair, place) }
            return made(
                isPostgres ? "(\(real(left)) / \(real(right)))" : "lightbox_divide(\(left.sql), \(right.sql))",
                .float64)
        case "||":
            guard pair.allSatisfy(\.type.isText) else { throw mismatch("operator ||", pair, place) }
            return made("(\(left.sql) || \(right.sql))", .string)
        case "&", "|":
            guard pair.allSatisfy({ $0.type == .int64 }) else { throw mismatch("operator \(sign)", pair, place) }
            return made("(\(left.sql) \(sign) \(right.sql))", .int64)
        default: throw GoogleSQLError.unsupported("The operator \(sign)", at: place)
        }
    }

    /// A number as FLOAT64.
    func real(_ piece: Piece) -> String {
        piece.type == .float64 ? piece.sql : "CAST(\(piece.sql) AS \(isPostgres ? "double precision" : "REAL"))"
    }
}

/// The name that was probably meant.
enum NearestColumn {
    static func of(_ name: String, among names: [String]) -> String? { NearestName.of(name, among: names) }
}
