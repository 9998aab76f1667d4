import Database
public import Foundation

/// What a load does to a table that exists.
public enum LoadDisposition: String, Sendable, Codable, CaseIterable {
    /// Replaces it, columns and all.
    case truncate
    /// Adds to it; the rows have to fit its columns.
    case append
    /// Leaves it alone and fails.
    case failIfExists
}

/// What a load did.
public struct LoadReport: Sendable, Hashable {
    public let table: TableName
    /// Rows written by this load.
    public let rows: Int
    public let schema: TableSchema
}

extension Warehouse {
    /// Loads rows into a table, all of them or, after an error or a crash, none: the old table stays whole and
    /// readable until the new one is complete.
    ///
    /// - Parameters:
    ///   - columns: columns whose type is not to be inferred; those that no row has are made too.
    ///   - provenance: what the rows are from, kept with the table.
    ///   - date: when, for the same record.
    ///   - progress: called with the count of rows written, every thousand.
    /// - Throws: ``WarehouseError``, which names the line and the column; whatever the source throws.
    @discardableResult
    public func load(
        _ rows: some RowSource, into table: TableName, disposition: LoadDisposition,
        columns: [TableSchema.Column] = [], from provenance: Provenance, at date: Date,
        progress: ((Int) -> Void)? = nil
    ) throws -> LoadReport {
        try write { transaction in
            try load(
                rows, into: table, disposition: disposition, columns: columns, from: provenance, at: date,
                transaction,
                progress: progress)
        }
    }

    /// The same within a transaction of the caller's.
    @discardableResult
    func load(
        _ rows: some RowSource, into table: TableName, disposition: LoadDisposition,
        columns: [TableSchema.Column] = [], from provenance: Provenance, at date: Date,
        _ transaction: SQLTransaction, progress: ((Int) -> Void)? = nil
    ) throws -> LoadReport {
        try engine.lock(table, transaction)
        let existing = try engine.schema(of: table, transaction)
        if existing != nil && disposition == .failIfExists {
            throw WarehouseError(
                .tableExists,
                "Table '\(table)' exists. Pass --truncate to replace it or --append to add to it.")
        }
        var load = TableLoad(engine: engine, transaction: transaction, table: table, progress: progress)
        if let existing, disposition == .append {
            try load.append(rows, to: existing)
        } else {
            try load.create(rows, columns: columns)
            try engine.publish(table, transaction)
            try Self.forgetLoads(of: table, transaction)
        }
        try Self.record(provenance, of: table, rows: load.written, at: date, transaction)
        return LoadReport(table: table, rows: load.written, schema: load.schema)
    }
}

/// The inside of one load's transaction.
private struct TableLoad {
    struct Stop: Error {}

    let engine: any TableEngine
    let transaction: SQLTransaction
    let table: TableName
    let progress: ((Int) -> Void)?
    /// The table as it stands in statements until it is complete.
    var place = ""
    var written = 0
    var schema = TableSchema.empty

    init(
        engine: any TableEngine, transaction: SQLTransaction, table: TableName, progress: ((Int) -> Void)?
    ) {
        self.engine = engine
        self.transaction = transaction
        self.table = table
        self.progress = progress
    }

    /// The first rows show the columns nearly always; when a later one widens them, the source is walked again.
    mutating func create(_ rows: some RowSource, columns: [TableSchema.Column]) throws {
        if let declared = rows.declaredColumns {
            try makeTable(TableSchema(declared))
            return try fit(rows)
        }
        var inference = SchemaInference(fixed: columns)
        do {
            try rows.forEachRow { row, number in
                try inference.observe(row, number: number)
                if number >= 100 { throw Stop() }
            }
        } catch is Stop {}
        try makeTable(inference.schema())
        let revision = inference.revision
        try insert(rows) { row, number in
            try inference.observe(row, number: number)
            return inference.revision == revision
        }
        guard inference.revision != revision else { return }
        try makeTable(inference.schema())
        try insert(rows) { _, _ in true }
    }

    mutating func append(_ rows: some RowSource, to existing: TableSchema) throws {
        (schema, place) = (existing, engine.quoted(table))
        try fit(rows)
    }

    /// Inserts rows that have to fit the columns.
    private mutating func fit(_ rows: some RowSource) throws {
        var inference = SchemaInference(fixed: schema.columns)
        let names = schema.columns.map(\.name)
        let known = Set(names)
        try insert(rows) { row, number in
            for cell in row.cells where !known.contains(cell.column) {
                throw WarehouseError(
                    .noSuchColumn, "Line \(number): " + NameAdvice.noColumn(cell.column, among: names))
            }
            try inference.observe(row, number: number)
            return true
        }
    }

    private mutating func makeTable(_ schema: TableSchema) throws {
        guard !schema.columns.isEmpty else {
            throw WarehouseError(.typeMismatch, "There are no rows to take the columns of '\(table)' from.")
        }
        guard schema.columns.count <= engine.mostColumns else {
            throw WarehouseError(
                .typeMismatch,
                "The rows have \(schema.columns.count) columns; a table has at most \(engine.mostColumns).")
        }
        self.schema = schema
        place = try engine.create(table, schema, transaction)
    }

    /// Inserts the rows for which `accepts` says so; it sees every row.
    private mutating func insert(
        _ rows: some RowSource, accepts: (TableRow, Int) throws -> Bool
    ) throws {
        let columns = schema.columns
        let positions = Dictionary(uniqueKeysWithValues: columns.enumerated().map { ($1.name, $0) })
        let (engine, progress) = (engine, progress)
        let empty = [ColumnValue](repeating: .null, count: columns.count)
        var count = 0
        try transaction.copy(into: place, columns: columns.map { engine.identifier($0.name) }) { copy in
            try rows.forEachRow { row, number in
                guard try accepts(row, number) else { return }
                var values = empty
                for cell in row.cells {
                    guard let position = positions[cell.column] else { continue }
                    if let problem = engine.problem(of: cell.value) {
                        throw WarehouseError(
                            .typeMismatch, "Line \(number): column '\(cell.column)' \(problem).")
                    }
                    values[position] = ColumnValue(cell.value.converted(to: columns[position].type))
                }
                do {
                    try copy.add(values)
                } catch let failure as DatabaseFailure where failure.code == .wrongType {
                    throw WarehouseError(.typeMismatch, "Line \(number): \(failure.description)")
                }
                count += 1
                if count.isMultiple(of: 1000) { progress?(count) }
            }
        }
        written = count
    }
}

extension ColumnValue {
    init(_ value: SQLValue) {
        self =
            switch value {
            case .null: .null
            case .integer(let number): .integer(number)
            case .real(let number): .real(number)
            case .boolean(let flag): .boolean(flag)
            case .text(let text), .json(let text): .text(text)
            case .vector(let numbers): .vector(numbers)
            }
    }
}

extension TableSchema {
    fileprivate static let empty: TableSchema = {
        guard let schema = try? TableSchema([]) else { preconditionFailure("no column has no name") }
        return schema
    }()
}

extension SQLValue {
    /// The value as a column of `type` keeps it; ``fits(_:)`` says whether anything is lost.
    func converted(to type: ColumnType) -> SQLValue {
        switch (self, type) {
        case (.integer(let number), .real): .real(Double(number))
        case (.real(let number), .integer): Int64(exactly: number).map { .integer($0) } ?? self
        case (.text, .text), (.json, .json), (.vector, .vector), (.null, _): self
        case (.json(let text), .text): .text(text)
        case (.integer, .text), (.real, .text), (.boolean, .text): .text(JSONText.of(self))
        case (_, .json): .json(JSONText.of(self))
        default: self
        }
    }
}
