public import Foundation
import GRDB

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
        try write { database in
            let existing = try Self.schema(of: table, database)
            if existing != nil && disposition == .failIfExists {
                throw WarehouseError(
                    .tableExists,
                    "Table '\(table)' exists. Pass --truncate to replace it or --append to add to it.")
            }
            var load = TableLoad(database: database, table: table, progress: progress)
            if let existing, disposition == .append {
                try load.append(rows, to: existing)
            } else {
                try load.create(rows, columns: columns)
            }
            try Self.record(provenance, of: table, rows: load.written, at: date, database)
            return LoadReport(table: table, rows: load.written, schema: load.schema)
        }
    }
}

/// The inside of one load's transaction.
private struct TableLoad {
    struct Stop: Error {}

    let database: Database
    let table: TableName
    let progress: ((Int) -> Void)?
    var written = 0
    var schema = TableSchema.empty

    init(database: Database, table: TableName, progress: ((Int) -> Void)?) {
        self.database = database
        self.table = table
        self.progress = progress
    }

    /// The first rows show the columns nearly always; when a later one widens them, the source is walked again.
    mutating func create(_ rows: some RowSource, columns: [TableSchema.Column]) throws {
        if let declared = rows.declaredColumns {
            try makeTable(TableSchema(declared))
            return try append(rows, to: schema)
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
        schema = existing
        var inference = SchemaInference(fixed: existing.columns)
        let names = existing.columns.map(\.name)
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
        guard schema.columns.count <= 2000 else {
            throw WarehouseError(
                .typeMismatch, "The rows have \(schema.columns.count) columns; a table has at most 2000.")
        }
        self.schema = schema
        try Warehouse.drop(table, database)
        let columns = schema.columns.map { quotedIdentifier($0.name) + " " + $0.declaration }
        try database.execute(sql: "CREATE TABLE \(table.quoted) (\(columns.joined(separator: ", ")))")
    }

    /// Inserts the rows for which `accepts` says so; it sees every row.
    private mutating func insert(
        _ rows: some RowSource, accepts: (TableRow, Int) throws -> Bool
    ) throws {
        guard let connection = database.sqliteConnection else { throw Stop() }
        let columns = schema.columns
        let positions = Dictionary(uniqueKeysWithValues: columns.enumerated().map { ($1.name, $0) })
        let marks = Array(repeating: "?", count: columns.count).joined(separator: ", ")
        let names = columns.map { quotedIdentifier($0.name) }.joined(separator: ", ")
        let statement = try SQLiteStatement(connection, "INSERT INTO \(table.quoted) (\(names)) VALUES (\(marks))")
        written = 0
        try rows.forEachRow { row, number in
            guard try accepts(row, number) else { return }
            statement.clear()
            for cell in row.cells {
                guard let position = positions[cell.column] else { continue }
                try statement.bind(cell.value.converted(to: columns[position].type), at: Int32(position + 1))
            }
            _ = try statement.step()
            written += 1
            if written.isMultiple(of: 1000) { progress?(written) }
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
