import Database
public import Foundation

/// Labels of points on their way into a table of their own, which has the points' keys and a column for each kind of
/// label. Only tables that were made so are ever changed.
public struct PointLabels: Sendable {
    public struct Change: Sendable, Hashable {
        /// nil takes the label away.
        public var value: String?
        /// Numbers of points.
        public var points: [Range<Int>]

        public init(value: String?, points: [Range<Int>]) {
            self.value = value
            self.points = points
        }
    }

    public var table: TableName
    public var column: String
    public var changes: [Change]

    public init(table: TableName, column: String, changes: [Change]) {
        (self.table, self.column, self.changes) = (table, column, changes)
    }

    /// What was done, and what undoes it.
    public struct Report: Sendable {
        /// Rows of the table of labels now; it is gone when there are none.
        public var rows = 0
        /// Points whose label is another one now.
        public var changed = 0
        public var previous: [Change] = []
    }
}

extension Warehouse {
    /// In the notes of a table of labels: the table of the points.
    static let labelsNote = "labels of"
    /// In the notes of a table of a selection: a word that only its maker knows.
    static let selectionNote = "selection"

    /// Writes labels, all or none.
    ///
    /// - Parameters:
    ///   - points: whose labels they are; the table of labels has their keys but those in `without`.
    ///   - version: of the points, as ``PointRows/version`` had it when they were chosen.
    /// - Throws: ``WarehouseError`` `changed` where the points are others by now, `tableExists` for a table that is no
    ///   table of such labels.
    public func write(
        _ labels: PointLabels, of points: PointQuery, keys: [String], version: String, at date: Date
    ) throws -> PointLabels.Report {
        try write { transaction in
            let (chosen, schema) = try locked(points, version, and: labels.table, transaction)
            let columns = try keyColumns(keys, schema)
            var table = try LabelRows(labels, keys: columns, existing(labels.table, columns, transaction))
            let report = try table.apply(labels.changes, to: PointKeys(chosen, points, keys: keys))
            let rows = table.rows()
            if rows.isEmpty {
                try engine.drop(labels.table, transaction)
                try Self.forgetLoads(of: labels.table, transaction)
            } else {
                try load(
                    rows, into: labels.table, disposition: .truncate, columns: table.schema.columns,
                    from: Provenance(
                        source: points.table.description, notes: [Self.labelsNote: points.table.description]),
                    at: date, transaction)
            }
            return PointLabels.Report(rows: rows.count, changed: report.changed, previous: report.previous)
        }
    }

    /// Writes the keys of some points into a new table.
    ///
    /// - Parameter mark: kept in the table's history, for ``dropSelection(_:mark:)``.
    public func write(
        selection: [Range<Int>], of points: PointQuery, keys: [String], version: String, into table: TableName,
        mark: String, at date: Date
    ) throws -> Int {
        try write { transaction in
            let (chosen, schema) = try locked(points, version, and: table, transaction)
            let columns = try keyColumns(keys, schema)
            let source = PointKeys(chosen, points, keys: keys)
            let rows = try source.indices(selection).map { index in
                TableRow(zip(columns, source[index]).map { .init($0.name, SQLValue(key: $1, $0.type)) })
            }
            return try load(
                rows, into: table, disposition: .failIfExists, columns: columns,
                from: Provenance(source: points.table.description, notes: [Self.selectionNote: mark]), at: date,
                transaction
            ).rows
        }
    }

    /// Removes a table that ``write(selection:of:keys:version:into:mark:at:)`` made, and no other.
    public func dropSelection(_ table: TableName, mark: String) throws {
        try write { transaction in
            try engine.lock(table, transaction)
            guard try notes(of: table, transaction).contains(where: { $0[Self.selectionNote] == mark }) else {
                throw WarehouseError(.changed, "The table '\(table)' is not the one that was written, or is gone.")
            }
            try engine.drop(table, transaction)
            try Self.forgetLoads(of: table, transaction)
        }
    }

    // MARK: What is there

    /// The points, which nobody loads anew before the transaction ends.
    private func locked(
        _ points: PointQuery, _ version: String, and other: TableName, _ transaction: SQLTransaction
    ) throws -> (PointRows, TableSchema) {
        // Always in one order, so that no two wait for each other.
        for table in [points.table, other].sorted(by: { $0.description < $1.description }) {
            try engine.lock(table, transaction)
        }
        let rows = try self.points(points, transaction)
        try rows.check(is: version, points.table)
        guard let schema = try engine.schema(of: points.table, transaction) else {
            throw try engine.noTable(points.table.description, transaction)
        }
        return (rows, schema)
    }

    private func keyColumns(_ keys: [String], _ schema: TableSchema) throws -> [TableSchema.Column] {
        guard !keys.isEmpty else {
            throw WarehouseError(.noSuchColumn, "The table has no column that names its rows.")
        }
        return keys.compactMap { key in schema[key].map { .init($0.name, $0.type == .integer ? .integer : .text) }
        }
    }

