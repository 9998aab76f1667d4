extension Translator {
    func call(_ call: Call, _ scope: Scope, _ place: Place) throws -> Piece {
        let name = call.name
        if AggregateRule.names.contains(name) || AggregateRule.windows.contains(name) {
            return try aggregate(call, scope, place)
        }
        guard call.window == nil, !call.isDistinct, call.order.isEmpty, call.limit == nil, !call.hasStar else {
            throw GoogleSQLError.unsupported("\(name) with DISTINCT, ORDER BY, LIMIT, * or OVER", at: place)
        }
        if let piece = try special(call, scope, place) { return piece }
        let pieces = try call.arguments.map { try expression($0, scope) }
        if let piece = try ruled(name, pieces, place) { return piece }
        throw GoogleSQLError(
            FunctionNames.known.contains(name) || name.hasPrefix("SAFE.") ? .unsupported : .invalid,
            FunctionNames.known.contains(name) || name.hasPrefix("SAFE.")
                ? "The function \(name) is not run by this warehouse" : "Function not found: \(name)", at: place)
    }

    /// Functions whose arguments are no plain values, or are as many as one likes.
    private func special(_ call: Call, _ scope: Scope, _ place: Place) throws -> Piece? {
        func arguments(_ counts: ClosedRange<Int>) throws -> [Piece] {
            guard counts.contains(call.arguments.count) else {
                throw mismatch(
                    "function \(call.name)", try call.arguments.map { try expression($0, scope) }, place)
            }
            return try call.arguments.map { try expression($0, scope) }
        }
        switch call.name {
        case "IF":
            let pieces = try arguments(3...3)
            let type = try common(Array(pieces.dropFirst()), "IF", place)
            let sql = "CASE WHEN \(try truth(pieces[0]).sql) THEN \(pieces[1].sql) ELSE \(pieces[2].sql) END"
            return Piece(sql, type, of: pieces, at: place)
        case "IFNULL", "COALESCE":
            let pieces = try arguments(call.name == "IFNULL" ? 2...2 : 1...200)
            let type = try common(pieces, call.name, place)
            let sql =
                pieces.count == 1 ? pieces[0].sql : "COALESCE(\(pieces.map(\.sql).joined(separator: ", ")))"
            return Piece(sql, type, of: pieces, at: place)
        case "NULLIF":
            let pieces = try arguments(2...2)
            let (one, two) = try comparable(pieces[0], pieces[1], "=", place)
            return Piece("NULLIF(\(one.sql), \(two.sql))", one.type, of: pieces, at: place)
        case "GREATEST", "LEAST":
            return try extreme(call.name == "GREATEST", try arguments(1...200), place)
        case "CONCAT":
            let pieces = try arguments(1...200)
            guard pieces.allSatisfy(\.type.isText) else { throw mismatch("function CONCAT", pieces, place) }
            return Piece("(\(pieces.map(\.sql).joined(separator: " || ")))", .string, of: pieces, at: place)
        case "REGEXP_CONTAINS", "REGEXP_EXTRACT", "REGEXP_SUBSTR", "REGEXP_REPLACE":
            return try matched(call.name, try arguments(call.name == "REGEXP_REPLACE" ? 3...3 : 2...2), place)
        case "FORMAT": return try formatted(try arguments(1...50), place)
        case "SPLIT":
            throw GoogleSQLError.unsupported("SPLIT without an index", "write SPLIT(…)[OFFSET(0)]", at: place)
        case "IS_NAN", "IS_INF":
            let pieces = try arguments(1...1)
            guard pieces[0].type.isNumber else { throw mismatch("function \(call.name)", pieces, place) }
            let value = real(pieces[0])
            let sql =
                call.name == "IS_INF"
                ? "(abs(\(value)) = \(isPostgres ? "CAST('Infinity' AS double precision)" : "9e999"))"
                : isPostgres ? "(\(value) = CAST('NaN' AS double precision))" : "(\(value) <> \(value))"
            return Piece(sql, .bool, of: pieces, at: place)
        case "JSON_VALUE", "JSON_EXTRACT_SCALAR":
            let pieces = try arguments(1...2)
            guard pieces[0].type == .json || pieces[0].type.isText else {
                throw mismatch("function \(call.name)", pieces, place)
            }
            return try jsonText(pieces[0], JSONPath.steps(of: pieces.dropFirst().first, place), place)
        case "TO_JSON_STRING":
            let pieces = try arguments(1...1)
            guard pieces[0].type == .json else {
                throw GoogleSQLError.unsupported("TO_JSON_STRING of anything but JSON", at: place)
            }
            return Piece(text("CAST(\(pieces[0].sql) AS TEXT)"), .string, of: pieces, at: place)
        case "DATE", "TIMESTAMP", "DATETIME":
            guard call.arguments.count == 1, let type = DataType(call.name) else { return nil }
            let pieces = try arguments(1...1)
            guard let sql = conversion(of: pieces[0], to: type) else {
                throw mismatch("function \(call.name)", pieces, place)
            }
            return Piece(sql, type, of: pieces, at: place)
        default: return try dated(call, scope, place)
        }
    }

    /// With NULL for any argument that is.
    private func extreme(_ isGreatest: Bool, _ pieces: [Piece], _ place: Place) throws -> Piece {
        let type = try common(pieces, isGreatest ? "GREATEST" : "LEAST", place)
        guard type.isOrdered else { throw mismatch(isGreatest ? "GREATEST" : "LEAST", pieces, place) }
        let list = pieces.map(\.sql).joined(separator: ", ")
        guard pieces.count > 1 else { return pieces[0] }
        guard isPostgres else {
            return Piece("\(isGreatest ? "max" : "min")(\(list))", type, of: pieces, at: place)
        }
        let anyNull = pieces.map { "\($0.sql) IS NULL" }.joined(separator: " OR ")
        let sql = "CASE WHEN \(anyNull) THEN NULL ELSE \(isGreatest ? "GREATEST" : "LEAST")(\(list)) END"
        return Piece(sql, type, of: pieces, at: place)
    }

    /// `FORMAT('%s: %d', a, b)`: the format is written out, and is put together from its pieces.
    private func formatted(_ pieces: [Piece], _ place: Place) throws -> Piece {
        guard case .string(let format)? = pieces[0].literal else {
            throw GoogleSQLError.unsupported("FORMAT with a format that is not written out", at: place)
        }
        var (parts, plain, rest): ([String], String, Substring) = ([], "", format[...])
        var values = pieces.dropFirst()
        func end() throws {
            if !plain.isEmpty { parts.append(try string(plain, place)) }
            plain = ""
        }
        while let character = rest.popFirst() {
            guard character == "%" else {
                plain.append(character)
                continue
            }
            let flags = rest.prefix { "0123456789.".contains($0) }
            rest = rest.dropFirst(flags.count)
            guard let letter = rest.popFirst() else { throw mismatch("function FORMAT", pieces, place) }
            if letter == "%", flags.isEmpty {
                plain.append("%")
                continue
            }
            try end()
            guard let value = values.popFirst() else { throw mismatch("function FORMAT", pieces, place) }
            switch (letter, value.type, flags.isEmpty) {
            case ("s", .string, true): parts.append(value.sql)
            case ("d", .int64, _), ("i", .int64, _):
                guard flags.isEmpty || !isPostgres, !flags.contains(".") else {
                    throw GoogleSQLError.unsupported("%\(flags)\(letter) in FORMAT", at: place)
                }
                parts.append(
                    flags.isEmpty
                        ? conversion(of: value, to: .string) ?? "" : "printf('%\(flags)lld', \(value.sql))")
            case ("f", .float64, _), ("f", .int64, _), ("g", .float64, _), ("e", .float64, _):
                guard !isPostgres else {
                    throw GoogleSQLError.unsupported("%\(flags)\(letter) in FORMAT", "write ROUND(…)", at: place)
                }
                parts.append("printf('%\(flags)\(letter)', \(real(value)))")
            case ("t", .int64, true), ("t", .string, true), ("t", .bool, true), ("t", .date, true):
                parts.append(conversion(of: value, to: .string) ?? value.sql)
            default: throw GoogleSQLError.unsupported("%\(flags)\(letter) of \(value.type) in FORMAT", at: place)
            }
        }
        try end()
        guard values.isEmpty else { throw mismatch("function FORMAT", pieces, place) }
        let sql = parts.isEmpty ? try string("", place) : "(\(parts.joined(separator: " || ")))"
        return Piece(sql, .string, of: pieces, at: place)
    }

    /// `SPLIT(text, ',')[OFFSET(1)]`
    func split(
        _ call: Call, at start: String, isSafe: Bool, _ position: Piece, _ scope: Scope, _ place: Place
    ) throws -> Piece {
        var pieces = try call.arguments.map { try expression($0, scope) }
        if pieces.count == 1 { pieces.append(Piece(try string(",", place), .string, at: place)) }
        guard pieces.count == 2, pieces.allSatisfy(\.type.isText) else {
            throw mismatch("function SPLIT", pieces, place)
        }
        let safe = isPostgres ? (isSafe ? "TRUE" : "FALSE") : (isSafe ? "1" : "0")
        let sql = "lightbox_split_at(\(pieces[0].sql), \(pieces[1].sql), \(start), \(safe))"
        return Piece(sql, .string, of: pieces + [position], at: place)
    }
}
