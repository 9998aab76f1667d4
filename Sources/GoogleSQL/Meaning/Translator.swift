import Database
import Warehouse

/// Finds what a statement means and writes it for an engine.
///
/// Tables and subqueries get names of ours, columns of results are `c1`, `c2` and so on: no name of the statement's can be
/// taken for something else by the engine. Types are known throughout, so that what the engines do differently (division,
/// casts, comparisons of unlike values) is either written out or refused.
final class Translator {
    typealias Tables = ([String]) throws -> (name: TableName, schema: TableSchema)?

    /// A query in the engine's words.
    struct Relation {
        var sql: String
        /// nil for an expression without a name.
        var columns: [(name: String?, type: DataType)]
    }

    let isPostgres: Bool
    let parameters: QueryParameters
    private let tables: Tables
    private(set) var arguments: [SQLValue] = []
    private(set) var used: [TableName] = []
    /// What WITH has named, the innermost last.
    private var commons: [(name: String, place: String, columns: [(name: String?, type: DataType)])] = []
    private var numbers: [String: Int] = [:]
    private var count = 0
    /// Bytes of all expressions.
    private var written = 0

    init(engine: SQLEngine, parameters: QueryParameters, tables: @escaping Tables) {
        isPostgres = engine == .postgres
        self.parameters = parameters
        self.tables = tables
    }

    /// A name that no table and no column has.
    func fresh() -> String {
        count += 1
        return "lightbox_\(count)"
    }

    var number: Int {
        count += 1
        return count
    }

    /// Some functions are written with an argument twice: no nesting of them may grow without an end.
    func count(_ piece: Piece) throws {
        let size = piece.sql.utf8.count
        written += size
        guard size <= 4 << 20, written <= 256 << 20 else {
            throw GoogleSQLError.unsupported("So large an expression", at: piece.place)
        }
    }

    func quoted(_ name: String) -> String { SQLDialect.quoted(name) }

    /// The whole statement, with a name for each of its columns.
    func whole(_ query: Query) throws -> (sql: String, columns: [GoogleQuery.Column]) {
        let relation = try self.query(query, in: nil)
        var seen: Set<String> = []
        var nameless = 0
        let columns = try relation.columns.map { name, type in
            let own = name ?? "f\(nameless)_"
            if name == nil { nameless += 1 }
            guard seen.insert(own.lowercased()).inserted else {
                throw GoogleSQLError(
                    .invalid, "Duplicate column names in the result are not supported. Found duplicate(s): \(own)",
                    at: query.place)
            }
            return GoogleQuery.Column(name: own, type: type == .null ? .int64 : type)
        }
        return (relation.sql, columns)
    }

    // MARK: Queries

    func query(_ query: Query, in outer: Scope?) throws -> Relation {
        let known = commons.count
        defer { commons.removeLast(commons.count - known) }
        var with: [String] = []
        for common in query.commons {
            guard !commons[known...].contains(where: { $0.name.isSame(as: common.name) }) else {
                throw GoogleSQLError(
                    .invalid, "Duplicate alias \(common.name) for WITH subquery", at: common.place)
            }
            let relation = try self.query(common.query, in: nil)
            let place = fresh()
            with.append("\(place) AS (\(relation.sql))")
            commons.append((common.name, place, relation.columns))
        }
        var relation = try body(query, in: outer)
        if !with.isEmpty { relation.sql = "WITH \(with.joined(separator: ", ")) \(relation.sql)" }
        return relation
    }

    private func body(_ query: Query, in outer: Scope?) throws -> Relation {
        if case .select(let select) = query.body { return try self.select(select, of: query, in: outer) }
        var relation = try relation(of: query.body, in: outer)
        guard !query.order.isEmpty || query.limit != nil else { return relation }
        let alias = fresh()
        let columns = relation.columns.enumerated().map { index, column in
            Scope.Column(name: column.name ?? "", table: nil, sql: "\(alias).c\(index + 1)", type: column.type)
        }
        let scope = Scope(columns, in: outer, number: number)
        let order = try query.order.map { key in
            let index = try ordinal(key.expression, of: relation.columns.count)
            let piece =
                try index.map { Piece(columns[$0].sql, columns[$0].type, at: key.expression.place) }
                ?? expression(key.expression, scope)
            return try sorted(piece, key, as: index.map { "\($0 + 1)" } ?? piece.sql)
        }
        relation.sql = "SELECT * FROM (\(relation.sql)) AS \(alias)"
        if !order.isEmpty { relation.sql += " ORDER BY " + order.joined(separator: ", ") }
        relation.sql += try limits(query, scope)
        return relation
    }

    private func relation(of body: Query.Body, in outer: Scope?) throws -> Relation {
        switch body {
        case .select(let select):
            return try self.select(select, of: Query(body: body, place: select.place), in: outer)
        case .query(let query): return try self.query(query, in: outer)
        case .set(let operation, let bodies): return try set(operation, bodies, in: outer)
        }
    }

