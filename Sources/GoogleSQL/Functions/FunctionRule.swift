/// A function whose arguments go one by one into a text for each engine.
struct FunctionRule {
    enum Argument {
        case type(DataType)
        /// INT64 or FLOAT64, as it comes.
        case number
        /// Anything that can be sorted.
        case any
        /// A DATE; also a text of one, as tables keep dates.
        case date
        case vector
    }

    enum Result {
        case type(DataType)
        /// What the first argument is.
        case first
    }

    let names: [String]
    let arguments: [Argument]
    let result: Result
    /// `$1` and so on stand for the arguments.
    let sqlite: String
    let postgres: String

    init(
        _ names: String..., of arguments: [Argument], gives result: Result, _ sqlite: String,
        postgres: String? = nil
    ) {
        (self.names, self.arguments, self.result) = (names, arguments, result)
        self.sqlite = sqlite
        self.postgres = postgres ?? sqlite
    }

    static let byName: [String: [FunctionRule]] = {
        var rules: [String: [FunctionRule]] = [:]
        for rule in texts + numbers + others { for name in rule.names { rules[name, default: []].append(rule) } }
        return rules
    }()

    private static let text = Argument.type(.string)
    private static let whole = Argument.type(.int64)
    private static let real = Argument.type(.float64)

    private static let spaces = "char(9,10,11,12,13,32)"
    private static let postgresSpaces = "E' \\t\\n\\x0b\\x0c\\r'"

    private static let texts: [FunctionRule] = [
        .init(
            "LENGTH", "CHAR_LENGTH", "CHARACTER_LENGTH", of: [text], gives: .type(.int64), "length($1)",
            postgres: "CAST(length($1) AS bigint)"),
        .init(
            "BYTE_LENGTH", "OCTET_LENGTH", of: [text], gives: .type(.int64), "length(CAST($1 AS BLOB))",
            postgres: "CAST(octet_length($1) AS bigint)"),
        .init(
            "UPPER", of: [text], gives: .type(.string), "lightbox_upper($1)",
            postgres: "(upper($1 COLLATE \"default\") COLLATE \"C\")"),
        .init(
            "LOWER", of: [text], gives: .type(.string), "lightbox_lower($1)",
            postgres: "(lower($1 COLLATE \"default\") COLLATE \"C\")"),
        .init(
            "TRIM", of: [text], gives: .type(.string), "trim($1, \(spaces))",
            postgres: "btrim($1, \(postgresSpaces))"),
        .init(
            "LTRIM", of: [text], gives: .type(.string), "ltrim($1, \(spaces))",
            postgres: "ltrim($1, \(postgresSpaces))"),
        .init(
            "RTRIM", of: [text], gives: .type(.string), "rtrim($1, \(spaces))",
            postgres: "rtrim($1, \(postgresSpaces))"),
        .init("TRIM", of: [text, text], gives: .type(.string), "trim($1, $2)", postgres: "btrim($1, $2)"),
        .init("LTRIM", of: [text, text], gives: .type(.string), "ltrim($1, $2)"),
        .init("RTRIM", of: [text, text], gives: .type(.string), "rtrim($1, $2)"),
        .init("REVERSE", of: [text], gives: .type(.string), "lightbox_reverse($1)", postgres: "reverse($1)"),
        .init("REPLACE", of: [text, text, text], gives: .type(.string), "replace($1, $2, $3)"),
        .init("SUBSTR", "SUBSTRING", of: [text, whole], gives: .type(.string), "lightbox_substr($1, $2)"),
        .init(
            "SUBSTR", "SUBSTRING", of: [text, whole, whole], gives: .type(.string), "lightbox_substr($1, $2, $3)"),
        .init(
            "LEFT", of: [text, whole], gives: .type(.string), "lightbox_substr($1, 1, $2)",
            postgres: "lightbox_substr($1, CAST(1 AS bigint), $2)"),
        .init("RIGHT", of: [text, whole], gives: .type(.string), "lightbox_substr($1, - ($2), $2)"),
        .init(
            "STRPOS", "INSTR", of: [text, text], gives: .type(.int64), "instr($1, $2)",
            postgres: "CAST(strpos($1, $2) AS bigint)"),
        .init(
            "STARTS_WITH", of: [text, text], gives: .type(.bool), "lightbox_starts_with($1, $2)",
            postgres: "starts_with($1, $2)"),
        .init(
            "ENDS_WITH", of: [text, text], gives: .type(.bool), "lightbox_ends_with($1, $2)",
            postgres: "(right($1, length($2)) = $2)"),
        .init("FARM_FINGERPRINT", of: [text], gives: .type(.int64), "lightbox_fingerprint($1)"),
    ]

