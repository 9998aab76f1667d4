import CPQ
import Glibc
import LightboxCore

/// One connection to a server, used by one thread at a time.
final class PostgresConnection {
    let pq: cpq_functions
    let handle: OpaquePointer
    let place: String
    private var prepared: [Key: Prepared] = [:]
    private var count = 0
    /// The first failure of the transaction under way, whatever became of the error that told it.
    private(set) var failure: DatabaseFailure?
    private var transaction = 0

    private struct Key: Hashable {
        let sql: String
        let types: [UInt32]
    }

    /// A statement that the server has compiled.
    private struct Prepared {
        let name: String
        let columns: SQLColumns
        let isBinary: Bool
        /// The number of the transaction that it was compiled in.
        let transaction: Int
    }

    /// How many statements are kept; then all are forgotten.
    private static let keptStatements = 500

    /// - Throws: ``DatabaseFailure`` `unavailable`.
    init(_ address: PostgresAddress, place: String) throws {
        pq = try Self.library()
        self.place = place
        // What stands behind `dbname` is not for the address to change.
        let settings = [
            ("connect_timeout", "10"), ("fallback_application_name", "lightbox"), ("tcp_user_timeout", "60000"),
            ("dbname", address.connection), ("client_encoding", "UTF8"),
        ]
        handle = try Self.connect(pq, settings, address)
        _ = pq.PQsetNoticeProcessor(handle, cpq_ignore_notice, nil)
        do {
            // Numbers as text with all their digits; no server's default may change what a statement means.
            try run("SET extra_float_digits = 3; SET standard_conforming_strings = on; SET DateStyle = ISO")
            try run("SET default_transaction_isolation = 'read committed'; SET lock_timeout = '30s'")
            // Compiling to machine code takes longer than almost any statement here.
            try run("SET jit = off")
            if let schema = address.schema { try run("SET search_path = \(SQLDialect.quoted(schema))") }
        } catch {
            pq.PQfinish(handle)
            throw error
        }
    }

    deinit { pq.PQfinish(handle) }

    static func library() throws -> cpq_functions {
        var message: UnsafePointer<CChar>?
        guard let functions = cpq_open(&message) else {
            throw DatabaseFailure(.unavailable, message.map { String(cString: $0) } ?? "libpq cannot be opened.")
        }
        return functions.pointee
    }

    private static func connect(
        _ pq: cpq_functions, _ settings: [(String, String)], _ address: PostgresAddress
    ) throws -> OpaquePointer {
        // libpq's own words for an address that it cannot read hold parts of it.
        let parsed = pq.PQconninfoParse(address.connection, nil)
        guard let parsed else {
            throw DatabaseFailure(
                .invalidAddress,
                "The setting 'database' cannot be read. Write postgres://USER@HOST:PORT/DATABASE?schema=NAME.")
        }
        pq.PQconninfoFree(parsed)
        func strings(_ texts: [String]) -> [UnsafeMutablePointer<CChar>?] { texts.map { strdup($0) } + [nil] }
        let (names, values) = (strings(settings.map(\.0)), strings(settings.map(\.1)))
        defer { for text in names + values { free(text) } }
        let handle = names.map { $0.map { UnsafePointer($0) } }.withUnsafeBufferPointer { names in
            values.map { $0.map { UnsafePointer($0) } }.withUnsafeBufferPointer { values in
                pq.PQconnectdbParams(names.baseAddress!, values.baseAddress!, 1)
            }
        }
        guard let handle else { throw DatabaseFailure(.unavailable, "There is no memory for a connection.") }
        guard pq.PQstatus(handle) == CONNECTION_OK else {
            let message = address.cleaned(pq.PQerrorMessage(handle).map { String(cString: $0) } ?? "")
            pq.PQfinish(handle)
            throw DatabaseFailure(.unavailable, "The database does not answer: \(message)", engineCode: "08001")
        }
        return handle
    }

    /// A statement was stopped: the word to stop may reach the server late, and must meet no other statement.
    var isSpent = false
    var isBroken: Bool { pq.PQstatus(handle) != CONNECTION_OK }
    var isIdle: Bool { pq.PQtransactionStatus(handle) == PQTRANS_IDLE }
    var serverVersion: Int { Int(pq.PQserverVersion(handle)) }

    // MARK: Statements

    /// Runs statements without arguments.
    ///
    /// - Returns: the last one's tag, as `COMMIT`.
    @discardableResult
    func run(_ sql: String) throws -> String {
        let result = try check(pq.PQexec(handle, sql))
        defer { pq.PQclear(result) }
        return pq.PQcmdStatus(result).map { String(cString: $0) } ?? ""
    }

    func execute(_ sql: String, _ arguments: [ColumnValue]) throws -> Int {
        let (result, _, _) = try perform(sql, arguments)
        defer { pq.PQclear(result) }
        return pq.changes(result)
    }

    func rows(_ sql: String, _ arguments: [ColumnValue], limit: Int) throws -> [SQLRow] {
        let (result, columns, isBinary) = try perform(sql, arguments)
        let held = PostgresResult(result, pq, isBinary: isBinary)
        return (0..<min(limit, held.rowCount)).map { SQLRow(columns, PostgresRow(result: held, row: $0)) }
    }

