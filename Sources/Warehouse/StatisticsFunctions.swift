import GRDBSQLite

/// `variance` and `stddev` (of a sample, as in BigQuery) and their `_pop` forms, which SQLite lacks and PostgreSQL has.
///
/// NULLs are left out; fewer than two numbers (none, for `_pop`) give NULL.
enum StatisticsFunctions {
    static func register(on connection: OpaquePointer) {
        add("variance", to: connection) { Spread.result($0, isSample: true, isRoot: false) }
        add("stddev", to: connection) { Spread.result($0, isSample: true, isRoot: true) }
        add("var_pop", to: connection) { Spread.result($0, isSample: false, isRoot: false) }
        add("stddev_pop", to: connection) { Spread.result($0, isSample: false, isRoot: true) }
    }

    private static func add(
        _ name: String, to connection: OpaquePointer, _ final: @convention(c) (OpaquePointer?) -> Void
    ) {
        let step: VectorFunctions.Body = { context, _, arguments in Spread.step(context, arguments?[0]) }
        let flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS
        let status = sqlite3_create_function_v2(connection, name, 1, flags, nil, nil, step, final, nil)
        precondition(status == SQLITE_OK, "out of memory")
    }
}

/// Welford's running sum of squared differences from the mean (Technometrics 1962), which does not cancel.
///
/// SQLite keeps one for each group, zeros at first.
private struct Spread {
    private var count: Double
    private var mean: Double
    private var squares: Double

    private static func at(_ context: OpaquePointer?, _ size: Int) -> UnsafeMutablePointer<Spread>? {
        sqlite3_aggregate_context(context, Int32(size))?.assumingMemoryBound(to: Spread.self)
    }

    static func step(_ context: OpaquePointer?, _ value: OpaquePointer?) {
        let type = sqlite3_value_type(value)
        guard type == SQLITE_INTEGER || type == SQLITE_FLOAT else { return }
        guard let spread = at(context, MemoryLayout<Spread>.size) else {
            return sqlite3_result_error_nomem(context)
        }
        let number = sqlite3_value_double(value)
        spread.pointee.count += 1
        let difference = number - spread.pointee.mean
        spread.pointee.mean += difference / spread.pointee.count
        spread.pointee.squares += difference * (number - spread.pointee.mean)
    }

    static func result(_ context: OpaquePointer?, isSample: Bool, isRoot: Bool) {
        guard let spread = at(context, 0)?.pointee else { return sqlite3_result_null(context) }
        let divisor = isSample ? spread.count - 1 : spread.count
        guard divisor > 0 else { return sqlite3_result_null(context) }
        let variance = spread.squares / divisor
        sqlite3_result_double(context, isRoot ? variance.squareRoot() : variance)
    }
}