    private static let numbers: [FunctionRule] = [
        .init("ABS", of: [.number], gives: .first, "abs($1)"),
        .init("SIGN", of: [.number], gives: .first, "sign($1)", postgres: "lightbox_sign($1)"),
        .init("ROUND", of: [real], gives: .type(.float64), "lightbox_round($1, 0)"),
        .init("ROUND", of: [real, whole], gives: .type(.float64), "lightbox_round($1, $2)"),
        .init("FLOOR", of: [real], gives: .type(.float64), "floor($1)"),
        .init("CEIL", "CEILING", of: [real], gives: .type(.float64), "ceil($1)"),
        .init("TRUNC", of: [real], gives: .type(.float64), "trunc($1)"),
        .init("SQRT", of: [real], gives: .type(.float64), "lightbox_sqrt($1)", postgres: "sqrt($1)"),
        .init("EXP", of: [real], gives: .type(.float64), "lightbox_exp($1)", postgres: "exp($1)"),
        .init("LN", "LOG", of: [real], gives: .type(.float64), "lightbox_ln($1)", postgres: "ln($1)"),
        .init(
            "LOG10", of: [real], gives: .type(.float64), "(lightbox_ln($1) / 2.302585092994045684)",
            postgres: "(ln($1) / CAST('2.302585092994045684' AS double precision))"),
        .init(
            "LOG", of: [real, real], gives: .type(.float64), "lightbox_divide(lightbox_ln($1), lightbox_ln($2))",
            postgres: "(ln($1) / ln($2))"),
        .init(
            "POW", "POWER", of: [real, real], gives: .type(.float64), "lightbox_pow($1, $2)",
            postgres: "power($1, $2)"),
        .init("MOD", of: [whole, whole], gives: .type(.int64), "lightbox_mod($1, $2)", postgres: "mod($1, $2)"),
        .init("DIV", of: [whole, whole], gives: .type(.int64), "lightbox_div($1, $2)", postgres: "($1 / $2)"),
        .init("SAFE_DIVIDE", of: [real, real], gives: .type(.float64), "($1 / NULLIF($2, 0))"),
        .init(
            "IEEE_DIVIDE", of: [real, real], gives: .type(.float64), "lightbox_ieee_divide($1, $2)",
            postgres: "lightbox_ieee_divide($1, $2)"),
        .init("RAND", of: [], gives: .type(.float64), "lightbox_random()", postgres: "random()"),
        .init(
            "GENERATE_UUID", of: [], gives: .type(.string), "lightbox_uuid()",
            postgres: "(CAST(gen_random_uuid() AS text) COLLATE \"C\")"),
        .init("SIN", of: [real], gives: .type(.float64), "sin($1)"),
        .init("COS", of: [real], gives: .type(.float64), "cos($1)"),
        .init("TAN", of: [real], gives: .type(.float64), "tan($1)"),
        .init("ATAN", of: [real], gives: .type(.float64), "atan($1)"),
    ]

