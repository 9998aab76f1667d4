import CPQ

/// A transaction on one connection.
final class PostgresSession: SQLSession {
    let connection: PostgresConnection
    private var cursors = 0
    var engine: SQLEngine { .postgres }
    var sqliteConnection: OpaquePointer? { nil }

    init(_ connection: PostgresConnection) { self.connection = connection }

    func execute(_ sql: String, _ arguments: [ColumnValue]) throws -> Int {
        try connection.execute(sql, arguments)
    }

    func all(_ sql: String, _ arguments: [ColumnValue], limit: Int) throws -> [SQLRow] {
        try connection.rows(sql, arguments, limit: limit)
    }

    func script(_ sql: String) throws { try connection.run(sql) }

    func now() throws -> Double {
        let row = try all("SELECT extract(epoch FROM clock_timestamp())::float8", [], limit: 1).first
        return try row?.get(0) ?? 0
    }

    private static let pageSize = 500

    /// A cursor of the server's, fetched page by page, so that other statements can run between.
    func cursor(_ sql: String, _ arguments: [ColumnValue]) throws -> SQLCursor {
        let (pq, connection) = (connection.pq, connection)
        cursors += 1
        let name = "lightbox_\(cursors)"
        let text = "DECLARE \(name) NO SCROLL CURSOR FOR \(SQLDialect.numbered(sql))"
        pq.PQclear(
            try connection.withParameters(arguments) { values, lengths, formats in
                try connection.check(
                    pq.PQexecParams(
                        connection.handle, text, Int32(arguments.count), arguments.map(PostgresType.of), values,
                        lengths, formats, 0))
            })
        let described = try connection.check(pq.PQdescribePortal(connection.handle, name))
        let (columns, types) = connection.fields(described)
        pq.PQclear(described)
        let isBinary = PostgresType.areBinary(types)
        var page: PostgresResult?
        var position = 0
        var isLast = false
        return SQLCursor(columns) {
            while true {
                if let page, position < page.rowCount {
                    position += 1
                    return SQLRow(columns, PostgresRow(result: page, row: position - 1))
                }
                if isLast { return nil }
                let result = try connection.check(
                    pq.PQexecParams(
                        connection.handle, "FETCH \(Self.pageSize) FROM \(name)", 0, nil, nil, nil, nil,
                        isBinary ? 1 : 0))
                let next = PostgresResult(result, pq, isBinary: isBinary)
                isLast = next.rowCount < Self.pageSize
                if isLast { try connection.run("CLOSE \(name)") }
                (page, position) = (next, 0)
            }
        }
    }

    func copy(into table: String, columns: [String], _ body: (any SQLCopy) throws -> Void) throws -> Int {
        let copy = try PostgresCopy(connection, table: table, columns: columns)
        do {
            try body(copy)
        } catch {
            copy.abort()
            throw error
        }
        return try copy.finish()
    }
}
