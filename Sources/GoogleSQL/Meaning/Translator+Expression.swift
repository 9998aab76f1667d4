import Warehouse

extension Translator {
    /// An expression in the engine's words, with its type.
    func expression(_ expression: Expression, _ scope: Scope) throws -> Piece {
        var piece = try form(expression, scope)
        try count(piece)
        // A key of GROUP BY has one value in each group, whatever it is made of.
        if !piece.uses.isEmpty, scope.groupKeys.contains(piece.sql) {
            piece.uses.removeAll { $0.scope == scope.number }
        }
        return piece
    }

    private func form(_ expression: Expression, _ scope: Scope) throws -> Piece {
        let place = expression.place
        switch expression.form {
        case .null, .bool, .integer, .real, .string, .typed: return try literal(expression)
        case .name(let path): return try name(path, scope, place)
        case .named, .positional: return try parameter(expression)
        case .unary(let sign, let value): return try unary(sign, self.expression(value, scope), place)
        case .binary(let sign, let left, let right):
            if case .interval(let amount, let part) = right.form, sign == "+" || sign == "-" {
                return try moved(self.expression(left, scope), amount, part, isBack: sign == "-", scope, place)
            }
            return try binary(sign, self.expression(left, scope), self.expression(right, scope), place)
        case .chain(let isAnd, let terms):
            let pieces = try terms.map { try truth(self.expression($0, scope)) }
            let sql = "(" + pieces.map(\.sql).joined(separator: isAnd ? " AND " : " OR ") + ")"
            return Piece(sql, .bool, of: pieces, at: place)
        case .isState(let value, let word, let isNegated):
            var piece = try self.expression(value, scope)
            if word != "NULL" { piece = try truth(piece) }
            return Piece("(\(piece.sql) IS \(isNegated ? "NOT " : "")\(word))", .bool, of: [piece], at: place)
        case .isDistinct(let left, let right, let isNegated):
            let (one, two) = try comparable(
                self.expression(left, scope), self.expression(right, scope), "=", place)
            let sql = "(\(one.sql) IS \(isNegated ? "NOT " : "")DISTINCT FROM \(two.sql))"
            return Piece(sql, .bool, of: [one, two], at: place)
        case .between(let value, let low, let high, let isNegated):
            let piece = try self.expression(value, scope)
            let (one, from) = try comparable(piece, self.expression(low, scope), "BETWEEN", place)
            let (_, to) = try comparable(piece, self.expression(high, scope), "BETWEEN", place)
            let sql = "(\(one.sql) \(isNegated ? "NOT " : "")BETWEEN \(from.sql) AND \(to.sql))"
            return Piece(sql, .bool, of: [one, from, to], at: place)
        case .like(let value, let pattern, let isNegated):
            let pieces = [try self.expression(value, scope), try self.expression(pattern, scope)]
            guard pieces.allSatisfy(\.type.isText) else { throw mismatch("operator LIKE", pieces, place) }
            let sql =
                isPostgres
                ? "(\(pieces[0].sql) LIKE \(pieces[1].sql))" : "lightbox_like(\(pieces[0].sql), \(pieces[1].sql))"
            return Piece(isNegated ? "(NOT \(sql))" : sql, .bool, of: pieces, at: place)
        case .inList(let value, let list, let isNegated):
            return try membership(
                self.expression(value, scope), list.map { try self.expression($0, scope) }, isNegated, place)
        case .inArray(let value, let array, let isNegated):
            guard let (values, _) = try elements(of: array, scope) else {
                throw GoogleSQLError.unsupported(
                    "IN UNNEST of anything but a written array or a parameter", at: place)
            }
            return try membership(self.expression(value, scope), values, isNegated, place)
        case .inQuery(let value, let query, let isNegated):
            return try contained(self.expression(value, scope), query, isNegated, scope, place)
        case .exists(let query):
            let relation = try self.query(query, in: scope)
            return Piece("EXISTS (\(relation.sql))", .bool, at: place)
        case .query(let query):
            let relation = try self.query(query, in: scope)
            guard relation.columns.count == 1 else {
                throw GoogleSQLError(.invalid, "Scalar subquery cannot have more than one column", at: place)
            }
            let sql = isPostgres ? "(\(relation.sql))" : Self.single(relation.sql, fresh())
            return Piece(sql, relation.columns[0].type, at: place)
        case .branches(let operand, let whens, let other): return try branches(operand, whens, other, scope, place)
        case .cast(let value, let type, let isSafe):
            return try cast(self.expression(value, scope), type, isSafe: isSafe, place)
        case .call(let call): return try self.call(call, scope, place)
        case .extract(let part, let value): return try extracted(part, self.expression(value, scope), place)
        case .element(let array, let word, let index): return try element(array, word, index, scope, place)
        case .array: throw GoogleSQLError.unsupported("An array here", "arrays stand in UNNEST(…)", at: place)
        case .interval:
            throw GoogleSQLError.unsupported("INTERVAL here", "it stands behind + and - of dates", at: place)
        }
    }

