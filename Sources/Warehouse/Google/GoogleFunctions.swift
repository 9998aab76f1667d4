import GRDBSQLite
import LightboxCore
import Synchronization

/// Functions of GoogleSQL that SQLite lacks or means differently; ``PostgresGoogleFunctions`` has the same for PostgreSQL.
///
/// Their names begin with `lightbox_`, since statements call them that were put into SQLite's words. A NULL among the
/// arguments gives NULL; what has no answer is an error with GoogleSQL's words for it.
enum GoogleFunctions {
    typealias Arguments = VectorFunctions.Arguments

    static func register(on connection: OpaquePointer) {
        for (name, counts, body) in texts + numbers + casts + dates {
            for count in counts { add(name, count, to: connection, isConstant: true, body) }
        }
        add("lightbox_random", 0, to: connection, isConstant: false) { context, _, _ in
            sqlite3_result_double(context, Double.random(in: 0..<1))
        }
        add("lightbox_uuid", 0, to: connection, isConstant: false) { context, _, _ in
            GoogleFunctions.give(context, GoogleFunctions.uuid())
        }
    }

    private static func add(
        _ name: String, _ count: Int32, to connection: OpaquePointer, isConstant: Bool,
        _ body: @escaping VectorFunctions.Body
    ) {
        let flags = SQLITE_UTF8 | SQLITE_INNOCUOUS | (isConstant ? SQLITE_DETERMINISTIC : 0)
        let status = sqlite3_create_function_v2(connection, name, count, flags, nil, body, nil, nil, nil)
        precondition(status == SQLITE_OK, "out of memory")
    }

    typealias Entry = (String, ClosedRange<Int32>, VectorFunctions.Body)

    // MARK: Arguments and results

    /// Whether an argument is NULL, which is the result then.
    static func isNull(_ context: OpaquePointer?, _ count: Int32, _ arguments: Arguments?) -> Bool {
        for index in 0..<Int(count) where sqlite3_value_type(arguments?[index]) == SQLITE_NULL {
            sqlite3_result_null(context)
            return true
        }
        return false
    }

    static func text(_ arguments: Arguments?, _ index: Int) -> String {
        let value = arguments?[index]
        let bytes = sqlite3_value_text(value)
        return String(
            decoding: UnsafeBufferPointer(start: bytes, count: bytes == nil ? 0 : Int(sqlite3_value_bytes(value))),
            as: UTF8.self)
    }

    static func integer(_ arguments: Arguments?, _ index: Int) -> Int {
        Int(sqlite3_value_int64(arguments?[index]))
    }
    static func real(_ arguments: Arguments?, _ index: Int) -> Double { sqlite3_value_double(arguments?[index]) }

    static func give(_ context: OpaquePointer?, _ text: String?) {
        guard var text else { return sqlite3_result_null(context) }
        text.withUTF8 {
            $0.withMemoryRebound(to: CChar.self) {
                sqlite3_result_text(context, $0.baseAddress, Int32($0.count), sqliteCopies)
            }
        }
    }

    static func give(_ context: OpaquePointer?, _ flag: Bool) { sqlite3_result_int(context, flag ? 1 : 0) }
    static func give(_ context: OpaquePointer?, _ number: Int) { sqlite3_result_int64(context, Int64(number)) }
    static func give(_ context: OpaquePointer?, _ number: Double) {
        // SQLite has no such value.
        number.isNaN ? sqlite3_result_null(context) : sqlite3_result_double(context, number)
    }

    static func fail(_ context: OpaquePointer?, _ words: String) {
        sqlite3_result_error(context, words, Int32(words.utf8.count))
    }

    private static func uuid() -> String {
        var bytes = (0..<16).map { _ in UInt8.random(in: .min ... .max) }
        bytes[6] = bytes[6] & 0x0f | 0x40
        bytes[8] = bytes[8] & 0x3f | 0x80
        let digits = bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }
        return [0..<4, 4..<6, 6..<8, 8..<10, 10..<16].map { digits[$0].joined() }.joined(separator: "-")
    }

    // MARK: Patterns

    /// Patterns that were read lately: a statement has few, and many rows.
    private static let patterns = Mutex<[String: LinearPattern]>([:])

    /// nil when the error is told.
    static func pattern(_ context: OpaquePointer?, _ text: String) -> LinearPattern? {
        if let known = patterns.withLock({ $0[text] }) { return known }
        do {
            let pattern = try LinearPattern(text)
            patterns.withLock { patterns in
                if patterns.count >= 64 { patterns.removeAll() }
                patterns[text] = pattern
            }
            return pattern
        } catch let problem as LinearPattern.Problem {
            fail(context, "Cannot parse regular expression: \(problem.words)")
        } catch {
            fail(context, "Cannot parse regular expression")
        }
        return nil
    }
}
