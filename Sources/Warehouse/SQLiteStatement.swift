import GRDBSQLite
import LightboxCore

/// One prepared statement, stepped by hand: cells go in and out without a copy more than SQLite needs.
struct SQLiteStatement: ~Copyable {
    private let connection: OpaquePointer
    let handle: OpaquePointer

    /// - Throws: ``SQLiteFailure``; more than one statement is refused.
    init(_ connection: OpaquePointer, _ sql: String) throws {
        var statement: OpaquePointer?
        var text = sql
        let rest = try text.withUTF8 { utf8 in
            var tail: UnsafePointer<CChar>?
            let status = utf8.withMemoryRebound(to: CChar.self) {
                sqlite3_prepare_v2(connection, $0.baseAddress, Int32($0.count), &statement, &tail)
            }
            guard status == SQLITE_OK else { throw SQLiteFailure(connection, status) }
            let start = UnsafeRawPointer(utf8.baseAddress)
            let used = start.flatMap { start in tail.map { UnsafeRawPointer($0) - start } } ?? utf8.count
            return String(decoding: utf8[min(used, utf8.count)...], as: UTF8.self)
        }
        let isOne = SQLToken.tokens(of: rest).allSatisfy { $0.kind == .space || $0.text == ";" }
        guard let statement, isOne else {
            sqlite3_finalize(statement)
            throw WarehouseError(
                .invalidSQL, isOne ? "There is no SQL statement in the text." : "Give one SQL statement at a time."
            )
        }
        self.connection = connection
        handle = statement
    }

    deinit { sqlite3_finalize(handle) }

    /// - Parameter index: from 1, as in SQLite.
    func bind(_ value: SQLValue, at index: Int32) throws {
        let status: Int32
        switch value {
        case .null: status = sqlite3_bind_null(handle, index)
        case .integer(let number): status = sqlite3_bind_int64(handle, index, number)
        case .real(let number): status = sqlite3_bind_double(handle, index, number)
        case .boolean(let flag): status = sqlite3_bind_int64(handle, index, flag ? 1 : 0)
        case .text(let text), .json(let text):
            status = sqlite3_bind_text(handle, index, text, Int32(text.utf8.count), sqliteCopies)
        case .vector(let values):
            status = values.withUnsafeBytes { bytes in
                bytes.isEmpty
                    ? sqlite3_bind_zeroblob(handle, index, 0)
                    : sqlite3_bind_blob64(handle, index, bytes.baseAddress, UInt64(bytes.count), sqliteCopies)
            }
        }
        guard status == SQLITE_OK else { throw SQLiteFailure(connection, status) }
    }

    /// Whether there is a row to read.
    func step() throws -> Bool {
        switch sqlite3_step(handle) {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        case let status: throw SQLiteFailure(connection, status)
        }
    }

    /// Makes ready for the next row: parameters that are not bound again are NULL.
    func clear() {
        sqlite3_reset(handle)
        sqlite3_clear_bindings(handle)
    }

    var parameterCount: Int { Int(sqlite3_bind_parameter_count(handle)) }
    var columnCount: Int { Int(sqlite3_column_count(handle)) }
    var isReadOnly: Bool { sqlite3_stmt_readonly(handle) != 0 }

    func columnName(_ index: Int) -> String {
        sqlite3_column_name(handle, Int32(index)).map { String(cString: $0) } ?? "column\(index + 1)"
    }

    /// The declared type of a result column that is a table's column; nil for an expression.
    func columnType(_ index: Int) -> ColumnType? {
        sqlite3_column_decltype(handle, Int32(index)).flatMap {
            ColumnType(declaration: String(cString: $0).uppercased())
        }
    }

    /// The cell of the present row. Every BLOB is a vector here: no other kind is ever stored.
    func value(_ index: Int, declared: ColumnType?) -> SQLValue {
        let column = Int32(index)
        switch sqlite3_column_type(handle, column) {
        case SQLITE_INTEGER:
            let number = sqlite3_column_int64(handle, column)
            return declared == .boolean ? .boolean(number != 0) : .integer(number)
        case SQLITE_FLOAT: return .real(sqlite3_column_double(handle, column))
        case SQLITE_TEXT:
            let bytes = sqlite3_column_text(handle, column)
            let count = Int(sqlite3_column_bytes(handle, column))
            let text = String(
                decoding: UnsafeBufferPointer(start: bytes, count: bytes == nil ? 0 : count), as: UTF8.self)
            return declared == .json ? .json(text) : .text(text)
        case SQLITE_BLOB:
            let bytes = sqlite3_column_blob(handle, column)
            return .vector(VectorBytes(bytes, Int(sqlite3_column_bytes(handle, column))).floats)
        default: return .null
        }
    }
}

/// Tells SQLite to copy what it is given before the call returns.
let sqliteCopies = unsafeBitCast(-1, to: sqlite3_destructor_type.self)

/// SQLite's own words for a failure, before they are put into ours.
struct SQLiteFailure: Error {
    let code: Int32
    let message: String
    /// Where in the statement, in bytes; nil when SQLite does not say.
    let offset: Int?

    init(_ connection: OpaquePointer, _ status: Int32) {
        code = status & 0xff
        message = String(cString: sqlite3_errmsg(connection))
        let offset = sqlite3_error_offset(connection)
        self.offset = offset >= 0 ? Int(offset) : nil
    }
}
