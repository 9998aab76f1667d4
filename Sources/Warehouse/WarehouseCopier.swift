public import Database

/// Copies the user's tables, with what is known of their loads, from one warehouse to another, whatever their engines.
public struct WarehouseCopier {
    private let overwrites: Bool

    /// - Parameter overwrites: whether tables of the same names in the target are replaced.
    public init(overwrites: Bool = false) { self.overwrites = overwrites }

    /// Copies all tables in one transaction of the target. Views are left out.
    ///
    /// - Throws: ``WarehouseError`` when the target has such a table, or another number of rows in the end.
    public func copy(from source: Warehouse, to target: Warehouse) throws -> [DatabaseCopier.Table] {
        try target.write { into in
            try source.read { reading in
                var copied: [DatabaseCopier.Table] = []
                for name in try source.engine.names(reading) {
                    guard let table = try? TableName(name), try !source.isView(table, reading),
                        let schema = try source.engine.schema(of: table, reading)
                    else { continue }
                    let isThere = try target.engine.schema(of: table, into) != nil
                    guard overwrites || !isThere else {
                        throw WarehouseError(
                            .tableExists,
                            "The warehouse of the target has a table '\(table)'. Pass --overwrite to replace it.")
                    }
                    let rows = try copy(
                        table, schema, from: (source.engine, reading), to: (target.engine, into))
                    try copyLoads(of: table, from: reading, to: into)
                    copied.append(.init(name: table.description, rows: rows))
                }
                return copied
            }
        }
    }

    private typealias Place = (engine: any TableEngine, transaction: SQLTransaction)

    private func copy(_ table: TableName, _ schema: TableSchema, from source: Place, to target: Place) throws
        -> Int
    {
        try target.engine.lock(table, target.transaction)
        let place = try target.engine.create(table, schema, target.transaction)
        let types = schema.columns.map(\.type)
        let list = schema.columns.map { SQLDialect.quoted(source.engine.identifier($0.name)) }
        let from = source.engine.quoted(table)
        let cursor = try source.transaction.cursor("SELECT \(list.joined(separator: ", ")) FROM \(from)")
        var number = 0
        let names = schema.columns.map { target.engine.identifier($0.name) }
        let written = try target.transaction.copy(into: place, columns: names) { copy in
            while let row = try cursor.next() {
                number += 1
                let values = zip(try row.values(), types).map { SQLValue($0, as: $1) }
                for (value, column) in zip(values, schema.columns) {
                    guard let problem = target.engine.problem(of: value) else { continue }
                    throw WarehouseError(
                        .typeMismatch, "Table '\(table)', row \(number): column '\(column.name)' \(problem).")
                }
                do {
                    try copy.add(values.map { ColumnValue($0) })
                } catch let failure as DatabaseFailure where failure.code == .wrongType {
                    throw WarehouseError(.typeMismatch, "Table '\(table)', row \(number): \(failure.description)")
                }
            }
        }
        let there: Int? = try source.transaction.scalar("SELECT count(*) FROM \(from)")
        let here: Int? = try target.transaction.scalar("SELECT count(*) FROM \(place)")
        guard there == written, here == written else {
            throw WarehouseError(.storage, "The table '\(table)' has another number of rows than its copy.")
        }
        try target.engine.publish(table, target.transaction)
        return written
    }

    private func copyLoads(of table: TableName, from source: SQLTransaction, to target: SQLTransaction) throws {
        try Warehouse.forgetLoads(of: table, target)
        let columns = "table_name, source, source_sha256, notes, loaded_at, rows"
        let loads = try source.all(
            "SELECT \(columns) FROM lightbox_provenance WHERE lower(table_name) = ? ORDER BY id",
            [table.description.lowercased()])
        for load in loads {
            try target.execute(
                "INSERT INTO lightbox_provenance (\(columns)) VALUES (?, ?, ?, ?, ?, ?)",
                SQLArguments(values: try load.values()))
        }
    }
}

extension Warehouse {
    func isView(_ table: TableName, _ transaction: SQLTransaction) throws -> Bool {
        let count: Int? =
            switch transaction.engine {
            case .sqlite:
                try transaction.scalar(
                    "SELECT count(*) FROM sqlite_schema WHERE type = 'view' AND lower(name) = ?",
                    [table.description.lowercased()])
            case .postgres:
                try transaction.scalar(
                    "SELECT count(*) FROM pg_class WHERE oid = to_regclass(?) AND relkind NOT IN ('r', 'p')",
                    [engine.quoted(table)])
            }
        return count != 0
    }
}

extension SQLValue {
    /// A value as it lies in a column: SQLite keeps a boolean as a number and a vector as bytes.
    fileprivate init(_ value: ColumnValue, as type: ColumnType) {
        self =
            switch (value, type) {
            case (.integer(let number), .boolean): .boolean(number != 0)
            case (.integer(let number), .real): .real(Double(number))
            case (.text(let text), .json): .json(text)
            default: SQLValue(value, type: 0)
            }
    }
}
