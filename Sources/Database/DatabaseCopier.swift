import Foundation
import LightboxCore

/// Copies the tables that migrations make from one database to another, whatever their engines.
public struct DatabaseCopier {
    /// What was copied.
    public struct Table: Sendable, Codable, Equatable {
        public let name: String
        public let rows: Int

        package init(name: String, rows: Int) { (self.name, self.rows) = (name, rows) }
    }

    private let migrations: [SQLMigration]
    private let overwrites: Bool
    /// What becomes of a value of a table's column on its way into PostgreSQL, which does not take every text of SQLite's.
    public typealias Mending = (_ table: String, _ column: String, _ value: ColumnValue) -> ColumnValue
    private let mend: Mending

    /// - Parameter overwrites: whether rows that stand in the target are deleted.
    public init(
        migrations: [SQLMigration], overwrites: Bool = false, mending: @escaping Mending = { _, _, value in value }
    ) {
        (self.migrations, self.overwrites, mend) = (migrations, overwrites, mending)
    }

    /// Brings the tables of both up to date, and copies all rows in one transaction, counters of numbers included.
    ///
    /// - Throws: ``DatabaseFailure`` when the target has rows, or another number of them in the end.
    public func copy(from source: SQLDatabase, to target: SQLDatabase) throws -> [Table] {
        let shapes = try TableShape.all(of: migrations)
        try source.migrate(migrations)
        try target.migrate(migrations)
        return try target.write(.readCommitted) { target in
            for shape in shapes.reversed() { try clear(shape, in: target) }
            return try source.read { source in
                try shapes.map { shape in
                    let rows = try copy(shape, from: source, to: target)
                    try Self.copyCounter(of: shape, from: source, to: target)
                    return Table(name: shape.name, rows: rows)
                }
            }
        }
    }

    private func clear(_ shape: TableShape, in target: SQLTransaction) throws {
        let count: Int? = try target.scalar("SELECT count(*) FROM \(shape.quoted)")
        guard overwrites || count == shape.firstRows else {
            throw DatabaseFailure(
                .constraintViolation,
                "The table '\(shape.name)' of the target has rows. Pass --overwrite to replace them.")
        }
        try target.execute("DELETE FROM \(shape.quoted)")
    }

    private func copy(
        _ shape: TableShape, from source: SQLTransaction, to target: SQLTransaction
    ) throws -> Int {
        let list = shape.columns.map(SQLDialect.quoted).joined(separator: ", ")
        let cursor = try source.cursor("SELECT \(list) FROM \(shape.quoted)")
        let written = try target.copy(into: shape.quoted, columns: shape.columns) { copy in
            while let row = try cursor.next() {
                let values = try row.values()
                guard target.engine == .postgres else {
                    try copy.add(values)
                    continue
                }
                try copy.add(zip(shape.columns, values).map { mend(shape.name, $0, $1) })
            }
        }
        let counts = try [source, target].map { transaction -> Int? in
            try transaction.scalar("SELECT count(*) FROM \(shape.quoted)")
        }
        guard counts == [written, written] else {
            throw DatabaseFailure(
                .constraintViolation, "The table '\(shape.name)' has another number of rows than its copy.")
        }
        return written
    }

    /// Numbers that were given to rows are not given again, also when the rows are gone.
    private static func copyCounter(
        of shape: TableShape, from source: SQLTransaction, to target: SQLTransaction
    ) throws {
        guard let column = shape.identity else { return }
        let largest: Int64? = try source.scalar("SELECT max(\(SQLDialect.quoted(column))) FROM \(shape.quoted)")
        let last = max(largest ?? 0, try counter(of: shape, column, source) ?? 0)
        switch target.engine {
        case .postgres:
            guard last > 0 else { return }
            try target.execute(
                "SELECT setval(pg_get_serial_sequence(?, ?), ?)", [shape.quoted, column, last])
        case .sqlite:
            guard shape.hasCounter else { return }
            try target.execute("DELETE FROM sqlite_sequence WHERE name = ?", [shape.name])
            try target.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", [shape.name, last])
        }
    }

    private static func counter(
        of shape: TableShape, _ column: String, _ source: SQLTransaction
    ) throws -> Int64? {
        switch source.engine {
        case .postgres:
            try source.scalar(
                "SELECT pg_sequence_last_value(pg_get_serial_sequence(?, ?)::regclass)", [shape.quoted, column])
        case .sqlite:
            shape.hasCounter
                ? try source.scalar("SELECT seq FROM sqlite_sequence WHERE name = ?", [shape.name]) : nil
        }
    }
}

/// A table as its migrations make it.
struct TableShape {
    let name: String
    let columns: [String]
    /// The column whose numbers the database gives.
    let identity: String?
    /// Whether SQLite keeps the last number (AUTOINCREMENT).
    let hasCounter: Bool
    /// Rows that the migrations themselves write.
    let firstRows: Int

    var quoted: String { SQLDialect.quoted(name) }

    /// All tables, each behind those that it refers to. They are looked up in an empty file that is made for it.
    static func all(of migrations: [SQLMigration]) throws -> [TableShape] {
        let folder = FileManager.default.temporaryDirectory.path + "/lightbox-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let database = try SQLDatabase(file: folder + "/tables.db")
        try database.migrate(migrations)
        return try database.read { transaction in
            var left: [String] = try transaction.column(
                """
                SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
                AND name NOT LIKE 'grdb\\_%' ESCAPE '\\' ORDER BY name
                """)
            var shapes: [TableShape] = []
            while !left.isEmpty {
                let ready = try left.filter { name in
                    let needed: [String] = try transaction.column(
                        "SELECT \"table\" FROM pragma_foreign_key_list(?)", [name])
                    return needed.allSatisfy { $0 == name || !left.contains($0) }
                }
                precondition(!ready.isEmpty, "tables refer to each other in a circle")
                shapes += try ready.map { try TableShape($0, transaction) }
                left.removeAll { ready.contains($0) }
            }
            return shapes
        }
    }

    private init(_ name: String, _ transaction: SQLTransaction) throws {
        self.name = name
        columns = try transaction.column("SELECT name FROM pragma_table_info(?) ORDER BY cid", [name])
        let keys = try transaction.all("SELECT name, type FROM pragma_table_info(?) WHERE pk > 0", [name])
        let sql: String = try transaction.scalar("SELECT sql FROM sqlite_schema WHERE name = ?", [name]) ?? ""
        let isRowID = try keys.count == 1 && keys[0].get("type") == "INTEGER" && !sql.contains("WITHOUT ROWID")
        identity = isRowID ? try keys[0].get("name") : nil
        hasCounter = sql.contains("AUTOINCREMENT")
        firstRows = try transaction.scalar("SELECT count(*) FROM \(SQLDialect.quoted(name))") ?? 0
    }
}
