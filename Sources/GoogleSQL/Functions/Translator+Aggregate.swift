/// Functions over the rows of a group or of a window.
enum AggregateRule {
    static let names: Set<String> = [
        "COUNT", "COUNTIF", "SUM", "AVG", "MIN", "MAX", "ANY_VALUE", "STRING_AGG", "ARRAY_AGG", "STDDEV",
        "STDDEV_SAMP", "STDDEV_POP", "VARIANCE", "VAR_SAMP", "VAR_POP", "APPROX_COUNT_DISTINCT", "LOGICAL_AND",
        "LOGICAL_OR",
    ]
    /// Those of windows alone.
    static let windows: Set<String> = [
        "ROW_NUMBER", "RANK", "DENSE_RANK", "PERCENT_RANK", "CUME_DIST", "NTILE", "LAG", "LEAD", "FIRST_VALUE",
        "LAST_VALUE", "NTH_VALUE",
    ]
}

extension Translator {
    func aggregate(_ call: Call, _ scope: Scope, _ place: Place) throws -> Piece {
        let pieces = try call.arguments.map { try expression($0, scope) }
        if call.window == nil, let nested = pieces.first(where: { $0.hasAggregate || $0.hasWindow }) {
            throw GoogleSQLError(.invalid, "Aggregations of aggregations are not allowed", at: nested.place)
        }
        guard call.order.isEmpty, call.limit == nil else {
            throw GoogleSQLError.unsupported("ORDER BY or LIMIT inside of \(call.name)", at: place)
        }
        var piece = try plain(call, pieces, place)
        if let window = call.window {
            guard !call.isDistinct else { throw GoogleSQLError.unsupported("DISTINCT with OVER", at: place) }
            return try windowed(piece, call.name, window, pieces, scope, place)
        }
        guard AggregateRule.names.contains(call.name) else {
            throw GoogleSQLError(
                .invalid, "Analytic function \(call.name) cannot be called without an OVER clause", at: place)
        }
        // What it is computed from is no longer a value of each row. Columns of queries around stay.
        piece.uses.removeAll { $0.scope == scope.number }
        piece.hasAggregate = true
        return piece
    }