    /// The rows of a table of labels; nil where there is none yet.
    private func existing(
        _ table: TableName, _ keys: [TableSchema.Column], _ transaction: SQLTransaction
    ) throws -> (TableSchema, [[SQLValue]])? {
        guard let schema = try engine.schema(of: table, transaction) else { return nil }
        let isOwn = try notes(of: table, transaction).contains { $0[Self.labelsNote] != nil }
        guard isOwn, schema.columns.prefix(keys.count).map(\.name) == keys.map(\.name) else {
            throw WarehouseError(
                .tableExists,
                "Table '\(table)' exists and is no table of labels with the keys \(keys.map(\.name).joined(separator: ", ")). "
                    + "Choose another name.")
        }
        let names = schema.columns.map { quotedIdentifier(engine.identifier($0.name)) }
        let rows = try transaction.all("SELECT \(names.joined(separator: ", ")) FROM \(engine.quoted(table))")
        return (schema, try rows.map { try zip($0.values(), schema.columns).map { SQLValue($0, of: $1.type) } })
    }

    private func notes(of table: TableName, _ transaction: SQLTransaction) throws -> [[String: String]] {
        try transaction.column(
            "SELECT notes FROM lightbox_provenance WHERE lower(table_name) = ?", [table.description.lowercased()],
            as: String.self
        ).map { (try? JSONDecoder().decode([String: String].self, from: Data($0.utf8))) ?? [:] }
    }
}

/// The keys of points that a table of labels has.
private struct PointKeys {
    private let rows: PointRows
    private let places: [Int]

    init(_ rows: PointRows, _ query: PointQuery, keys: [String]) {
        self.rows = rows
        places = keys.compactMap { query.keys.firstIndex(of: $0) }
    }

    subscript(_ index: Int) -> [String?] { places.map { rows.keys[$0][index] } }

    func indices(_ ranges: [Range<Int>]) throws -> [Int] {
        guard ranges.allSatisfy({ $0.lowerBound >= 0 && $0.upperBound <= rows.count }) else {
            throw WarehouseError(.changed, "The table has fewer points than were chosen. Load its map anew.")
        }
        return ranges.flatMap { Array($0) }
    }
}

/// A table of labels in memory.
private struct LabelRows {
    var schema: TableSchema
    private let keyCount: Int
    private let column: Int
    private var cells: [[SQLValue]]
    private var places: [[String?]: Int] = [:]

    init(
        _ labels: PointLabels, keys: [TableSchema.Column], _ existing: (TableSchema, [[SQLValue]])?
    ) throws {
        keyCount = keys.count
        schema = try existing?.0 ?? TableSchema(keys)
        cells = existing?.1 ?? []
        let name = labels.column.lowercased()
        if let place = schema.columns.firstIndex(where: { $0.name.lowercased() == name }) {
            guard place >= keyCount, schema.columns[place].type == .text else {
                throw WarehouseError(
                    .invalidName, "The column '\(labels.column)' names the rows. Give the labels another name.")
            }
            column = place
        } else {
            column = schema.columns.count
            schema = try TableSchema(schema.columns + [.init(labels.column, .text)])
            for row in cells.indices { cells[row].append(.null) }
        }
        for (row, values) in cells.enumerated() { places[values.prefix(keyCount).map(\.keyText)] = row }
    }

    mutating func apply(
        _ changes: [PointLabels.Change], to keys: PointKeys
    ) throws -> (changed: Int, previous: [PointLabels.Change]) {
        var before: [String?: [Int]] = [:]
        var changed = 0
        for change in changes {
            for index in try keys.indices(change.points) {
                let key = keys[index]
                let old = places[key].flatMap { cells[$0][column].keyText }
                before[old, default: []].append(index)
                if old != change.value { changed += 1 }
            }
        }
        for change in changes {
            for index in try keys.indices(change.points) { set(keys[index], change.value) }
        }
        let previous = before.map { PointLabels.Change(value: $0.key, points: Self.ranges($0.value.sorted())) }
        return (
            changed, previous.sorted { ($0.points.first?.lowerBound ?? 0) < ($1.points.first?.lowerBound ?? 0) }
        )
    }

    private mutating func set(_ key: [String?], _ value: String?) {
        let cell = value.map { SQLValue.text($0) } ?? .null
        if let place = places[key] {
            cells[place][column] = cell
        } else if value != nil {
            places[key] = cells.count
            var row = zip(key, schema.columns).map { SQLValue(key: $0, $1.type) }
            row += Array(repeating: .null, count: schema.columns.count - keyCount)
            row[column] = cell
            cells.append(row)
        }
    }

    private static func ranges(_ numbers: [Int]) -> [Range<Int>] {
        var ranges: [Range<Int>] = []
        for number in numbers {
            if let last = ranges.last, last.upperBound == number {
                ranges[ranges.count - 1] = last.lowerBound..<(number + 1)
            } else if ranges.last?.contains(number) != true {
                ranges.append(number..<(number + 1))
            }
        }
        return ranges
    }

    /// Those that have any label.
    func rows() -> [TableRow] {
        cells.filter { $0.dropFirst(keyCount).contains { $0 != .null } }.map { row in
            TableRow(zip(schema.columns, row).map { .init($0.name, $1) })
        }
    }
}

extension SQLValue {
    fileprivate init(key: String?, _ type: ColumnType) {
        guard let key else {
            self = .null
            return
        }
        self = type == .integer ? Int64(key).map { .integer($0) } ?? .text(key) : .text(key)
    }

    fileprivate var keyText: String? {
        switch self {
        case .text(let text), .json(let text): text
        case .integer(let number): "\(number)"
        default: nil
        }
    }
}