    /// Compiles the statement for the types of its arguments, once, and runs it.
    private func perform(
        _ sql: String, _ arguments: [ColumnValue]
    ) throws -> (OpaquePointer, SQLColumns, isBinary: Bool) {
        let types = arguments.map(PostgresType.of)
        let statement = try prepare(Key(sql: sql, types: types))
        isOld = statement.transaction != transaction
        defer { isOld = false }
        let result = try withParameters(arguments) { values, lengths, formats in
            try check(
                pq.PQexecPrepared(
                    handle, statement.name, Int32(arguments.count), values, lengths, formats,
                    statement.isBinary ? 1 : 0))
        }
        return (result, statement.columns, statement.isBinary)
    }

    /// Whether the statement that runs was compiled before this transaction.
    private var isOld = false
    /// Whether a failure came of a table that has changed since a statement was compiled.
    private(set) var isOutdated = false

    /// Begins a transaction.
    func begin(_ mode: String) throws {
        (failure, isOutdated) = (nil, false)
        transaction += 1
        try run("BEGIN " + mode)
    }

    /// Compiles all statements anew.
    func forget() throws {
        prepared = [:]
        try run("DEALLOCATE ALL")
    }

    private func prepare(_ key: Key) throws -> Prepared {
        if let found = prepared[key] { return found }
        if prepared.count >= Self.keptStatements {
            try forget()
        }
        count += 1
        let name = "lb\(count)"
        let numbered = SQLDialect.numbered(key.sql)
        pq.PQclear(try check(pq.PQprepare(handle, name, numbered, Int32(key.types.count), key.types)))
        let described = try check(pq.PQdescribePrepared(handle, name))
        defer { pq.PQclear(described) }
        let (columns, types) = fields(described)
        let statement = Prepared(
            name: name, columns: columns, isBinary: PostgresType.areBinary(types),
            transaction: transaction)
        prepared[key] = statement
        return statement
    }

    func fields(_ result: OpaquePointer) -> (SQLColumns, [UInt32]) {
        let count = pq.PQnfields(result)
        return (
            SQLColumns((0..<count).map { pq.PQfname(result, $0).map { String(cString: $0) } ?? "" }),
            (0..<count).map { pq.PQftype(result, $0) }
        )
    }

    /// Gives the values in binary form.
    func withParameters<Result>(
        _ values: [ColumnValue],
        _ body: (
            UnsafePointer<UnsafePointer<CChar>?>?, UnsafePointer<Int32>?, UnsafePointer<Int32>?
        ) throws -> Result
    ) throws -> Result {
        var buffer = PostgresBytes()
        var ranges: [Range<Int>?] = []
        for value in values {
            guard value != .null else {
                ranges.append(nil)
                continue
            }
            let start = buffer.bytes.count
            _ = buffer.append(value, as: PostgresType.of(value))
            ranges.append(start..<buffer.bytes.count)
        }
        buffer.bytes.append(0)  // so that an empty value has an address too
        return try buffer.bytes.withUnsafeBytes { bytes in
            let base = bytes.baseAddress!.assumingMemoryBound(to: CChar.self)
            let pointers: [UnsafePointer<CChar>?] = ranges.map { $0.map { base + $0.lowerBound } }
            return try body(
                pointers, ranges.map { Int32($0?.count ?? 0) }, [Int32](repeating: 1, count: values.count))
        }
    }

    /// - Returns: a result that is no error; whoever gets it clears it.
    func check(_ result: OpaquePointer?) throws -> OpaquePointer {
        let status = pq.PQresultStatus(result)
        switch status {
        case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_SINGLE_TUPLE, PGRES_COPY_IN, PGRES_EMPTY_QUERY:
            if let result { return result }
        default: break
        }
        defer { pq.PQclear(result) }
        let failure =
            isBroken
            ? DatabaseFailure(.unavailable, "\(place): the connection to the database broke.", engineCode: "08006")
            : DatabaseFailure(postgres: result, pq, place)
        if self.failure == nil {
            self.failure = failure
            // "cached plan must not change result type": a newer server has migrated the tables.
            isOutdated = isOld && failure.engineCode == "0A000"
        }
        throw failure
    }
}

extension cpq_functions {
    /// How many rows a statement has changed.
    func changes(_ result: OpaquePointer?) -> Int {
        PQcmdTuples(result).flatMap { Int(String(cString: $0)) } ?? 0
    }
}

/// Rows that came from a server.
final class PostgresResult {
    let handle: OpaquePointer
    let pq: cpq_functions
    let isBinary: Bool
    let rowCount: Int

    init(_ handle: OpaquePointer, _ pq: cpq_functions, isBinary: Bool) {
        (self.handle, self.pq, self.isBinary) = (handle, pq, isBinary)
        rowCount = Int(pq.PQntuples(handle))
    }

    deinit { pq.PQclear(handle) }
}

struct PostgresRow: SQLRow.Source {
    let result: PostgresResult
    let row: Int

    func value(at index: Int) throws -> ColumnValue {
        let (pq, handle, row, column) = (result.pq, result.handle, Int32(row), Int32(index))
        if pq.PQgetisnull(handle, row, column) != 0 { return .null }
        guard let bytes = pq.PQgetvalue(handle, row, column) else { return .null }
        let type = pq.PQftype(handle, column)
        let buffer = UnsafeRawBufferPointer(start: bytes, count: Int(pq.PQgetlength(handle, row, column)))
        if !result.isBinary { return ColumnValue(text: String(decoding: buffer, as: UTF8.self), type: type) }
        guard let value = ColumnValue(binary: buffer, type: type) else {
            throw DatabaseFailure(.wrongType, "A column holds an array that is not one of numbers.")
        }
        return value
    }
}
