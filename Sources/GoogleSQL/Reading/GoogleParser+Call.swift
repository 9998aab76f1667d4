extension GoogleParser {
    /// The brackets behind a function's name, and its window.
    mutating func wholeCall(_ name: String) throws -> Call {
        var call = Call(name: name)
        try expect(sign: "(")
        if take(sign: "*") {
            call.hasStar = true
        } else if !at(sign: ")") {
            call.isDistinct = take("DISTINCT")
            call.arguments = try list()
            if at("IGNORE") || at("RESPECT") {
                let isDefault = at("RESPECT")
                guard isDefault else { throw GoogleSQLError.unsupported("IGNORE NULLS", at: token.place) }
                advance()
                try expect("NULLS")
            }
            if at("HAVING") { throw GoogleSQLError.unsupported("HAVING MAX|MIN in a call", at: token.place) }
            if take("ORDER") {
                try expect("BY")
                call.order = try sortKeys()
            }
            if take("LIMIT") { call.limit = try expression() }
        }
        try expect(sign: ")")
        if take("OVER") { call.window = try window() }
        return call
    }

    private mutating func window() throws -> Window {
        guard take(sign: "(") else {
            throw GoogleSQLError.unsupported("A named window", "write it behind OVER", at: token.place)
        }
        var window = Window()
        if token.isName, !["PARTITION", "ROWS", "RANGE"].contains(token.keyword) {
            throw GoogleSQLError.unsupported("A named window", "write it behind OVER", at: token.place)
        }
        if take("PARTITION") {
            try expect("BY")
            window.partition = try list()
        }
        if take("ORDER") {
            try expect("BY")
            window.order = try sortKeys()
        }
        if at("ROWS") || at("RANGE") {
            let unit = token.keyword
            advance()
            window.frame = unit + " " + (try frame(isRange: unit == "RANGE"))
        }
        try expect(sign: ")")
        return window
    }

    private mutating func frame(isRange: Bool) throws -> String {
        guard take("BETWEEN") else { return try bound(isRange: isRange) }
        let low = try bound(isRange: isRange)
        try expect("AND")
        return "BETWEEN \(low) AND \(try bound(isRange: isRange))"
    }

    private mutating func bound(isRange: Bool) throws -> String {
        if take("CURRENT") {
            guard token.keyword == "ROW" else { throw unexpected("ROW") }
            advance()
            return "CURRENT ROW"
        }
        var word = "UNBOUNDED"
        if !take("UNBOUNDED") {
            guard token.kind == .integer, !isRange else {
                throw GoogleSQLError.unsupported(
                    "This bound of a window", "write a whole number of ROWS", at: token.place)
            }
            word = token.text
            advance()
        }
        guard at("PRECEDING") || at("FOLLOWING") else { throw unexpected("PRECEDING or FOLLOWING") }
        defer { advance() }
        return word + " " + token.keyword
    }
}
