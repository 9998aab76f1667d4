/// A column of a result.
public struct QueryColumn: Sendable, Hashable {
    public let name: String
    /// Known when the column is a table's; nil for an expression.
    public let type: ColumnType?

    public init(name: String, type: ColumnType?) {
        self.name = name
        self.type = type
    }
}

/// A result that fits in memory.
public struct QueryResult: Sendable, Hashable {
    public var columns: [QueryColumn] = []
    public var rows: [[SQLValue]] = []
    /// Whether there were more rows than the limit.
    public var isTruncated = false
}

/// When a query stops.
public struct QueryLimits: Sendable {
    /// Rows; nil for all.
    public var rows: Int?
    public var time: Duration?
    /// Asked every few milliseconds from the thread that runs the query.
    public var isCancelled: @Sendable () -> Bool

    public init(rows: Int? = nil, time: Duration? = nil, isCancelled: @escaping @Sendable () -> Bool = { false }) {
        self.rows = rows
        self.time = time
        self.isCancelled = isCancelled
    }
}

extension Warehouse {
    /// Runs one SELECT on a connection that cannot write.
    ///
    /// - Parameter parameters: what stands for `?`, in order.
    /// - Throws: ``WarehouseError``; for a name that does not exist it lists those that do.
    public func query(
        _ sql: String, _ parameters: [SQLValue] = [], limits: QueryLimits = QueryLimits()
    ) throws -> QueryResult {
        var result = QueryResult()
        var rows: [[SQLValue]] = []
        result.isTruncated = try query(
            sql, parameters, limits: limits, columns: { result.columns = $0 }, row: { rows.append($0) })
        result.rows = rows
        return result
    }

    /// The same, with each row given to `row` as it comes, so that the size of the result does not matter.
    ///
    /// - Parameter columns: called once, before the first row.
    /// - Returns: whether there were more rows than the limit.
    @discardableResult
    public func query(
        _ sql: String, _ parameters: [SQLValue] = [], limits: QueryLimits = QueryLimits(),
        columns: ([QueryColumn]) throws -> Void, row: ([SQLValue]) throws -> Void
    ) throws -> Bool {
        try Self.checkReads(sql)
        return try withoutActuallyEscaping(columns) { columns in
            try withoutActuallyEscaping(row) { row in
                try run(
                    WarehouseQuery(sql: sql, parameters: parameters, limits: limits, columns: columns, row: row))
            }
        }
    }

    private func run(_ query: WarehouseQuery) throws -> Bool {
        var query = query
        var hasBegun = false
        let report = query.columns
        query.columns = {
            hasBegun = true
            try report($0)
        }
        do {
            return try read { transaction in
                guard !hasBegun else {
                    throw WarehouseError(
                        .storage, "The connection to the database broke in the middle of a result.")
                }
                return try engine.query(query, transaction)
            }
        } catch let missing as MissingName {
            throw try read { transaction in
                try missing.isTable
                    ? engine.noTable(missing.name, transaction)
                    : engine.noColumn(missing.name, in: query.sql, transaction)
            }
        }
    }

    private static func checkReads(_ sql: String) throws {
        let first = SQLToken.tokens(of: sql).first { $0.kind != .space && $0.text != "(" }
        guard let first else { throw WarehouseError(.invalidSQL, "There is no SQL statement in the text.") }
        guard ["select", "with", "values", "explain"].contains(first.text.lowercased()) else {
            throw WarehouseError(
                .readOnly, "A query starts with SELECT, WITH or VALUES; '\(first.text)' is not run here.")
        }
    }
}

/// Ends a query that runs too long or is no longer wanted.
struct QueryDeadline {
    private let limits: QueryLimits
    private let end: ContinuousClock.Instant?

    init(_ limits: QueryLimits) {
        self.limits = limits
        end = limits.time.map { ContinuousClock.now + $0 }
    }

    /// Why the query is to stop now; nil while it may go on.
    func error() -> WarehouseError? {
        if limits.isCancelled() { return WarehouseError(.cancelled, "The query was cancelled.") }
        guard let end, ContinuousClock.now > end, let time = limits.time else { return nil }
        return WarehouseError(
            .timeLimit, "The query took longer than \(time). Narrow it, or allow more time.")
    }
}
