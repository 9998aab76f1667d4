extension Translator {
    /// A column of a select list, before it is written.
    private enum Item {
        case expression(Expression, name: String?)
        case column(Scope.Column)

        var name: String? {
            switch self {
            case .expression(_, let name): name
            case .column(let column): column.name
            }
        }
    }

    func select(_ select: Select, of query: Query, in outer: Scope?) throws -> Relation {
        let (from, columns) = try select.from.map { try source($0, in: outer) } ?? ("", [])
        let scope = Scope(columns, in: outer, number: number)
        let condition = try select.condition.map { try self.condition($0, scope, "WHERE") }
        let items = try self.items(select, scope)
        let keys = try groupKeys(select, items, scope)
        scope.groupKeys = Set(keys.map(\.sql))
        var list: [Piece] = []
        for item in items { list.append(try piece(item, scope, select.place)) }
        scope.aliases = zip(items, list).compactMap { item, piece in
            item.name.map {
                Scope.Column(name: $0, table: nil, sql: piece.sql, type: piece.type, piece: piece)
            }
        }
        let having = try select.having.map { try self.condition($0, scope, "HAVING") }
        let qualify = try select.qualify.map { try self.condition($0, scope, "QUALIFY") }
        scope.prefersAliases = true
        let order = try sortKeys(query.order, list, scope)
        let isGrouped =
            select.group != nil || having != nil
            || (list + order.map(\.piece) + (qualify.map { [$0] } ?? [])).contains(where: \.hasAggregate)
        if isGrouped {
            for piece in list + [having, qualify].compactMap({ $0 }) + order.map(\.piece) {
                try checkGrouped(piece, scope)
            }
        }
        if select.isDistinct { try checkDistinct(list, order, select) }
        var sql = from.isEmpty ? "" : " FROM \(from)"
        if let condition { sql += " WHERE \(condition.sql)" }
        if !keys.isEmpty { sql += " GROUP BY " + keys.map { group($0, list) }.joined(separator: ", ") }
        if let having { sql += " HAVING \(having.sql)" }
        let names = list.indices.map { "c\($0 + 1)" }
        let written = zip(list, names).map { "\($0.sql) AS \($1)" }
        if let qualify {
            sql = try qualified(written, qualify, order, distinct: select.isDistinct, sql)
        } else {
            sql = "SELECT " + (select.isDistinct ? "DISTINCT " : "") + written.joined(separator: ", ") + sql
            if !order.isEmpty {
                sql +=
                    try " ORDER BY "
                    + order.map { try sorted($0.piece, $0.key, as: $0.index.map { "\($0 + 1)" } ?? $0.piece.sql) }
                    .joined(separator: ", ")
            }
        }
        sql += try limits(query, scope)
        return Relation(sql: sql, columns: zip(items, list).map { ($0.name, $1.type) })
    }

    /// QUALIFY is the condition of a query around this one, which sorts, too.
    private func qualified(
        _ list: [String], _ condition: Piece, _ order: [SortedPiece], distinct: Bool, _ rest: String
    ) throws -> String {
        let hidden = order.enumerated().filter { $1.index == nil }.map { "\($1.piece.sql) AS k\($0 + 1)" }
        let inner = (list + ["\(condition.sql) AS q"] + hidden).joined(separator: ", ")
        let names = list.indices.map { "c\($0 + 1)" }.joined(separator: ", ")
        var sql =
            "SELECT \(distinct ? "DISTINCT " : "")\(names) FROM (SELECT \(inner)\(rest)) AS \(fresh()) WHERE q"
        if !order.isEmpty {
            sql +=
                try " ORDER BY "
                + order.enumerated().map { number, sort in
                    try sorted(sort.piece, sort.key, as: sort.index.map { "\($0 + 1)" } ?? "k\(number + 1)")
                }.joined(separator: ", ")
        }
        return sql
    }

    /// A condition of the whole query: no aggregate stands in WHERE, no window in HAVING.
    func condition(_ expression: Expression, _ scope: Scope, _ clause: String) throws -> Piece {
        let piece = try self.expression(expression, scope)
        guard piece.type == .bool || piece.type == .null else {
            throw GoogleSQLError(
                .invalid, "\(clause) clause should return type BOOL, but returns \(piece.type)", at: piece.place)
        }
        if piece.hasAggregate, clause == "WHERE" || clause == "ON" {
            throw GoogleSQLError(.invalid, "Aggregate function not allowed in \(clause) clause", at: piece.place)
        }
        if piece.hasWindow, clause != "QUALIFY" {
            throw GoogleSQLError(.invalid, "Analytic function not allowed in \(clause) clause", at: piece.place)
        }
        return piece
    }

    // MARK: The list

    private func items(_ select: Select, _ scope: Scope) throws -> [Item] {
        try select.items.flatMap { item -> [Item] in
            switch item {
            case .expression(let value, let alias):
                if alias == nil, case .name(let path) = value.form { return [.expression(value, name: path.last)] }
                return [.expression(value, name: alias)]
            case .star(let table, let except, let replace, let place):
                var columns = scope.columns.filter { column in
                    table.isEmpty
                        ? !column.isHidden : column.table?.isSame(as: table.joined(separator: ".")) ?? false
                }
                guard !columns.isEmpty else {
                    throw GoogleSQLError(
                        .invalid,
                        table.isEmpty
                            ? "SELECT * must have a FROM clause"
                            : "Unrecognized name: \(table.joined(separator: "."))", at: place)
                }
                for name in except + replace.map(\.1) where !columns.contains(where: { $0.name.isSame(as: name) })
                {
                    throw GoogleSQLError(
                        .invalid, "Column \(name) in SELECT * EXCEPT or REPLACE list does not exist", at: place)
                }
                columns.removeAll { column in except.contains { column.name.isSame(as: $0) } }
                return columns.map { column in
                    let new = replace.first { column.name.isSame(as: $0.1) }
                    return new.map { .expression($0.0, name: column.name) } ?? .column(column)
                }
            }
        }
    }

    private func piece(_ item: Item, _ scope: Scope, _ place: Place) throws -> Piece {
        switch item {
        case .expression(let value, _): return try expression(value, scope)
        case .column(let column): return reference(column, scope, place)
        }
    }

    // MARK: GROUP BY

    private func groupKeys(_ select: Select, _ items: [Item], _ scope: Scope) throws -> [Piece] {
        try (select.group ?? []).map { key in
            var piece = try expressionOrAlias(key, items, scope, select.place)
            guard piece.type.isOrdered else {
                throw GoogleSQLError(
                    .invalid, "Grouping by expressions of type \(piece.type) is not allowed", at: key.place)
            }
            guard !piece.hasAggregate, !piece.hasWindow else {
                throw GoogleSQLError(.invalid, "Aggregate function not allowed in GROUP BY", at: key.place)
            }
            piece.uses = []
            return piece
        }
    }

    /// A key is a column's number, a column, the alias of an item or an expression.
    private func expressionOrAlias(
        _ key: Expression, _ items: [Item], _ scope: Scope, _ place: Place
    ) throws -> Piece {
        if let index = try ordinal(key, of: items.count) { return try piece(items[index], scope, place) }
        guard case .name(let path) = key.form, path.count == 1 else { return try expression(key, scope) }
        let named = try items.filter { $0.name?.isSame(as: path[0]) ?? false }.map { try piece($0, scope, place) }
        let columns = scope.matches(path)
        guard let first = named.first else { return try expression(key, scope) }
        let isOne = named.allSatisfy { $0.sql == first.sql } && columns.allSatisfy { $0.sql == first.sql }
        guard isOne else {
            throw GoogleSQLError(
                .invalid,
                "Name \(path[0]) in the GROUP BY clause is ambiguous: it is a column and the alias of something else. "
                    + "Write the expression, or another alias", at: key.place)
        }
        return first
    }

    /// A key that is in the list is told by its number: neither engine takes a constant for one then.
    private func group(_ key: Piece, _ list: [Piece]) -> String {
        if let index = list.firstIndex(where: { $0.sql == key.sql }) { return "\(index + 1)" }
        return key.literal == nil ? key.sql : "(SELECT \(key.sql))"
    }

    private func checkGrouped(_ piece: Piece, _ scope: Scope) throws {
        guard let use = piece.uses.first(where: { $0.scope == scope.number }) else { return }
        throw GoogleSQLError(
            .invalid,
            "SELECT list expression references column \(use.name) which is neither grouped nor aggregated",
            at: use.place)
    }

    private func checkDistinct(_ list: [Piece], _ order: [SortedPiece], _ select: Select) throws {
        if let wrong = list.first(where: { !$0.type.isOrdered }) {
            throw GoogleSQLError(
                .invalid, "Column of type \(wrong.type) cannot be used in SELECT DISTINCT", at: wrong.place)
        }
        if let wrong = order.first(where: { $0.index == nil }) {
            throw GoogleSQLError(
                .invalid,
                "ORDER BY clause expression references a column which is not visible after SELECT DISTINCT",
                at: wrong.piece.place)
        }
    }

    // MARK: ORDER BY

    /// A key of ORDER BY, and which item of the list it is.
    struct SortedPiece {
        let piece: Piece
        let key: SortKey
        let index: Int?
    }

    private func sortKeys(_ keys: [SortKey], _ list: [Piece], _ scope: Scope) throws -> [SortedPiece] {
        try keys.map { key in
            if let index = try ordinal(key.expression, of: list.count) {
                return SortedPiece(piece: list[index], key: key, index: index)
            }
            let piece = try expression(key.expression, scope)
            return SortedPiece(piece: piece, key: key, index: list.firstIndex { $0.sql == piece.sql })
        }
    }
}