    private func plain(_ call: Call, _ pieces: [Piece], _ place: Place) throws -> Piece {
        let name = call.name
        let distinct = call.isDistinct ? "DISTINCT " : ""
        func made(_ sql: String, _ type: DataType) -> Piece { Piece(sql, type, of: pieces, at: place) }
        func check(_ counts: ClosedRange<Int>, _ fits: Bool) throws {
            guard counts.contains(pieces.count), fits, !call.hasStar else {
                throw mismatch("function \(name)", pieces, place)
            }
        }
        let first = pieces.first
        let type = first?.type ?? .null
        let sql = first?.sql ?? ""
        switch name {
        case "COUNT":
            if call.hasStar { return made("count(*)", .int64) }
            try check(1...1, !call.isDistinct || type.isOrdered)
            return made("count(\(distinct)\(sql))", .int64)
        case "COUNTIF":
            try check(1...1, type == .bool && !call.isDistinct)
            return made("count(CASE WHEN \(sql) THEN 1 END)", .int64)
        case "APPROX_COUNT_DISTINCT":
            try check(1...1, type.isOrdered)
            return made("count(DISTINCT \(sql))", .int64)
        case "SUM":
            try check(1...1, type.isNumber)
            let sum = "sum(\(distinct)\(sql))"
            return made(isPostgres && type == .int64 ? "CAST(\(sum) AS bigint)" : sum, type)
        case "AVG":
            try check(1...1, type.isNumber)
            return made("avg(\(distinct)\(first.map(real) ?? ""))", .float64)
        case "MIN", "MAX", "ANY_VALUE":
            try check(1...1, type.isOrdered)
            guard isPostgres, type == .bool else { return made("\(name == "MIN" ? "min" : "max")(\(sql))", type) }
            return made("\(name == "MIN" ? "bool_and" : "bool_or")(\(sql))", type)
        case "LOGICAL_AND", "LOGICAL_OR":
            try check(1...1, type == .bool)
            let isAnd = name == "LOGICAL_AND"
            return made(
                isPostgres ? (isAnd ? "bool_and" : "bool_or") + "(\(sql))" : (isAnd ? "min" : "max") + "(\(sql))",
                .bool)
        case "STDDEV", "STDDEV_SAMP", "STDDEV_POP", "VARIANCE", "VAR_SAMP", "VAR_POP":
            try check(1...1, type.isNumber)
            let words = ["STDDEV_SAMP": "stddev", "VAR_SAMP": "variance"]
            return made("\(words[name] ?? name.lowercased())(\(distinct)\(first.map(real) ?? ""))", .float64)
        case "STRING_AGG":
            try check(1...2, pieces.allSatisfy(\.type.isText))
            let separator = pieces.count == 2 ? pieces[1].sql : try string(",", place)
            if isPostgres { return made("string_agg(\(distinct)\(sql), \(separator))", .string) }
            guard !call.isDistinct || separator == "','" else {
                throw GoogleSQLError.unsupported(
                    "STRING_AGG(DISTINCT …) with another separator than ','", at: place)
            }
            return made(
                call.isDistinct ? "group_concat(DISTINCT \(sql))" : "group_concat(\(sql), \(separator))", .string)
        case "ARRAY_AGG":
            try check(1...1, type.isOrdered && type != .null)
            return made(
                isPostgres ? "CAST(json_agg(\(distinct)\(sql)) AS text)" : "json_group_array(\(distinct)\(sql))",
                .array(type))
        case "ROW_NUMBER", "RANK", "DENSE_RANK":
            try check(0...0, true)
            return made("\(name.lowercased())()", .int64)
        case "PERCENT_RANK", "CUME_DIST":
            try check(0...0, true)
            return made("\(name.lowercased())()", .float64)
        case "NTILE":
            try check(1...1, type == .int64)
            return made(isPostgres ? "ntile(CAST(\(sql) AS integer))" : "ntile(\(sql))", .int64)
        case "LAG", "LEAD":
            try check(1...3, (pieces.count < 2 || pieces[1].type == .int64) && type.isOrdered)
            if pieces.count == 3 { _ = try common([pieces[0], pieces[2]], name, place) }
            var list = pieces.map(\.sql)
            if isPostgres, list.count > 1 { list[1] = "CAST(\(list[1]) AS integer)" }
            return made("\(name.lowercased())(\(list.joined(separator: ", ")))", type)
        case "FIRST_VALUE", "LAST_VALUE", "NTH_VALUE":
            try check(name == "NTH_VALUE" ? 2...2 : 1...1, true)
            var list = pieces.map(\.sql)
            if isPostgres, list.count > 1 { list[1] = "CAST(\(list[1]) AS integer)" }
            return made("\(name.lowercased())(\(list.joined(separator: ", ")))", type)
        default: throw GoogleSQLError.unsupported("The function \(name)", at: place)
        }
    }

    private func windowed(
        _ piece: Piece, _ name: String, _ window: Window, _ pieces: [Piece], _ scope: Scope, _ place: Place
    ) throws -> Piece {
        let partition = try window.partition.map { try expression($0, scope) }
        let order = try window.order.map { (try expression($0.expression, scope), $0) }
        if let wrong = partition.first(where: { !$0.type.isOrdered }) {
            throw GoogleSQLError(
                .invalid, "Partitioning by expressions of type \(wrong.type) is not allowed", at: wrong.place)
        }
        let needsOrder =
            AggregateRule.windows.contains(name)
            && !["ROW_NUMBER", "FIRST_VALUE", "LAST_VALUE", "NTH_VALUE"].contains(name)
        if needsOrder, order.isEmpty {
            throw GoogleSQLError(.invalid, "Window ORDER BY is required for analytic function \(name)", at: place)
        }
        var parts: [String] = []
        if !partition.isEmpty { parts.append("PARTITION BY " + partition.map(\.sql).joined(separator: ", ")) }
        if !order.isEmpty {
            parts.append("ORDER BY " + (try order.map { try sorted($0, $1, as: $0.sql) }.joined(separator: ", ")))
        }
        if !window.frame.isEmpty { parts.append(window.frame) }
        // A cast goes around the whole.
        let isCast = piece.sql.hasPrefix("CAST(sum(")
        let inner = isCast ? String(piece.sql.dropFirst(5).dropLast(" AS bigint)".count)) : piece.sql
        let sql = "\(inner) OVER (\(parts.joined(separator: " ")))"
        var windowed = Piece(
            isCast ? "CAST(\(sql) AS bigint)" : sql, piece.type, of: pieces + partition + order.map(\.0), at: place
        )
        windowed.hasWindow = true
        return windowed
    }
}
