import GRDBSQLite

/// The SQL functions over vectors, which read the numbers where SQLite has them.
///
/// | function | gives |
/// |---|---|
/// | `cosine_similarity(a, b)` | −1...1; NULL when one vector is all zeros |
/// | `dot(a, b)` | the sum of products |
/// | `l2_distance(a, b)` | the Euclidean distance |
/// | `vector_length(v)` | how many numbers |
/// | `vector_at(v, i)` | the number at `i`, counted from 0 |
/// | `vector_json(v)` | a JSON array |
/// | `vector(text)` | the vector that a JSON array of numbers says |
///
/// A NULL argument gives NULL. Two vectors of different lengths, an index outside, and an argument of another
/// type are errors that say so.
enum VectorFunctions {
    typealias Arguments = UnsafeMutablePointer<OpaquePointer?>
    typealias Body = @convention(c) (OpaquePointer?, Int32, Arguments?) -> Void

    static func register(on connection: OpaquePointer) {
        add("cosine_similarity", 2, to: connection) { context, _, arguments in
            VectorFunctions.pair(context, arguments, "cosine_similarity", VectorBytes.cosine)
        }
        add("dot", 2, to: connection) { context, _, arguments in
            VectorFunctions.pair(context, arguments, "dot", VectorBytes.dot)
        }
        add("l2_distance", 2, to: connection) { context, _, arguments in
            VectorFunctions.pair(context, arguments, "l2_distance") {
                VectorBytes.squaredDistance($0, $1).squareRoot()
            }
        }
        add("vector_length", 1, to: connection) { context, _, arguments in
            VectorFunctions.one(context, arguments, "vector_length") {
                sqlite3_result_int64(context, Int64($0.count))
            }
        }
        add("vector_json", 1, to: connection) { context, _, arguments in
            VectorFunctions.one(context, arguments, "vector_json") {
                VectorFunctions.result(context, text: JSONText.array($0.floats))
            }
        }
        add("vector_at", 2, to: connection) { context, _, arguments in
            VectorFunctions.one(context, arguments, "vector_at") {
                VectorFunctions.element(context, $0, arguments?[1])
            }
        }
        add("vector", 1, to: connection) { context, _, arguments in
            VectorFunctions.parse(context, arguments?[0])
        }
    }

    private static func add(_ name: String, _ count: Int32, to connection: OpaquePointer, _ body: Body) {
        let flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS
        let status = sqlite3_create_function_v2(connection, name, count, flags, nil, body, nil, nil, nil)
        precondition(status == SQLITE_OK, "out of memory")
    }

    private static func pair(
        _ context: OpaquePointer?, _ arguments: Arguments?, _ name: String,
        _ body: (VectorBytes, VectorBytes) -> Double?
    ) {
        guard let a = vector(context, arguments?[0], name), let b = vector(context, arguments?[1], name) else {
            return
        }
        guard a.count == b.count else {
            return fail(context, "\(name): the vectors have \(a.count) and \(b.count) numbers")
        }
        guard let number = body(a, b) else { return sqlite3_result_null(context) }
        sqlite3_result_double(context, number)
    }

    private static func one(
        _ context: OpaquePointer?, _ arguments: Arguments?, _ name: String, _ body: (VectorBytes) -> Void
    ) {
        if let vector = vector(context, arguments?[0], name) { body(vector) }
    }

    /// nil when the result (NULL or an error) is already set.
    private static func vector(_ context: OpaquePointer?, _ value: OpaquePointer?, _ name: String) -> VectorBytes?
    {
        switch sqlite3_value_type(value) {
        case SQLITE_NULL: sqlite3_result_null(context)
        case SQLITE_BLOB:
            let base = sqlite3_value_blob(value)
            let count = Int(sqlite3_value_bytes(value))
            if count % 4 == 0 { return VectorBytes(base, count) }
            fail(context, "\(name): a vector has a multiple of four bytes, this has \(count)")
        case SQLITE_TEXT: fail(context, "\(name): this is text; make a vector of it with vector('[…]')")
        default: fail(context, "\(name): this is a number and not a vector")
        }
        return nil
    }

    private static func element(_ context: OpaquePointer?, _ vector: VectorBytes, _ index: OpaquePointer?) {
        guard sqlite3_value_type(index) != SQLITE_NULL else { return sqlite3_result_null(context) }
        let position = sqlite3_value_int64(index)
        guard sqlite3_value_type(index) == SQLITE_INTEGER, (0..<Int64(vector.count)).contains(position) else {
            return fail(
                context, "vector_at: a vector of \(vector.count) numbers has indices 0...\(vector.count - 1)")
        }
        sqlite3_result_double(context, Double(vector[Int(position)]))
    }

    private static func parse(_ context: OpaquePointer?, _ value: OpaquePointer?) {
        switch sqlite3_value_type(value) {
        case SQLITE_NULL: sqlite3_result_null(context)
        case SQLITE_BLOB: sqlite3_result_value(context, value)
        default:
            let text = UnsafeRawBufferPointer(
                start: sqlite3_value_text(value), count: Int(sqlite3_value_bytes(value)))
            guard let numbers = JSONText.floats(text) else {
                return fail(context, "vector: this is not a JSON array of numbers, such as '[0.5, 1]'")
            }
            numbers.withUnsafeBytes {
                sqlite3_result_blob64(context, $0.baseAddress, UInt64($0.count), sqliteCopies)
            }
        }
    }

    private static func result(_ context: OpaquePointer?, text: String) {
        sqlite3_result_text(context, text, Int32(text.utf8.count), sqliteCopies)
    }

    private static func fail(_ context: OpaquePointer?, _ message: String) {
        sqlite3_result_error(context, message, Int32(message.utf8.count))
    }
}
