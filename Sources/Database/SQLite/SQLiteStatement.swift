import GRDB
import GRDBSQLite

/// A compiled statement, bound, stepped and read through SQLite's own interface.
final class SQLiteStatement: SQLPrepared {
    private let statement: Statement  // keeps the handle alive
    private let handle: OpaquePointer
    private let session: SQLiteSession
    private(set) lazy var columns = SQLColumns(
        (0..<sqlite3_column_count(handle)).map { String(cString: sqlite3_column_name(handle, $0)) })

    init(_ statement: Statement, _ session: SQLiteSession) {
        (self.statement, self.session) = (statement, session)
        handle = statement.sqliteStatement
    }

    func reset() { sqlite3_reset(handle) }

    func bind(_ values: [ColumnValue]) throws {
        sqlite3_reset(handle)
        guard values.count == Int(sqlite3_bind_parameter_count(handle)) else {
            throw DatabaseFailure(
                .invalidSQL,
                "The statement has \(sqlite3_bind_parameter_count(handle)) arguments; \(values.count) were given.")
        }
        for (index, value) in values.enumerated() {
            let code = Self.bind(value, handle, Int32(index + 1))
            guard code == SQLITE_OK else { throw session.failure(code) }
        }
    }

    /// SQLite takes a copy.
    private static let transient = unsafeBitCast(-1, to: sqlite3_destructor_type.self)

    private static func bind(_ value: ColumnValue, _ handle: OpaquePointer, _ index: Int32) -> Int32 {
        switch value {
        case .null: return sqlite3_bind_null(handle, index)
        case .integer(let number): return sqlite3_bind_int64(handle, index, number)
        case .real(let number): return sqlite3_bind_double(handle, index, number)
        case .boolean(let flag): return sqlite3_bind_int64(handle, index, flag ? 1 : 0)
        case .text(var text):
            return text.withUTF8 { bytes in
                bytes.withMemoryRebound(to: CChar.self) {
                    sqlite3_bind_text64(
                        handle, index, $0.baseAddress ?? empty, UInt64($0.count), transient, UInt8(SQLITE_UTF8))
                }
            }
        case .blob(let bytes): return bytes.withUnsafeBytes { bind($0, handle, index) }
        case .vector(let numbers):
            #if _endian(little)
                return numbers.withUnsafeBytes { bind($0, handle, index) }
            #else
                return numbers.map(\.bitPattern.littleEndian).withUnsafeBytes { bind($0, handle, index) }
            #endif
        }
    }

    // An empty array has no address, which SQLite would take for NULL.
    private static func bind(_ bytes: UnsafeRawBufferPointer, _ handle: OpaquePointer, _ index: Int32) -> Int32 {
        bytes.isEmpty
            ? sqlite3_bind_zeroblob(handle, index, 0)
            : sqlite3_bind_blob64(handle, index, bytes.baseAddress, UInt64(bytes.count), transient)
    }

    private nonisolated(unsafe) static let empty: UnsafePointer<CChar> = {
        // Read-only, for ever.
        let pointer = UnsafeMutablePointer<CChar>.allocate(capacity: 1)
        pointer.initialize(to: 0)
        return UnsafePointer(pointer)
    }()

    /// - Returns: a view of the next row; nil at the end.
    func step() throws -> SQLRow? {
        switch sqlite3_step(handle) {
        case SQLITE_ROW: return SQLRow(columns, SQLiteRow(handle: handle))
        case SQLITE_DONE:
            reset()
            return nil
        case let code:
            let failure = session.failure(code)
            reset()
            throw failure
        }
    }

    func execute(_ arguments: [ColumnValue]) throws -> Int {
        try bind(arguments)
        while true {
            switch sqlite3_step(handle) {
            case SQLITE_ROW: continue
            case SQLITE_DONE:
                let count = sqlite3_stmt_readonly(handle) != 0 ? 0 : session.changes()
                reset()
                return count
            case let code:
                let failure = session.failure(code)
                reset()
                throw failure
            }
        }
    }

    func all(_ arguments: [ColumnValue], limit: Int) throws -> [SQLRow] {
        try bind(arguments)
        defer { reset() }
        var rows: [SQLRow] = []
        while rows.count < limit, let row = try step() { rows.append(try row.copied()) }
        return rows
    }
}

/// The row that a statement stands on.
struct SQLiteRow: SQLRow.Source {
    let handle: OpaquePointer

    func value(at index: Int) -> ColumnValue {
        let column = Int32(index)
        switch sqlite3_column_type(handle, column) {
        case SQLITE_INTEGER: return .integer(sqlite3_column_int64(handle, column))
        case SQLITE_FLOAT: return .real(sqlite3_column_double(handle, column))
        case SQLITE_TEXT:
            guard let text = sqlite3_column_text(handle, column) else { return .null }
            let bytes = UnsafeBufferPointer(start: text, count: Int(sqlite3_column_bytes(handle, column)))
            return .text(String(decoding: bytes, as: UTF8.self))
        case SQLITE_BLOB:
            let bytes = sqlite3_column_blob(handle, column)
            return .blob(
                Array(UnsafeRawBufferPointer(start: bytes, count: Int(sqlite3_column_bytes(handle, column)))))
        default: return .null
        }
    }
}