    private func set(_ operation: String, _ bodies: [Query.Body], in outer: Scope?) throws -> Relation {
        let parts = try bodies.map { (try relation(of: $0, in: outer), Self.place(of: $0), Self.isPlain($0)) }
        var columns = parts[0].0.columns
        for (part, place, _) in parts.dropFirst() {
            guard part.columns.count == columns.count else {
                throw GoogleSQLError(
                    .invalid,
                    "Queries in \(operation) have mismatched column count; query 1 has \(columns.count) columns, "
                        + "another has \(part.columns.count)", at: place)
            }
            for index in columns.indices {
                guard let type = columns[index].type.joined(with: part.columns[index].type) else {
                    throw GoogleSQLError(
                        .invalid,
                        "Column \(index + 1) in \(operation) has incompatible types: \(columns[index].type), "
                            + "\(part.columns[index].type)", at: place)
                }
                columns[index].type = type
            }
        }
        let isDistinct = operation != "UNION ALL"
        if isDistinct, let wrong = columns.first(where: { !$0.type.isOrdered }) {
            throw GoogleSQLError(
                .invalid, "Column of type \(wrong.type) cannot be used in \(operation)", at: parts[0].1)
        }
        let texts = parts.map { part, _, isPlain in
            // A NULL would be a text beside numbers.
            let mustCast =
                isPostgres && zip(part.columns, columns).contains { $0.type == .null && $1.type != .null }
            guard mustCast || !isPlain else { return part.sql }
            let list = columns.enumerated().map { index, column in
                mustCast && part.columns[index].type == .null
                    ? "CAST(c\(index + 1) AS \(postgres(column.type))) AS c\(index + 1)" : "c\(index + 1)"
            }
            return "SELECT \(list.joined(separator: ", ")) FROM (\(part.sql)) AS \(fresh())"
        }
        let words = operation == "UNION ALL" ? operation : String(operation.prefix { $0 != " " })
        return Relation(sql: texts.joined(separator: " \(words) "), columns: columns)
    }

    private static func place(of body: Query.Body) -> Place {
        switch body {
        case .select(let select): select.place
        case .query(let query): query.place
        case .set(_, let bodies): place(of: bodies[0])
        }
    }

    private static func isPlain(_ body: Query.Body) -> Bool { if case .select = body { true } else { false } }

    // MARK: ORDER BY and LIMIT

    /// The column that a number in ORDER BY or GROUP BY means, from 0; nil for anything but a number.
    func ordinal(_ expression: Expression, of count: Int) throws -> Int? {
        guard case .integer(let text) = expression.form else { return nil }
        guard let number = Int(text), (1...max(1, count)).contains(number), number <= count else {
            throw GoogleSQLError(
                .invalid, "Column number \(text) is out of range: there are \(count)", at: expression.place)
        }
        return number - 1
    }

    /// NULL is the smallest value, as in SQLite; PostgreSQL would have it the largest.
    func sorted(_ piece: Piece, _ key: SortKey, as text: String) throws -> String {
        guard piece.type.isOrdered else {
            throw GoogleSQLError(
                .invalid, "ORDER BY does not support expressions of type \(piece.type)", at: piece.place)
        }
        let isFirst = key.nullsFirst ?? !key.isDescending
        return text + (key.isDescending ? " DESC" : "") + (isFirst ? " NULLS FIRST" : " NULLS LAST")
    }

    func limits(_ query: Query, _ scope: Scope) throws -> String {
        func text(_ expression: Expression, _ word: String) throws -> String {
            let piece = try self.expression(expression, Scope(in: nil, number: 0))
            guard piece.type == .int64, piece.literal != nil else {
                throw GoogleSQLError(
                    .invalid, "\(word) expects an integer literal or parameter", at: expression.place)
            }
            if case .integer(let digits)? = piece.literal, digits.hasPrefix("-") {
                throw GoogleSQLError(.invalid, "\(word) expects a non-negative integer", at: expression.place)
            }
            return " \(word) \(piece.sql)"
        }
        return try (query.limit.map { try text($0, "LIMIT") } ?? "")
            + (query.offset.map { try text($0, "OFFSET") } ?? "")
    }

    // MARK: Tables and parameters

    /// What a name behind FROM stands for.
    func table(_ path: [String], _ place: Place) throws -> (
        sql: String, columns: [(name: String?, sql: String, type: DataType)]
    ) {
        if path.count == 1, let common = commons.last(where: { $0.name.isSame(as: path[0]) }) {
            let columns = common.columns.enumerated().map { ($1.name, "c\($0 + 1)", $1.type) }
            return (common.place, columns)
        }
        let name = path.joined(separator: ".")
        if path.contains(where: { $0.contains("*") }) {
            throw GoogleSQLError.unsupported("A wildcard table (\(name))", "write UNION ALL", at: place)
        }
        if path.contains(where: { $0.contains("$") }) {
            throw GoogleSQLError.unsupported("A partition (\(name))", at: place)
        }
        if path.contains(where: { $0.uppercased() == "INFORMATION_SCHEMA" || $0.hasPrefix("__") }) {
            throw GoogleSQLError.unsupported(name, "ask the client for tables and their schemas", at: place)
        }
        guard let found = try tables(path) else {
            throw GoogleSQLError(.noSuchTable, "Not found: Table \(name) was not found", at: place)
        }
        if !used.contains(found.name) { used.append(found.name) }
        let columns = found.schema.columns.map { ($0.name as String?, quoted($0.name), DataType($0.type)) }
        return (quoted(found.name.description), columns)
    }

    /// A value that the statement was given beside its text.
    func bind(_ value: SQLValue, _ type: DataType, named name: String?) -> String {
        let number: Int
        if let name, let known = numbers[name] {
            number = known
        } else {
            arguments.append(value)
            number = arguments.count
            if let name { numbers[name] = number }
        }
        return isPostgres ? "CAST(?\(number) AS \(postgres(type)))" : "?\(number)"
    }

    /// A type's name in PostgreSQL.
    func postgres(_ type: DataType) -> String {
        switch type {
        case .int64: "bigint"
        case .float64: "double precision"
        case .bool: "boolean"
        case .json: "json"
        case .array(.float64): "real[]"
        default: "text"
        }
    }
}