    /// SQLite would take the first of several rows; in GoogleSQL that is an error.
    private static func single(_ sql: String, _ alias: String) -> String {
        "(SELECT CASE WHEN count(*) > 1 THEN lightbox_error('Scalar subquery produced more than one element') "
            + "ELSE max(c1) END FROM (\(sql)) AS \(alias))"
    }

    // MARK: Names

    func name(_ path: [String], _ scope: Scope, _ place: Place) throws -> Piece {
        var level: Scope? = scope
        while let here = level {
            if let found = try lookUp(path, here, place) { return found }
            level = here.parent
        }
        let shown = path.joined(separator: ".")
        let names = Set(scope.columns.filter { !$0.name.isEmpty }.map(\.name))
        let near = path.count == 1 ? NearestColumn.of(path[0], among: names.sorted()) : nil
        throw GoogleSQLError(
            .invalid, "Unrecognized name: \(shown)" + (near.map { "; Did you mean \($0)?" } ?? ""), at: place)
    }

    private func lookUp(_ path: [String], _ scope: Scope, _ place: Place) throws -> Piece? {
        let columns = scope.matches(path)
        let aliases = path.count == 1 ? scope.aliases.filter { $0.name.isSame(as: path[0]) } : []
        let found = scope.prefersAliases && !aliases.isEmpty ? aliases : columns + aliases
        guard let first = found.first else {
            if path.count == 1, scope.columns.contains(where: { $0.table?.isSame(as: path[0]) ?? false }) {
                throw GoogleSQLError.unsupported("A table as a value (\(path[0]))", "name its columns", at: place)
            }
            return nil
        }
        guard found.allSatisfy({ $0.sql == first.sql }) else {
            throw GoogleSQLError(.invalid, "Column name \(path.joined(separator: ".")) is ambiguous", at: place)
        }
        return reference(found.first { $0.piece != nil } ?? first, scope, place)
    }

    func reference(_ column: Scope.Column, _ scope: Scope, _ place: Place) -> Piece {
        if let piece = column.piece { return piece }
        var piece = Piece(column.sql, column.type, at: place)
        if !scope.groupKeys.contains(column.sql) {
            piece.uses = [ColumnUse(scope: scope.number, name: column.name, place: place)]
        }
        return piece
    }

    // MARK: Membership

    private func membership(_ value: Piece, _ list: [Piece], _ isNegated: Bool, _ place: Place) throws -> Piece {
        // Nothing is in an empty list, NULL neither.
        guard !list.isEmpty else {
            let sql = isNegated ? "(1 = 1)" : "(1 = 0)"
            return Piece(sql, .bool, of: [value], at: place)
        }
        var value = value
        let others = try list.map { other in
            let (left, right) = try comparable(value, other, "IN", place)
            value = left
            return right
        }
        let sql = "(\(value.sql) \(isNegated ? "NOT " : "")IN (\(others.map(\.sql).joined(separator: ", "))))"
        return Piece(sql, .bool, of: [value] + others, at: place)
    }

