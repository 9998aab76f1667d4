import CPQ

/// COPY in its binary form: rows are sent a mebibyte at a time.
///
/// A row is its count of columns and for each its length, -1 for NULL, and its bytes as its type has them.
final class PostgresCopy: SQLCopy {
    private let connection: PostgresConnection
    private let types: [UInt32]
    /// Which columns are pgvector's, whose type has no fixed number.
    private let vectors: [Bool]
    private let names: [String]
    private var buffer = PostgresBytes()
    private static let pieceSize = 1 << 20
    private static let largestRow = 1 << 30

    init(_ connection: PostgresConnection, table: String, columns: [String]) throws {
        self.connection = connection
        names = columns
        let list = columns.map(SQLDialect.quoted).joined(separator: ", ")
        let pq = connection.pq
        let result = try connection.check(
            pq.PQexecParams(connection.handle, "SELECT \(list) FROM \(table) LIMIT 0", 0, nil, nil, nil, nil, 1))
        types = connection.fields(result).1
        pq.PQclear(result)
        vectors = try types.map { type in
            guard type >= 16_384 else { return false }
            let name = try connection.rows(
                "SELECT typname FROM pg_type WHERE oid = ?", [.integer(Int64(type))], limit: 1)
            return try name.first?.get(0, as: String.self) == "vector"
        }
        pq.PQclear(
            try connection.check(
                pq.PQexec(connection.handle, "COPY \(table) (\(list)) FROM STDIN (FORMAT binary)")))
        buffer.bytes.reserveCapacity(Self.pieceSize + 65_536)
        buffer.bytes += Array("PGCOPY\n".utf8) + [0xff, 13, 10, 0]
        buffer.append(UInt32(0))  // flags
        buffer.append(UInt32(0))  // no extension of the header
    }

    func add(_ row: [ColumnValue]) throws {
        precondition(row.count == types.count, "a row has a value for each column")
        buffer.append(UInt16(row.count))
        for (index, value) in row.enumerated() {
            let start = buffer.bytes.count
            buffer.append(Int32(-1))
            guard value != .null else { continue }
            guard buffer.append(value, as: types[index], isVector: vectors[index]) else {
                throw DatabaseFailure(.wrongType, "The column '\(names[index])' does not take \(value.type).")
            }
            let length = Int32(clamping: buffer.bytes.count - start - 4)
            withUnsafeBytes(of: length.bigEndian) { bytes in
                for (offset, byte) in bytes.enumerated() { buffer.bytes[start + offset] = byte }
            }
        }
        guard buffer.bytes.count <= Self.largestRow else {
            throw DatabaseFailure(.wrongType, "A row is larger than 1 GiB, which PostgreSQL does not take.")
        }
        if buffer.bytes.count >= Self.pieceSize { try send() }
    }

    private func send() throws {
        let pq = connection.pq
        let code = buffer.bytes.withUnsafeBytes { bytes in
            pq.PQputCopyData(
                connection.handle, bytes.baseAddress!.assumingMemoryBound(to: CChar.self), Int32(bytes.count))
        }
        buffer.bytes.removeAll(keepingCapacity: true)
        guard code == 1 else {
            _ = try result()
            throw DatabaseFailure(.unavailable, "\(connection.place): the connection to the database broke.")
        }
    }

    func finish() throws -> Int {
        buffer.append(Int16(-1))
        do {
            try send()
        } catch {
            abort()
            throw error
        }
        _ = connection.pq.PQputCopyEnd(connection.handle, nil)
        return try result()
    }

    /// Ends without a row being kept.
    func abort() {
        _ = connection.pq.PQputCopyEnd(connection.handle, "the rows ended early")
        _ = try? result()
    }

    /// All results must be taken before the connection can do anything else.
    private func result() throws -> Int {
        let pq = connection.pq
        var count = 0
        var failure: (any Error)?
        while let result = pq.PQgetResult(connection.handle) {
            if pq.PQresultStatus(result) == PGRES_COPY_IN {
                pq.PQclear(result)
                _ = pq.PQputCopyEnd(connection.handle, "the rows ended early")
                continue
            }
            do {
                let checked = try connection.check(result)
                count = pq.changes(checked)
                pq.PQclear(checked)
            } catch let error {
                failure = failure ?? error
            }
        }
        if let failure { throw failure }
        return count
    }
}
