import CPQ
import Glibc

/// A column of a result whose statement a user wrote.
package struct StreamColumn: Sendable {
    package let name: String
    /// The number of its type in PostgreSQL.
    package let type: UInt32
    /// Of the table's column that it is; zeros for an expression.
    package let table: UInt32
    package let number: Int
}

/// What is done with a result while its statement runs.
package struct StreamReader {
    /// Asked before the statement runs, with its columns.
    package var check: ([StreamColumn]) throws -> Void
    /// Called before the first row.
    package var begin: ([StreamColumn]) throws -> Void
    /// - Returns: whether more rows are wanted.
    package var row: (SQLRow) throws -> Bool
    /// Asked every few milliseconds; an error ends the statement.
    package var wait: () throws -> Void

    package init(
        check: @escaping ([StreamColumn]) throws -> Void, begin: @escaping ([StreamColumn]) throws -> Void,
        row: @escaping (SQLRow) throws -> Bool, wait: @escaping () throws -> Void
    ) {
        (self.check, self.begin, self.row, self.wait) = (check, begin, row, wait)
    }
}

extension SQLTransaction {
    /// Runs one statement with PostgreSQL and gives its rows as they come, with no more than one in memory.
    ///
    /// - Returns: whether it was run to its end. When it was not, the transaction is over.
    package func stream(_ sql: String, _ arguments: [ColumnValue], _ reader: StreamReader) throws -> Bool {
        guard let session = session as? PostgresSession else { preconditionFailure("not PostgreSQL") }
        return try session.connection.stream(sql, arguments, reader)
    }
}

extension PostgresConnection {
    fileprivate func stream(_ sql: String, _ arguments: [ColumnValue], _ reader: StreamReader) throws -> Bool {
        let types = arguments.map(PostgresType.of)
        pq.PQclear(try check(pq.PQprepare(handle, "", SQLDialect.numbered(sql), Int32(types.count), types)))
        let described = try check(pq.PQdescribePrepared(handle, ""))
        let (names, columnTypes) = fields(described)
        let columns = names.names.enumerated().map { index, name in
            StreamColumn(
                name: name, type: columnTypes[index], table: pq.PQftable(described, Int32(index)),
                number: Int(pq.PQftablecol(described, Int32(index))))
        }
        let wanted = Int(pq.PQnparams(described))
        pq.PQclear(described)
        guard wanted == arguments.count else {
            throw DatabaseFailure(
                .invalidSQL, "The statement has \(wanted) parameters; \(arguments.count) were given.")
        }
        try reader.check(columns)
        let isBinary = PostgresType.areBinary(columnTypes)
        let isSent = try withParameters(arguments) { values, lengths, formats in
            pq.PQsendQueryPrepared(
                handle, "", Int32(arguments.count), values, lengths, formats, isBinary ? 1 : 0)
        }
        guard isSent == 1 else {
            throw DatabaseFailure(.unavailable, "\(place): the connection to the database broke.")
        }
        _ = pq.PQsetSingleRowMode(handle)
        do {
            return try read(names, columns, isBinary: isBinary, reader)
        } catch {
            stop()
            throw error
        }
    }

    private func read(
        _ names: SQLColumns, _ columns: [StreamColumn], isBinary: Bool, _ reader: StreamReader
    ) throws -> Bool {
        var hasBegun = false
        while let result = try nextResult(reader) {
            let held = PostgresResult(try check(result), pq, isBinary: isBinary)
            if !hasBegun {
                hasBegun = true
                try reader.begin(columns)
            }
            for row in 0..<held.rowCount where try !reader.row(SQLRow(names, PostgresRow(result: held, row: row)))
            {
                stop()
                return false
            }
        }
        return true
    }

    /// Waits for the server without holding up who wants the statement stopped.
    private func nextResult(_ reader: StreamReader) throws -> OpaquePointer? {
        while pq.PQisBusy(handle) != 0 {
            var socket = pollfd(fd: pq.PQsocket(handle), events: Int16(POLLIN), revents: 0)
            _ = poll(&socket, 1, 10)
            try reader.wait()
            if socket.revents != 0, pq.PQconsumeInput(handle) == 0 { break }
        }
        return pq.PQgetResult(handle)
    }

    /// Tells the server to stop and takes what it has still sent.
    private func stop() {
        isSpent = true
        guard !isBroken else { return }
        // One that arrives before the statement has begun is passed over by the server.
        for _ in 0..<50 {
            cancel()
            if isQuiet(after: 20) { break }
        }
        while let result = pq.PQgetResult(handle) { pq.PQclear(result) }
    }

    private func cancel() {
        guard let cancel = pq.PQgetCancel(handle) else { return }
        var words = [CChar](repeating: 0, count: 256)
        _ = pq.PQcancel(cancel, &words, Int32(words.count))
        pq.PQfreeCancel(cancel)
    }

    /// Whether the server answers within some hundredths of a second.
    private func isQuiet(after tries: Int) -> Bool {
        for _ in 0..<tries where pq.PQisBusy(handle) != 0 {
            var socket = pollfd(fd: pq.PQsocket(handle), events: Int16(POLLIN), revents: 0)
            _ = poll(&socket, 1, 10)
            if socket.revents != 0, pq.PQconsumeInput(handle) == 0 { return true }
        }
        return pq.PQisBusy(handle) == 0
    }
}
