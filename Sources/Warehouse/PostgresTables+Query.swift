import Database

extension PostgresTables {
    /// In a transaction that only reads and sees the user's tables and the functions beside them.
    func query(_ query: WarehouseQuery, _ transaction: SQLTransaction) throws -> Bool {
        let tables = try names(transaction)
        let statement = PostgresStatement(query.sql, tables: tables)
        try statement.check(columns: ownNames(transaction))
        let milliseconds = query.limits.time.map { Int($0 / .milliseconds(1)) + 1000 } ?? 0
        try transaction.script(
            """
            SET LOCAL search_path = \(SQLDialect.quoted(schema)); SET LOCAL statement_timeout = \(milliseconds);
            SET LOCAL jit = DEFAULT
            """)
        let deadline = QueryDeadline(query.limits)
        let names = ResultNames(query.sql)
        var columns: [QueryColumn] = []
        var kinds: [UInt32] = []
        var count = 0
        let reader = StreamReader(
            check: { described in
                try refuseForeign(statement, transaction)
                let spellings = try spellings(of: described, transaction)
                kinds = described.map(\.type)
                columns = described.enumerated().map { index, column in
                    let found = spellings["\(column.table) \(column.number)"]
                    return QueryColumn(
                        name: names.name(at: index, of: described.count, column.name, spelling: found?.name),
                        type: found?.type)
                }
            },
            begin: { _ in try query.columns(columns) },
            row: { row in
                if let limit = query.limits.rows, count >= limit { return false }
                try query.row(zip(try row.values(), kinds).map { SQLValue($0, type: $1) })
                count += 1
                return true
            },
            wait: { if let error = deadline.error() { throw error } })
        do {
            let arguments = query.parameters.map { ColumnValue($0) }
            return try !transaction.stream(statement.text, arguments, reader)
        } catch let failure as DatabaseFailure {
            throw try deadline.error() ?? explain(failure, query.sql, statement)
        }
    }

    /// Names of tables and columns that could be taken for something else.
    private func ownNames(_ transaction: SQLTransaction) throws -> Set<String> {
        try Set(
            transaction.column(
                """
                SELECT a.attname::text FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
                JOIN pg_namespace n ON n.oid = c.relnamespace
                WHERE n.nspname = ?1 AND a.attnum > 0 AND a.attname ~ '^(pg_|lo_)|_to_xml'
                UNION SELECT c.relname::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                WHERE n.nspname = ?1 AND c.relname ~ '^(pg_|lo_)|_to_xml'
                """, [schema]))
    }

    /// Looks at what the compiled statement has locked, and at functions that do more than compute.
    private func refuseForeign(_ statement: PostgresStatement, _ transaction: SQLTransaction) throws {
        let found: String? = try transaction.scalar(
            """
            SELECT name FROM (
                SELECT n.nspname || '.' || c.relname AS name FROM pg_locks l
                JOIN pg_class c ON c.oid = l.relation JOIN pg_namespace n ON n.oid = c.relnamespace
                WHERE l.pid = pg_backend_pid() AND l.locktype = 'relation' AND c.relkind IN ('r', 'v', 'm', 'p', 'f')
                    AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
                    AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast', ?1)
                UNION ALL
                SELECT p.proname::text FROM pg_proc p WHERE p.pronamespace = 'pg_catalog'::regnamespace
                    AND p.provolatile = 'v' AND p.proname NOT IN ('random', 'clock_timestamp', 'timeofday', 'gen_random_uuid', 'system', 'bernoulli')
                    AND p.proname = ANY(string_to_array(?2, chr(31)))
                    AND NOT EXISTS (
                        SELECT 1 FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
                        JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = ?1 AND a.attname = p.proname)
            ) AS found LIMIT 1
            """, [schema, statement.names.joined(separator: "\u{1f}")])
        if let found { throw PostgresStatement.refusal(found) }
    }

    /// The names that the user gave to the tables' columns in a result, by the table's and the column's number.
    private func spellings(
        of columns: [StreamColumn], _ transaction: SQLTransaction
    ) throws -> [String: TableSchema.Column] {
        let tables = Set(columns.map(\.table)).subtracting([0])
        guard !tables.isEmpty else { return [:] }
        let rows = try transaction.all(
            """
            SELECT a.attrelid::bigint, a.attnum::bigint, a.attname::text, t.typname::text,
                   col_description(a.attrelid, a.attnum)
            FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
            WHERE a.attrelid = ANY(string_to_array(?, ',')::oid[]) AND a.attnum > 0
            """, [tables.map(String.init).joined(separator: ",")])
        return try Dictionary(
            uniqueKeysWithValues: rows.map { row in
                let key = "\(try row.get(0, as: Int.self)) \(try row.get(1, as: Int.self))"
                let type = ColumnType(postgres: try row.get(3))
                return (key, PostgresName.column(try row.get(2), type: type, comment: try row.get(4)))
            })
    }

    /// Puts PostgreSQL's words into ones that help.
    ///
    /// The transaction has failed, so that what exists is not looked up here.
    private func explain(_ failure: DatabaseFailure, _ sql: String, _ statement: PostgresStatement) throws
        -> any Error
    {
        let words = failure.words ?? failure.description
        switch failure.code {
        case .noSuchTable, .noSuchColumn:
            return MissingName(name: Self.name(in: words), isTable: failure.code == .noSuchTable)
        case .readOnly: return WarehouseError(.readOnly, "A query cannot change the database.")
        case .invalidSQL:
            guard let position = failure.position, statement.text == sql, position <= sql.unicodeScalars.count
            else {
                return WarehouseError(.invalidSQL, "SQL: \(words).")
            }
            let rest = String(String.UnicodeScalarView(sql.unicodeScalars.dropFirst(position - 1).prefix(40)))
            return WarehouseError(.invalidSQL, "SQL: \(words), at character \(position): \(rest)")
        case .wrongType: return WarehouseError(.typeMismatch, "SQL: \(words).")
        default: return failure
        }
    }

    /// `relation "x" does not exist`, `column f.x does not exist`, in the language of the server.
    private static func name(in words: String) -> String {
        if let start = words.firstIndex(of: "\""), let end = words.lastIndex(of: "\""), start < end {
            return String(words[words.index(after: start)..<end])
        }
        let pieces = words.split(separator: " ")
        return pieces.count > 1 ? String(pieces[1]) : words
    }
}

/// A statement names a table or a column that is not there; which are is looked up in another transaction.
struct MissingName: Error {
    let name: String
    let isTable: Bool
}

extension SQLValue {
    /// - Parameter type: the number of a type of PostgreSQL's.
    init(_ value: ColumnValue, type: UInt32) {
        self =
            switch value {
            case .null: .null
            case .integer(let number): .integer(number)
            case .real(let number): .real(number)
            case .boolean(let flag): .boolean(flag)
            // json, jsonb
            case .text(let text): type == 114 || type == 3802 ? .json(text) : .text(text)
            case .vector(let numbers): .vector(numbers)
            case .blob(let bytes): .vector(bytes.withUnsafeBytes { VectorBytes($0.baseAddress, $0.count).floats })
            }
    }
}