    private static let others: [FunctionRule] = [
        .init("ARRAY_LENGTH", of: [.vector], gives: .type(.int64), "vector_length($1)"),
        .init(
            "COSINE_DISTANCE", of: [.vector, .vector], gives: .type(.float64), "(1 - cosine_similarity($1, $2))"),
        .init("EUCLIDEAN_DISTANCE", of: [.vector, .vector], gives: .type(.float64), "l2_distance($1, $2)"),
        .init("COSINE_SIMILARITY", of: [.vector, .vector], gives: .type(.float64), "cosine_similarity($1, $2)"),
        .init("L2_DISTANCE", of: [.vector, .vector], gives: .type(.float64), "l2_distance($1, $2)"),
        .init("DOT", "DOT_PRODUCT", of: [.vector, .vector], gives: .type(.float64), "dot($1, $2)"),
        .init("CURRENT_DATE", of: [], gives: .type(.date), "date('now')", postgres: "lightbox_now('DATE')"),
        .init(
            "CURRENT_TIMESTAMP", of: [], gives: .type(.timestamp), "lightbox_now()",
            postgres: "lightbox_now('TIMESTAMP')"),
        .init(
            "CURRENT_DATETIME", of: [], gives: .type(.datetime), "lightbox_now()",
            postgres: "lightbox_now('TIMESTAMP')"),
        .init(
            "DATE", of: [whole, whole, whole], gives: .type(.date),
            "lightbox_to_time(printf('%04d-%02d-%02d', $1, $2, $3), 'DATE', 0)",
            postgres:
                "(CAST(make_date(CAST($1 AS integer), CAST($2 AS integer), CAST($3 AS integer)) AS text) COLLATE \"C\")"
        ),
        .init("FORMAT_DATE", of: [text, .date], gives: .type(.string), "lightbox_format_date($1, $2)"),
        .init("PARSE_DATE", of: [text, text], gives: .type(.date), "lightbox_parse_date($1, $2)"),
    ]
}

extension Translator {
    /// A call by one of the rules; nil when there is none of this name.
    func ruled(_ name: String, _ pieces: [Piece], _ place: Place) throws -> Piece? {
        guard let rules = FunctionRule.byName[name] else { return nil }
        for rule in rules where rule.arguments.count == pieces.count {
            guard let texts = fit(pieces, rule.arguments) else { continue }
            let type: DataType
            switch rule.result {
            case .type(let own): type = own
            case .first: type = pieces[0].type
            }
            let sql = Self.filled(isPostgres ? rule.postgres : rule.sqlite, with: texts)
            return Piece(sql, type, of: pieces, at: place)
        }
        throw mismatch("function \(name)", pieces, place)
    }

    private func fit(_ pieces: [Piece], _ arguments: [FunctionRule.Argument]) -> [String]? {
        var texts: [String] = []
        for (piece, argument) in zip(pieces, arguments) {
            switch argument {
            case .type(.float64) where piece.type.isNumber: texts.append(real(piece))
            case .type(let type) where piece.type == type: texts.append(piece.sql)
            case .type(let type) where piece.type == .null:
                texts.append(conversion(of: piece, to: type) ?? piece.sql)
            case .number where piece.type.isNumber: texts.append(piece.type == .null ? real(piece) : piece.sql)
            case .any where piece.type.isOrdered: texts.append(piece.sql)
            case .date where piece.type.isTime || piece.type == .string || piece.type == .null:
                texts.append(date(piece))
            case .vector where piece.type == .array(.float64): texts.append(piece.sql)
            default: return nil
            }
        }
        return texts
    }

    /// A value as a DATE: tables keep dates as texts.
    func date(_ piece: Piece) -> String {
        piece.type == .date ? piece.sql : conversion(of: piece, to: .date) ?? piece.sql
    }

    /// A `$` with a digit is a place; the texts that go in are not looked at again.
    private static func filled(_ template: String, with texts: [String]) -> String {
        var output = ""
        var rest = template[...]
        while let mark = rest.firstIndex(of: "$") {
            output += rest[..<mark]
            rest = rest[rest.index(after: mark)...]
            if let digit = rest.first?.wholeNumberValue, (1...texts.count).contains(digit) {
                output += texts[digit - 1]
                rest = rest.dropFirst()
            } else {
                output += "$"
            }
        }
        return output + rest
    }
}
