extension GoogleParser {
    /// Operators between two values, the weakest at the end of the list below; a chain of one level has its length bounded,
    /// since it becomes as deep a tree.
    private static let mostOperators = 500

    mutating func list() throws -> [Expression] {
        var list: [Expression] = []
        repeat { list.append(try expression()) } while take(sign: ",")
        return list
    }

    mutating func expression() throws -> Expression {
        try nested { parser in try parser.disjunction() }
    }

    private mutating func disjunction() throws -> Expression {
        let place = token.place
        var terms = [try conjunction()]
        while take("OR") { terms.append(try conjunction()) }
        return terms.count == 1 ? terms[0] : Expression(form: .chain(isAnd: false, terms), place: place)
    }

    private mutating func conjunction() throws -> Expression {
        let place = token.place
        var terms = [try negation()]
        while take("AND") { terms.append(try negation()) }
        return terms.count == 1 ? terms[0] : Expression(form: .chain(isAnd: true, terms), place: place)
    }

    private mutating func negation() throws -> Expression {
        let place = token.place
        guard take("NOT") else { return try comparison() }
        return Expression(form: .unary("NOT", try nested { parser in try parser.negation() }), place: place)
    }

    private mutating func comparison() throws -> Expression {
        var left = try arithmetic(0)
        var count = 0
        while true {
            let place = token.place
            if token.kind == .sign, ["=", "<", ">", "<=", ">=", "<>", "!="].contains(token.text) {
                let sign = token.text == "!=" ? "<>" : token.text
                advance()
                left = Expression(form: .binary(sign, left, try arithmetic(0)), place: place)
            } else if take("IS") {
                left = Expression(form: try state(of: left), place: place)
            } else {
                let isNegated = at("NOT") && ["IN", "LIKE", "BETWEEN"].contains(peek().keyword)
                if isNegated { advance() }
                guard let form = try membership(of: left, isNegated: isNegated) else { return left }
                left = Expression(form: form, place: place)
            }
            count += 1
            guard count <= Self.mostOperators else {
                throw GoogleSQLError.unsupported("So long a chain", at: place)
            }
        }
    }

    private mutating func state(of value: Expression) throws -> Expression.Form {
        let isNegated = take("NOT")
        if take("DISTINCT") {
            try expect("FROM")
            return .isDistinct(value, try arithmetic(0), isNegated: isNegated)
        }
        guard ["NULL", "TRUE", "FALSE"].contains(token.keyword) else { throw unexpected("NULL, TRUE or FALSE") }
        let word = token.keyword
        advance()
        return .isState(value, word, isNegated: isNegated)
    }

    private mutating func membership(of value: Expression, isNegated: Bool) throws -> Expression.Form? {
        if take("BETWEEN") {
            let low = try arithmetic(0)
            try expect("AND")
            return .between(value, low, try arithmetic(0), isNegated: isNegated)
        }
        if take("LIKE") {
            if ["ANY", "ALL", "SOME"].contains(token.keyword) {
                throw GoogleSQLError.unsupported("LIKE \(token.keyword)", at: token.place)
            }
            return .like(value, try arithmetic(0), isNegated: isNegated)
        }
        guard take("IN") else { return nil }
        if take("UNNEST") {
            try expect(sign: "(")
            let array = try expression()
            try expect(sign: ")")
            return .inArray(value, array, isNegated: isNegated)
        }
        try expect(sign: "(")
        defer { _ = take(sign: ")") }
        if ["SELECT", "WITH"].contains(token.keyword) {
            let query = try query()
            guard at(sign: ")") else { throw unexpected("\")\"") }
            return .inQuery(value, query, isNegated: isNegated)
        }
        let list = try list()
        guard at(sign: ")") else { throw unexpected("\")\"") }
        return .inList(value, list, isNegated: isNegated)
    }

    /// From the weakest to the strongest.
    private static let levels: [Set<String>] = [
        ["|"], ["^"], ["&"], ["<<", ">>"], ["+", "-"], ["*", "/", "||"],
    ]

