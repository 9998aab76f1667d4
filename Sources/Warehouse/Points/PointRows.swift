import Database
import LightboxCore

/// Which rows of a table are points: what names them, and where they lie.
public struct PointQuery: Sendable, Hashable {
    public var table: TableName
    /// Columns of texts or whole numbers that name a row, in the order in which rows are sorted by them.
    public var keys: [String]
    /// The columns of the coordinates.
    public var x: String
    public var y: String

    public init(_ table: TableName, keys: [String], x: String, y: String) {
        (self.table, self.keys, self.x, self.y) = (table, keys, x, y)
    }
}

/// The points of a table, in an order that every reading of the same rows repeats.
public struct PointRows: Sendable {
    /// x and y of the first point, x and y of the second …
    public fileprivate(set) var positions: [Float] = []
    /// For each of the query's keys its texts.
    public fileprivate(set) var keys: [PackedTexts]
    /// Rows without two finite coordinates.
    public fileprivate(set) var leftOut = 0
    /// A hash of keys and positions: another one when any of them has changed.
    public fileprivate(set) var version = ""

    public var count: Int { positions.count / 2 }
    /// Of memory.
    public var size: Int { 4 * positions.capacity + keys.reduce(0) { $0 + $1.size } }

    /// - Throws: ``WarehouseError`` `changed` where they are others than those of a version.
    public func check(is version: String, _ table: TableName) throws {
        guard self.version == version else {
            throw WarehouseError(.changed, "The table '\(table)' has changed meanwhile. Load its map anew.")
        }
    }
}

extension Warehouse {
    /// Reads the points of a table.
    public func points(_ query: PointQuery) throws -> PointRows {
        try read { try points(query, $0) }
    }

    func points(_ query: PointQuery, _ transaction: SQLTransaction) throws -> PointRows {
        try points(query, nil, transaction) { _, _ in }
    }

    /// Reads one more column of points that were read before.
    ///
    /// - Parameters:
    ///   - version: of the points as they were.
    ///   - body: told each point's number and cell, in order.
    /// - Throws: ``WarehouseError`` `changed` where the points are others by now; `body` has been called then.
    public func cells(
        of column: TableSchema.Column, _ query: PointQuery, version: String,
        _ body: (Int, SQLValue) throws -> Void
    ) throws {
        let found = try read { try points(query, column, $0, body) }
        try found.check(is: version, query.table)
    }

    private func points(
        _ query: PointQuery, _ column: TableSchema.Column?, _ transaction: SQLTransaction,
        _ body: (Int, SQLValue) throws -> Void
    ) throws -> PointRows {
        guard try engine.schema(of: query.table, transaction) != nil else {
            throw try engine.noTable(query.table.description, transaction)
        }
        let place = engine.quoted(query.table)
        let (x, y) = (name(query.x), name(query.y))
        let order = query.keys.map(name) + [x, y]
        let columns = order + (column.map { [name($0.name)] } ?? [])
        let cursor = try transaction.cursor(
            """
            SELECT \(columns.joined(separator: ", ")) FROM \(place)
            WHERE \(x) IS NOT NULL AND \(y) IS NOT NULL ORDER BY \(order.joined(separator: ", "))
            """)
        var reader = PointReader(keys: query.keys.count)
        while let row = try cursor.next() {
            guard try reader.add(row), let column else { continue }
            try body(reader.rows.count - 1, SQLValue(row.value(at: order.count), of: column.type))
        }
        let all: Int = try transaction.scalar("SELECT count(*) FROM \(place)") ?? 0
        return reader.finish(of: all)
    }

    private func name(_ column: String) -> String { quotedIdentifier(engine.identifier(column)) }
}

/// Collects points and hashes them on the way.
private struct PointReader: ~Copyable {
    var rows: PointRows
    private var hasher = ContentHasher()
    private var unhashed: [UInt8] = []

    init(keys: Int) { rows = PointRows(keys: Array(repeating: PackedTexts(), count: keys)) }

    /// - Returns: whether the row is a point.
    mutating func add(_ row: SQLRow) throws -> Bool {
        let count = rows.keys.count
        let (x, y) = (Float(try row.get(count, as: Double.self)), Float(try row.get(count + 1, as: Double.self)))
        guard x.isFinite, y.isFinite else { return false }
        for index in 0..<count {
            rows.keys[index].append(try row.value(at: index).keyText)
            unhashed += rows.keys[index].bytes(at: rows.keys[index].count - 1)
            unhashed.append(0xfe)  // in no text
        }
        for number in [x, y] {
            rows.positions.append(number)
            withUnsafeBytes(of: number.bitPattern.littleEndian) { unhashed += $0 }
        }
        if unhashed.count > 1 << 16 { hash() }
        return true
    }

    private mutating func hash() {
        unhashed.withUnsafeBytes { hasher.update($0) }
        unhashed.removeAll(keepingCapacity: true)
    }

    consuming func finish(of all: Int) -> PointRows {
        hash()
        rows.leftOut = max(0, all - rows.count)
        rows.version = String(hasher.finalize().description.prefix(32))
        return rows
    }
}

extension ColumnValue {
    /// What names a row, as a text; nil for NULL.
    fileprivate var keyText: String? {
        switch self {
        case .text(let text): text
        case .integer(let number): "\(number)"
        case .real(let number): Int64(exactly: number).map { "\($0)" } ?? "\(number)"
        case .boolean(let flag): "\(flag)"
        case .null, .blob, .vector: nil
        }
    }
}

extension SQLValue {
    /// - Parameter type: of the column, which tells a boolean of SQLite's from a number.
    init(_ value: ColumnValue, of type: ColumnType) {
        self =
            switch value {
            case .null: .null
            case .integer(let number): type == .boolean ? .boolean(number != 0) : .integer(number)
            case .real(let number): .real(number)
            case .boolean(let flag): .boolean(flag)
            case .text(let text): type == .json ? .json(text) : .text(text)
            case .vector(let numbers): .vector(numbers)
            case .blob(let bytes): .vector(bytes.withUnsafeBytes { VectorBytes($0.baseAddress, $0.count).floats })
            }
    }
}
