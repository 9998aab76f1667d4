import Database

/// How an engine keeps the user's tables. Everything happens in a transaction of the caller's.
protocol TableEngine: Sendable {
    /// Columns that a table may have.
    var mostColumns: Int { get }
    /// The user's tables as they were named, in the order of their names.
    func names(_ transaction: SQLTransaction) throws -> [String]
    /// nil where there is no such table.
    func schema(of table: TableName, _ transaction: SQLTransaction) throws -> TableSchema?
    /// A table as it stands in a statement.
    func quoted(_ table: TableName) -> String
    /// What a column is called in the database.
    func identifier(_ column: String) -> String
    /// Waits for other loads of the table.
    func lock(_ table: TableName, _ transaction: SQLTransaction) throws
    /// Makes an empty table that is to take the place of `table`.
    ///
    /// - Returns: what it is called in statements until ``publish(_:_:)``; one of an earlier call is gone.
    func create(_ table: TableName, _ schema: TableSchema, _ transaction: SQLTransaction) throws -> String
    /// Puts what ``create(_:_:_:)`` made into the place of `table`.
    func publish(_ table: TableName, _ transaction: SQLTransaction) throws
    func drop(_ table: TableName, _ transaction: SQLTransaction) throws
    func add(_ column: TableSchema.Column, to table: TableName, _ transaction: SQLTransaction) throws
    /// Why the engine cannot keep a value; nil for one that it can.
    func problem(of value: SQLValue) -> String?
    /// Runs one SELECT; see ``Warehouse/query(_:_:limits:columns:row:)``.
    func query(_ query: WarehouseQuery, _ transaction: SQLTransaction) throws -> Bool
}

extension TableEngine {
    func problem(of value: SQLValue) -> String? { nil }

    /// The columns of the tables that a statement speaks of.
    func columnsNamed(in sql: String, _ transaction: SQLTransaction) throws -> [String] {
        let tables = try names(transaction)
        let joined = SQLToken.joiningDottedNames(sql, tables: tables)
        let names = Set(SQLToken.tokens(of: joined).compactMap { $0.name?.lowercased() })
        return try tables.filter { names.contains($0.lowercased()) }
            .flatMap { try schema(of: TableName($0), transaction)?.columns.map(\.name) ?? [] }
    }

    /// The words of an engine for a name that is not there, with those that are.
    func noTable(_ name: String, _ transaction: SQLTransaction) throws -> WarehouseError {
        WarehouseError(.noSuchTable, NameAdvice.noTable(name, among: try names(transaction)))
    }

    func noColumn(_ name: String, in sql: String, _ transaction: SQLTransaction) throws -> WarehouseError {
        let columns = try columnsNamed(in: sql, transaction)
        return WarehouseError(
            .noSuchColumn,
            columns.isEmpty ? "There is no column '\(name)'." : NameAdvice.noColumn(name, among: columns))
    }
}

/// A query and where its result goes.
struct WarehouseQuery {
    let sql: String
    let parameters: [SQLValue]
    let limits: QueryLimits
    var columns: ([QueryColumn]) throws -> Void
    let row: ([SQLValue]) throws -> Void
}