    private mutating func arithmetic(_ level: Int) throws -> Expression {
        guard level < Self.levels.count else { return try unary() }
        var left = try arithmetic(level + 1)
        var count = 0
        while token.kind == .sign, Self.levels[level].contains(token.text) {
            let (sign, place) = (token.text, token.place)
            advance()
            left = Expression(form: .binary(sign, left, try arithmetic(level + 1)), place: place)
            count += 1
            guard count <= Self.mostOperators else {
                throw GoogleSQLError.unsupported("So long a chain", at: place)
            }
        }
        return left
    }

    private mutating func unary() throws -> Expression {
        let place = token.place
        guard token.kind == .sign, ["-", "+", "~"].contains(token.text) else { return try postfix() }
        let sign = token.text
        advance()
        // The smallest whole number has no positive one to be taken from.
        if sign == "-", token.kind == .integer {
            let digits = token.text
            if Int64(digits) == nil, Int64("-" + digits) != nil {
                advance()
                return Expression(form: .integer("-" + digits), place: place)
            }
        }
        let value = try nested { parser in try parser.unary() }
        return sign == "+" ? value : Expression(form: .unary(sign, value), place: place)
    }

    private mutating func postfix() throws -> Expression {
        var value = try primary()
        var count = 0
        while at(sign: "[") {
            let place = token.place
            advance()
            var word = ""
            if ["OFFSET", "ORDINAL", "SAFE_OFFSET", "SAFE_ORDINAL"].contains(token.keyword), peek().text == "(" {
                word = token.keyword
                advance()
                advance()
            }
            let index = try expression()
            if !word.isEmpty { try expect(sign: ")") }
            try expect(sign: "]")
            value = Expression(form: .element(value, word, index), place: place)
            count += 1
            guard count <= 32 else { throw GoogleSQLError.unsupported("So long a chain", at: place) }
        }
        if at(sign: ".") { throw GoogleSQLError.unsupported("A field of a value", at: token.place) }
        return value
    }

    private mutating func primary() throws -> Expression {
        let start = token
        func made(_ form: Expression.Form) -> Expression { Expression(form: form, place: start.place) }
        switch start.kind {
        case .integer:
            advance()
            guard Int64(start.text) != nil else {
                throw GoogleSQLError(
                    .invalid, "Invalid integer literal: \(start.text.prefix(40))", at: start.place)
            }
            return made(.integer(start.text))
        case .real:
            advance()
            return made(.real(start.text))
        case .string:
            // Strings that stand beside each other are one.
            var text = start.text
            advance()
            while token.kind == .string, token.range.lowerBound > start.range.upperBound {
                text += token.text
                advance()
            }
            return made(.string(text))
        case .bytes: throw GoogleSQLError.unsupported("BYTES", at: start.place)
        case .namedParameter:
            advance()
            return made(.named(start.text))
        case .positionalParameter:
            advance()
            positionals += 1
            return made(.positional(positionals - 1))
        case .sign where start.text == "(": return try bracketed(start)
        case .sign where start.text == "[": return try array(start)
        case .word: return try word(start)
        case .quotedName: return try path(start)
        case .sign, .end: throw unexpected("an expression")
        }
    }

    private mutating func bracketed(_ start: GoogleToken) throws -> Expression {
        let isQuery = isQuery(at: index)
        advance()
        if isQuery {
            let query = try query()
            try expect(sign: ")")
            return Expression(form: .query(query), place: start.place)
        }
        let value = try expression()
        if at(sign: ",") { throw GoogleSQLError.unsupported("A STRUCT", at: start.place) }
        try expect(sign: ")")
        return value
    }

    private mutating func array(_ start: GoogleToken) throws -> Expression {
        try expect(sign: "[")
        let values = at(sign: "]") ? [] : try list()
        try expect(sign: "]")
        return Expression(form: .array(values), place: start.place)
    }

