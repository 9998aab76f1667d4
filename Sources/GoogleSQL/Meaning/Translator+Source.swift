extension Translator {
    /// What stands behind FROM, and the columns that it has.
    func source(_ source: Source, in outer: Scope?) throws -> (sql: String, columns: [Scope.Column]) {
        switch source {
        case .table(let path, let alias, let place):
            let table = try table(path, place)
            let name = alias ?? path.last.map { String($0) } ?? ""
            let own = fresh()
            let columns = table.columns.map {
                Scope.Column(name: $0.name ?? "", table: name, sql: "\(own).\($0.sql)", type: $0.type)
            }
            return ("\(table.sql) AS \(own)", columns)
        case .query(let query, let alias):
            let relation = try self.query(query, in: nil)
            let own = fresh()
            let columns = relation.columns.enumerated().map { index, column in
                Scope.Column(name: column.name ?? "", table: alias, sql: "\(own).c\(index + 1)", type: column.type)
            }
            return ("(\(relation.sql)) AS \(own)", columns)
        case .join(let kind, let left, let right, let on, let using, let place):
            var sides = (try self.source(left, in: outer), try self.source(right, in: outer))
            // A chain of joins goes from left to right; one at the right stands in brackets.
            if case .join = right { sides.1.sql = "(\(sides.1.sql))" }
            return try join(kind, sides.0, sides.1, on, using, outer, place)
        case .array(let array, let alias, let offset, let place):
            return try unnest(array, alias, offset, place)
        }
    }

    private typealias Side = (sql: String, columns: [Scope.Column])

    private func join(
        _ kind: Source.Join, _ left: Side, _ right: Side, _ on: Expression?, _ using: [String], _ outer: Scope?,
        _ place: Place
    ) throws -> Side {
        let names = Set(left.columns.compactMap { $0.table?.lowercased() })
        if let twice = right.columns.lazy.compactMap(\.table).first(where: { names.contains($0.lowercased()) }) {
            throw GoogleSQLError(.invalid, "Duplicate table alias \(twice) in the same FROM clause", at: place)
        }
        let both = "\(left.sql) \(kind.rawValue) \(right.sql)"
        if using.isEmpty {
            let columns = left.columns + right.columns
            guard let on else { return (both, columns) }
            let condition = try condition(on, Scope(columns, in: outer, number: number), "ON")
            return ("\(both) ON \(condition.sql)", columns)
        }
        var (columns, sides): ([Scope.Column], (left: [Scope.Column], right: [Scope.Column])) =
            ([], (left.columns, right.columns))
        var conditions: [String] = []
        for name in using {
            let (one, two) = (
                try single(name, &sides.left, "left", place), try single(name, &sides.right, "right", place)
            )
            guard let type = one.type.joined(with: two.type), type.isOrdered else {
                throw GoogleSQLError(
                    .invalid,
                    "Column \(name) in USING has incompatible types on either side of the join: "
                        + "\(one.type), \(two.type)", at: place)
            }
            conditions.append("\(one.sql) = \(two.sql)")
            let sql =
                switch kind {
                case .right: two.sql
                case .full: "COALESCE(\(one.sql), \(two.sql))"
                default: one.sql
                }
            columns.append(Scope.Column(name: one.name, table: nil, sql: sql, type: type))
        }
        return ("\(both) ON \(conditions.joined(separator: " AND "))", columns + sides.left + sides.right)
    }

    /// The one column of a name, which is reached by its table's name alone from now on.
    private func single(
        _ name: String, _ columns: inout [Scope.Column], _ side: String, _ place: Place
    ) throws -> Scope.Column {
        let found = columns.indices.filter { !columns[$0].isHidden && columns[$0].name.isSame(as: name) }
        guard found.count == 1 else {
            throw GoogleSQLError(
                .invalid,
                found.isEmpty
                    ? "Column \(name) in USING clause not found on \(side) side of join"
                    : "Column \(name) in USING clause is ambiguous on \(side) side of join", at: place)
        }
        defer { columns[found[0]].isHidden = true }
        return columns[found[0]]
    }

    /// An array that is written out or a parameter, as rows.
    private func unnest(_ array: Expression, _ alias: String?, _ offset: String?, _ place: Place) throws -> Side {
        let scope = Scope(in: nil, number: number)
        guard let (values, type) = try elements(of: array, scope) else {
            throw GoogleSQLError.unsupported("UNNEST of anything but a written array or a parameter", at: place)
        }
        let own = fresh()
        let rows = values.enumerated().map { offset == nil ? "(\($1.sql))" : "(\($1.sql), \($0))" }
        let none = "SELECT NULL AS column1, 0 AS column2 WHERE 1 = 0"
        let sql = "(\(rows.isEmpty ? none : "VALUES " + rows.joined(separator: ", "))) AS \(own)"
        var columns = [Scope.Column(name: alias ?? "", table: nil, sql: "\(own).column1", type: type)]
        if let offset {
            columns.append(Scope.Column(name: offset, table: nil, sql: "\(own).column2", type: .int64))
        }
        return (sql, columns)
    }
}
