extension GoogleParser {
    mutating func query() throws -> Query {
        try nested { parser in try parser.wholeQuery() }
    }

    private mutating func wholeQuery() throws -> Query {
        let start = token.place
        let commons = try commons()
        var query = Query(commons: commons, body: try body(), place: start)
        if take("ORDER") {
            try expect("BY")
            query.order = try sortKeys()
        }
        if take("LIMIT") {
            query.limit = try expression()
            if take("OFFSET") { query.offset = try expression() }
        }
        if at("FOR") { throw GoogleSQLError.unsupported("FOR", at: token.place) }
        return query
    }

    private mutating func commons() throws -> [Query.Common] {
        guard take("WITH") else { return [] }
        if at("RECURSIVE") { throw GoogleSQLError.unsupported("WITH RECURSIVE", at: token.place) }
        var commons: [Query.Common] = []
        repeat {
            let place = token.place
            let name = try name()
            try expect("AS")
            try expect(sign: "(")
            commons.append(.init(name: name, query: try query(), place: place))
            try expect(sign: ")")
        } while take(sign: ",") && !at("SELECT")
        return commons
    }

    /// Selects with set operators between them: the same one, or brackets around others.
    private mutating func body() throws -> Query.Body {
        var bodies = [try part()]
        var operation: String?
        while let (next, place) = try setOperator() {
            guard operation == nil || operation == next else {
                throw GoogleSQLError.syntax(
                    "Different set operations cannot be used in the same query without using parentheses for grouping",
                    at: place)
            }
            operation = next
            bodies.append(try part())
        }
        return operation.map { .set($0, bodies) } ?? bodies[0]
    }

    private mutating func part() throws -> Query.Body {
        if take(sign: "(") {
            let query = try query()
            try expect(sign: ")")
            return .query(query)
        }
        guard at("SELECT") else {
            if at("FROM") { throw GoogleSQLError.unsupported("A query that begins with FROM", at: token.place) }
            throw unexpected("\"(\" or keyword SELECT")
        }
        return .select(try nested { parser in try parser.select() })
    }

    private mutating func setOperator() throws -> (String, Place)? {
        let place = token.place
        guard ["UNION", "INTERSECT", "EXCEPT"].contains(token.keyword) else { return nil }
        let word = token.keyword
        advance()
        if take("ALL") {
            guard word == "UNION" else { throw GoogleSQLError.unsupported("\(word) ALL", at: place) }
            return ("UNION ALL", place)
        }
        guard take("DISTINCT") else { throw unexpected("keyword ALL or keyword DISTINCT") }
        return ("\(word) DISTINCT", place)
    }

    // MARK: SELECT

    private mutating func select() throws -> Select {
        var select = Select(place: token.place)
        try expect("SELECT")
        if take("DISTINCT") { select.isDistinct = true } else { _ = take("ALL") }
        if at("AS"), ["STRUCT", "VALUE"].contains(peek().keyword) {
            throw GoogleSQLError.unsupported("SELECT AS \(peek().keyword)", at: token.place)
        }
        repeat {
            // A comma may stand behind the last one.
            if at("FROM"), !select.items.isEmpty { break }
            select.items.append(try item())
        } while take(sign: ",")
        if take("FROM") { select.from = try sources() }
        if take("WHERE") { select.condition = try expression() }
        if take("GROUP") {
            try expect("BY")
            select.group = try groupKeys()
        }
        if take("HAVING") { select.having = try expression() }
        if take("QUALIFY") { select.qualify = try expression() }
        if at("WINDOW") {
            throw GoogleSQLError.unsupported("WINDOW", "write the window behind OVER", at: token.place)
        }
        return select
    }

    private mutating func groupKeys() throws -> [Expression] {
        for word in ["ROLLUP", "CUBE", "GROUPING"] where at(word) {
            throw GoogleSQLError.unsupported("GROUP BY \(word)", at: token.place)
        }
        if at("ALL") { throw GoogleSQLError.unsupported("GROUP BY ALL", "name the columns", at: token.place) }
        return try list()
    }

    private mutating func item() throws -> Select.Item {
        let place = token.place
        var offset = 0
        var table: [String] = []
        while peek(offset).kind == .quotedName || peek(offset).isName, peek(offset + 1).text == "." {
            table.append(peek(offset).text)
            offset += 2
        }
        if peek(offset).kind == .sign, peek(offset).text == "*" {
            for _ in 0...offset { advance() }
            return try star(table, place)
        }
        let value = try expression()
        if take("AS") { return .expression(value, alias: try name()) }
        return .expression(value, alias: token.isName ? try name() : nil)
    }