    private mutating func word(_ start: GoogleToken) throws -> Expression {
        func made(_ form: Expression.Form) -> Expression { Expression(form: form, place: start.place) }
        switch start.keyword {
        case "NULL":
            advance()
            return made(.null)
        case "TRUE", "FALSE":
            advance()
            return made(.bool(start.keyword == "TRUE"))
        case "CASE": return made(try branches())
        case "CAST": return made(try cast())
        case "SAFE_CAST" where peek().text == "(": return made(try cast())
        case "EXISTS":
            advance()
            try expect(sign: "(")
            let query = try query()
            try expect(sign: ")")
            return made(.exists(query))
        case "EXTRACT": return made(try extract())
        case "INTERVAL":
            advance()
            let value = try expression()
            let part = token.keyword
            guard token.kind == .word else { throw unexpected("a date part") }
            advance()
            return made(.interval(value, part))
        case "ARRAY":
            advance()
            if at(sign: "<") {
                advance()
                _ = try name()
                try expect(sign: ">")
            } else if at(sign: "(") {
                throw GoogleSQLError.unsupported("ARRAY(SELECT …)", at: start.place)
            }
            return try array(start)
        case "STRUCT": throw GoogleSQLError.unsupported("STRUCT", at: start.place)
        case "DATE", "TIMESTAMP", "DATETIME", "TIME", "JSON", "NUMERIC", "BIGNUMERIC", "DECIMAL":
            if peek().kind == .string {
                advance()
                defer { advance() }
                return made(.typed(start.keyword, token.text))
            }
        default: break
        }
        let isCall = peek().kind == .sign && peek().text == "("
        guard start.isName || isCall && ["IF", "LEFT", "RIGHT", "GROUPING"].contains(start.keyword) else {
            throw unexpected("an expression")
        }
        return try path(start)
    }

    /// A column, or a function's call.
    private mutating func path(_ start: GoogleToken) throws -> Expression {
        var parts = [start.text]
        advance()
        while at(sign: "."), peek().kind == .word || peek().kind == .quotedName {
            advance()
            parts.append(token.text)
            advance()
        }
        guard at(sign: "("), start.kind == .word else {
            return Expression(form: .name(parts), place: start.place)
        }
        let call = try call(parts.map { $0.uppercased() }.joined(separator: "."))
        return Expression(form: .call(call), place: start.place)
    }

    private mutating func call(_ name: String) throws -> Call { try nested { try $0.wholeCall(name) } }

    private mutating func branches() throws -> Expression.Form {
        try expect("CASE")
        let operand = at("WHEN") ? nil : try expression()
        var whens: [(condition: Expression, value: Expression)] = []
        while take("WHEN") {
            let condition = try expression()
            try expect("THEN")
            whens.append((condition, try expression()))
        }
        guard !whens.isEmpty else { throw unexpected("keyword WHEN") }
        let other = take("ELSE") ? try expression() : nil
        try expect("END")
        return .branches(operand, whens, other)
    }

    private mutating func cast() throws -> Expression.Form {
        let isSafe = token.keyword == "SAFE_CAST"
        advance()
        try expect(sign: "(")
        let value = try expression()
        try expect("AS")
        let type = try typeName()
        if at("FORMAT") { throw GoogleSQLError.unsupported("CAST … FORMAT", at: token.place) }
        try expect(sign: ")")
        return .cast(value, type, isSafe: isSafe)
    }

    private mutating func typeName() throws -> TypeName {
        let place = token.place
        guard token.kind == .word else { throw unexpected("a type") }
        var type = TypeName(word: token.keyword, place: place)
        advance()
        if type.word == "ARRAY", take(sign: "<") {
            type.element = token.keyword
            advance()
            try expect(sign: ">")
        }
        if at(sign: "(") { throw GoogleSQLError.unsupported("A type with a length", at: place) }
        return type
    }

    private mutating func extract() throws -> Expression.Form {
        advance()
        try expect(sign: "(")
        let part = token.keyword
        guard token.kind == .word else { throw unexpected("a date part") }
        advance()
        if at(sign: "(") { throw GoogleSQLError.unsupported("WEEK(…)", at: token.place) }
        try expect("FROM")
        let value = try expression()
        if at("AT") { throw GoogleSQLError.unsupported("AT TIME ZONE", "times are UTC", at: token.place) }
        try expect(sign: ")")
        return .extract(part: part, value)
    }
}