    private func contained(
        _ value: Piece, _ query: Query, _ isNegated: Bool, _ scope: Scope, _ place: Place
    ) throws -> Piece {
        let relation = try self.query(query, in: scope)
        guard relation.columns.count == 1 else {
            throw GoogleSQLError(.invalid, "Subquery of type IN must have only one output column", at: place)
        }
        let type = relation.columns[0].type
        guard let joined = value.type.joined(with: type), joined.isOrdered else {
            throw GoogleSQLError(
                .invalid, "Cannot execute IN subquery with uncomparable types \(value.type) and \(type)", at: place
            )
        }
        let sql = "(\(value.sql) \(isNegated ? "NOT " : "")IN (\(relation.sql)))"
        return Piece(sql, .bool, of: [value], at: place)
    }

    // MARK: CASE

    private func branches(
        _ operand: Expression?, _ whens: [(condition: Expression, value: Expression)], _ other: Expression?,
        _ scope: Scope, _ place: Place
    ) throws -> Piece {
        let subject = try operand.map { try expression($0, scope) }
        var sql = "CASE"
        if let subject { sql += " \(subject.sql)" }
        var pieces = subject.map { [$0] } ?? []
        var values: [Piece] = []
        for (condition, value) in whens {
            var test = try expression(condition, scope)
            if let subject { test = try comparable(subject, test, "=", place).1 } else { test = try truth(test) }
            let result = try expression(value, scope)
            sql += " WHEN \(test.sql) THEN \(result.sql)"
            pieces.append(test)
            values.append(result)
        }
        if let other {
            let result = try expression(other, scope)
            sql += " ELSE \(result.sql)"
            values.append(result)
        }
        let type = try common(values, "CASE", place)
        return Piece("\(sql) END", type, of: pieces + values, at: place)
    }

    /// The type that all of some values have.
    func common(_ pieces: [Piece], _ what: String, _ place: Place) throws -> DataType {
        try pieces.reduce(.null) { type, piece in
            guard let joined = type.joined(with: piece.type) else { throw mismatch(what, pieces, place) }
            return joined
        }
    }

    // MARK: Elements

    /// `vector[OFFSET(3)]`, and the same of a list that is kept as JSON.
    private func element(
        _ array: Expression, _ word: String, _ index: Expression, _ scope: Scope, _ place: Place
    ) throws -> Piece {
        let position = try expression(index, scope)
        guard position.type == .int64 else { throw mismatch("operator []", [position], place) }
        let start = word.hasSuffix("ORDINAL") ? "(\(position.sql) - 1)" : position.sql
        let isSafe = word.hasPrefix("SAFE")
        if case .call(let call) = array.form, call.name == "SPLIT" {
            return try split(call, at: start, isSafe: isSafe, position, scope, place)
        }
        let list = try expression(array, scope)
        guard !word.isEmpty || list.type == .json else { return try element(array, "OFFSET", index, scope, place) }
        switch list.type {
        case .array(.float64):
            let sql =
                isSafe
                ? "CASE WHEN \(start) >= 0 AND \(start) < vector_length(\(list.sql)) THEN vector_at(\(list.sql), \(start)) END"
                : "vector_at(\(list.sql), \(start))"
            return Piece(sql, .float64, of: [list, position], at: place)
        case .json:
            guard case .integer(let digits)? = position.literal, let number = Int(digits), number >= 0 else {
                throw GoogleSQLError.unsupported("An index of JSON that is not written out", at: place)
            }
            return try jsonText(list, [.index(word.hasSuffix("ORDINAL") ? number - 1 : number)], place)
        default: throw mismatch("operator []", [list, position], place)
        }
    }

    /// The elements of an array that is written out, or is a parameter; nil for any other.
    func elements(of array: Expression, _ scope: Scope) throws -> ([Piece], DataType)? {
        switch array.form {
        case .array(let values):
            let pieces = try values.map { try expression($0, scope) }
            return (pieces, try common(pieces, "ARRAY", array.place))
        case .named, .positional:
            let (value, name) = try parameterValue(array)
            guard case .array(let type) = value.type else { return nil }
            let pieces = value.values.enumerated().map { index, element in
                Piece(bind(element, type, named: name.map { "\($0) \(index)" }), type, at: array.place)
            }
            return (pieces, type)
        default: return nil
        }
    }
}