    private mutating func star(_ table: [String], _ place: Place) throws -> Select.Item {
        var except: [String] = []
        var replace: [(Expression, String)] = []
        if at("EXCEPT"), peek().text == "(" {
            advance()
            advance()
            repeat { except.append(try name()) } while take(sign: ",")
            try expect(sign: ")")
        }
        if at("REPLACE"), peek().text == "(" {
            advance()
            advance()
            repeat {
                let value = try expression()
                try expect("AS")
                replace.append((value, try name()))
            } while take(sign: ",")
            try expect(sign: ")")
        }
        return .star(table: table, except: except, replace: replace, place)
    }

    mutating func sortKeys() throws -> [SortKey] {
        var keys: [SortKey] = []
        repeat {
            var key = SortKey(expression: try expression())
            if take("DESC") { key.isDescending = true } else { _ = take("ASC") }
            if take("NULLS") {
                key.nullsFirst = token.keyword == "FIRST"
                guard ["FIRST", "LAST"].contains(token.keyword) else { throw unexpected("FIRST or LAST") }
                advance()
            }
            keys.append(key)
        } while take(sign: ",")
        return keys
    }

    // MARK: FROM

    private mutating func sources() throws -> Source {
        var source = try joined()
        while at(sign: ",") {
            let place = token.place
            advance()
            source = .join(.cross, source, try joined(), on: nil, using: [], place)
        }
        return source
    }

    private mutating func joined() throws -> Source {
        var source = try single()
        var count = 0
        while let (kind, place) = try joinKind() {
            count += 1
            guard count <= Self.mostJoins else {
                throw GoogleSQLError.unsupported("So long a chain of joins", at: place)
            }
            let right = try single()
            if take("ON") {
                source = .join(kind, source, right, on: try expression(), using: [], place)
            } else if take("USING") {
                var columns: [String] = []
                try expect(sign: "(")
                repeat { columns.append(try name()) } while take(sign: ",")
                try expect(sign: ")")
                source = .join(kind, source, right, on: nil, using: columns, place)
            } else if kind == .cross {
                source = .join(kind, source, right, on: nil, using: [], place)
            } else {
                throw unexpected("keyword ON or keyword USING")
            }
        }
        return source
    }

    private static let mostJoins = 60

    private mutating func joinKind() throws -> (Source.Join, Place)? {
        let place = token.place
        switch token.keyword {
        case "JOIN": advance()
        case "INNER", "CROSS", "LEFT", "RIGHT", "FULL":
            let word = token.keyword
            advance()
            if ["LEFT", "RIGHT", "FULL"].contains(word) { _ = take("OUTER") }
            try expect("JOIN")
            let kinds: [String: Source.Join] = ["CROSS": .cross, "LEFT": .left, "RIGHT": .right, "FULL": .full]
            return (kinds[word] ?? .inner, place)
        case "NATURAL": throw GoogleSQLError.unsupported("NATURAL JOIN", "write USING", at: place)
        default: return nil
        }
        return (.inner, place)
    }

    private mutating func single() throws -> Source {
        let place = token.place
        let source: Source
        if at("UNNEST") {
            advance()
            try expect(sign: "(")
            let array = try expression()
            try expect(sign: ")")
            let alias = try alias()
            var offset: String?
            if take("WITH") {
                try expect("OFFSET")
                offset = try self.alias() ?? "offset"
            }
            source = .array(array, alias: alias, offset: offset, place)
        } else if at(sign: "(") {
            source = try nested { parser in try parser.bracketed() }
        } else {
            let path = try tablePath()
            if at(sign: "(") { throw GoogleSQLError.unsupported("A table function", at: place) }
            if at("FOR") {
                throw GoogleSQLError.unsupported("FOR SYSTEM_TIME AS OF", "tables have no past", at: token.place)
            }
            source = .table(path, alias: try alias(), place)
        }
        for word in ["PIVOT", "UNPIVOT", "TABLESAMPLE"] where at(word) {
            throw GoogleSQLError.unsupported(word, at: token.place)
        }
        return source
    }

    /// A subquery, or joins in brackets.
    private mutating func bracketed() throws -> Source {
        guard isQuery(at: index) else {
            advance()
            let source = try sources()
            try expect(sign: ")")
            return source
        }
        advance()
        let query = try query()
        try expect(sign: ")")
        return .query(query, alias: try alias())
    }
}
