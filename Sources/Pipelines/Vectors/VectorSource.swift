public import Analysis
import Foundation
import Imaging
import LightboxCore
public import Warehouse

/// Where vectors come from: a table or a SELECT, joined with further tables of metadata and labels.
public struct VectorSource: Sendable {
    /// A table's name, or a statement that begins with SELECT or WITH.
    public var table: String
    /// Tables that are joined with it by a column that both have.
    public var joins: [String] = []
    /// The columns to join by, `own=theirs` or one name; nil for the first of `keys` that both have.
    public var on: String?
    /// A condition of SQL on the columns.
    public var condition: String?
    /// The column of vectors; nil for the only one, or `feature_vector`.
    public var vector: String?
    /// Principal components that the analysis sees in place of the vectors; nil for the vectors themselves.
    public var components: Int?

    public init(_ table: String) { self.table = table }

    /// Columns that name an image, in the order in which they are tried.
    static let keys = ["instance", "path", "image", "file", "id", "study", "patient"]

    /// - Throws: ``InputError``, ``WarehouseError``; ``AnalysisError`` for vectors that are not finite.
    public func read(from warehouse: Warehouse) throws -> VectorRows {
        let statement = try statement(warehouse)
        var reader = VectorReader(self)
        try warehouse.query(
            statement, columns: { reader.columns = $0.map(\.name) }, row: { try reader.add($0) })
        return try reader.rows()
    }

    /// A SELECT of all columns of the table and those that are joined.
    func statement(_ warehouse: Warehouse) throws -> String {
        let own = try Self.clause(table)
        var names = try Self.columns(of: own, in: warehouse)
        var columns = ["t.*"]
        var joined = "FROM \(own) AS t"
        for (number, other) in joins.enumerated() {
            let clause = try Self.clause(other)
            let theirs = try Self.columns(of: clause, in: warehouse)
            let key = try key(names, theirs, other)
            try refuseDoubles(clause, key.theirs, other, in: warehouse)
            let alias = "j\(number)"
            joined +=
                " JOIN \(clause) AS \(alias) ON \(SQLText.word("t." + SQLText.name(key.own))) = "
                + SQLText.word("\(alias)." + SQLText.name(key.theirs))
            let known = Set(names.map { $0.lowercased() })
            let further = theirs.filter { !known.contains($0.lowercased()) }
            columns += further.map { "\(alias).\(SQLText.name($0))" }
            names += further
        }
        let all = "SELECT \(columns.joined(separator: ", ")) \(joined)"
        return condition.map { "SELECT * FROM (\(all)) AS r WHERE \($0)" } ?? all
    }

    private static func clause(_ table: String) throws -> String {
        let first = table.split(whereSeparator: \.isWhitespace).first?.lowercased()
        return first == "select" || first == "with" ? "(\(table))" : SQLText.name(try TableName(table))
    }

    private static func columns(of clause: String, in warehouse: Warehouse) throws -> [String] {
        try warehouse.query("SELECT * FROM \(clause) AS t LIMIT 0").columns.map(\.name)
    }

    private func key(_ own: [String], _ theirs: [String], _ table: String) throws -> (own: String, theirs: String)
    {
        func find(_ name: String, _ names: [String]) -> String? {
            names.first { $0.lowercased() == name.lowercased() }
        }
        let pairs: [(String, String)]
        if let on {
            let parts = on.split(separator: "=", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
            pairs = [(parts.first ?? "", parts.last ?? "")]
        } else {
            pairs = Self.keys.map { ($0, $0) }
        }
        for (mine, other) in pairs {
            if let left = find(mine, own), let right = find(other, theirs) { return (left, right) }
        }
        throw InputError(
            .invalidInput,
            "\(self.table) and \(table) have no column \(on.map { "pair \($0)" } ?? "in common that names an image"). They "
                + "have \(own.joined(separator: ", ")); and \(theirs.joined(separator: ", ")). Name it: --on OWN=THEIRS."
        )
    }

    /// Two rows for one image would double its vector.
    private func refuseDoubles(_ clause: String, _ key: String, _ table: String, in warehouse: Warehouse) throws {
        let name = SQLText.name(key)
        let found = try warehouse.query(
            """
            SELECT count(*) FROM (SELECT 1 FROM \(clause) AS t WHERE \(name) IS NOT NULL GROUP BY \(name)
            HAVING count(*) > 1) AS doubled
            """)
        guard case .integer(let count) = found.rows[0][0], count > 0 else { return }
        throw InputError(
            .invalidInput,
            "\(table) has several rows for \(count) values of \(key), which would double their vectors. Join a SELECT with "
                + "one row each.")
    }
}

extension VectorSource {
    /// Which column holds the vectors; nil where the row has none.
    ///
    /// - Throws: ``InputError`` when the one that is asked for is not there, or there are several and none is called
    ///   `feature_vector`.
    func vectorColumn(_ row: [SQLValue], _ columns: [String]) throws -> Int? {
        if let vector {
            guard let place = columns.firstIndex(where: { $0.lowercased() == vector.lowercased() }) else {
                throw InputError(
                    .invalidInput, "There is no column \(vector); there are \(columns.joined(separator: ", ")).")
            }
            return place
        }
        let vectors = row.indices.filter { row[$0].isVector }
        if vectors.count < 2 { return vectors.first }
        guard let usual = vectors.first(where: { columns[$0] == "feature_vector" }) else {
            throw InputError(
                .invalidInput,
                "\(table) has several columns of vectors: \(vectors.map { columns[$0] }.joined(separator: ", ")). Choose one "
                    + "with --vector.")
        }
        return usual
    }

    /// What the analysis sees of the vectors.
    func reduced(_ matrix: FeatureMatrix, _ context: StageContext) throws -> FeatureMatrix {
        guard let components, components < matrix.columns else { return matrix }
        context.progress(ProgressUpdate(stage: "pca", completed: 0, total: nil))
        return try PrincipalComponents(of: matrix, count: min(components, matrix.rows)).project(matrix)
    }
}

/// Vectors with what else is known of each.
public struct VectorRows: Sendable {
    public let matrix: FeatureMatrix
    /// Names of the other columns.
    public let columns: [String]
    /// A row's other cells, in the order of ``columns``.
    public let cells: [[SQLValue]]
    /// Rows without a vector, which are left out.
    public let withoutVector: Int
    /// What the pictures look like, a row each; nil unless all rows have it.
    public var appearance: FeatureMatrix?

    /// Columns that tell patients apart.
    static let usualGroups = ["patient", "patient_id", "patientid", "subject_id", "study"]

    /// Of each row its group, by this column, or by the first of ``usualGroups`` that there is; nil where there is none.
    func groups(_ column: String?) throws -> (column: String, values: [String?])? {
        if let column { return (column, try texts(column)) }
        let usual = Self.usualGroups.lazy.compactMap { name in columns.first { $0.lowercased() == name } }.first
        return try usual.map { ($0, try texts($0)) }
    }

    /// A column's cells as texts; nil for NULL and an empty text.
    ///
    /// - Throws: ``InputError`` for a column that is not there.
    public func texts(_ column: String) throws -> [String?] {
        guard let place = columns.firstIndex(where: { $0.lowercased() == column.lowercased() }) else {
            throw InputError(
                .invalidInput, "There is no column \(column); there are \(columns.joined(separator: ", ")).")
        }
        return cells.map { row in row[place].label }
    }
}

/// Collects the rows of a result.
private struct VectorReader {
    let source: VectorSource
    var columns: [String] = []
    private var column: Int?
    /// Of the columns that are no vectors.
    private var kept: [Int] = []
    private var values: [Float] = []
    private var length = 0
    private var cells: [[SQLValue]] = []
    private var withoutVector = 0
    /// Of each row, behind one another.
    private var looks: [Float] = []
    private var look: Int?

    init(_ source: VectorSource) { self.source = source }

    mutating func add(_ row: [SQLValue]) throws {
        if column == nil { column = try source.vectorColumn(row, columns) }
        guard let column, case .vector(let vector) = row[column] else {
            withoutVector += 1
            return
        }
        if length == 0 { length = vector.count }
        guard vector.count == length, length > 0 else {
            throw InputError(
                .invalidInput,
                "Row \(cells.count + withoutVector + 1) of \(source.table) has a vector of \(vector.count) numbers, others have "
                    + "\(length). Analyse vectors of one network at a time (--where).")
        }
        values += vector
        if cells.isEmpty { look = columns.firstIndex { $0.lowercased() == VectorFormat.appearance } }
        if let look, look != column, case .vector(let numbers) = row[look] { looks += numbers }
        if cells.isEmpty { kept = row.indices.filter { !row[$0].isVector } }
        cells.append(kept.map { row[$0] })
    }

    func rows() throws -> VectorRows {
        guard !cells.isEmpty else {
            throw InputError(
                .notFound,
                "\(source.table) has no row with a vector\(withoutVector > 0 ? "" : ", joined as it is").")
        }
        return VectorRows(
            matrix: FeatureMatrix(rows: cells.count, columns: length, values: values),
            columns: kept.map { columns[$0] }, cells: cells, withoutVector: withoutVector,
            appearance: looks.count == cells.count * Image.appearanceLength
                ? FeatureMatrix(rows: cells.count, columns: Image.appearanceLength, values: looks) : nil)
    }
}

extension SQLValue {
    var isVector: Bool { if case .vector = self { true } else { false } }

    /// What a cell says as a name of a class or a group; nil for NULL, an empty text and a vector.
    var label: String? {
        switch self {
        case .text(let text), .json(let text): text.isEmpty ? nil : text
        case .integer(let number): "\(number)"
        case .real(let number): number == number.rounded() && abs(number) < 1e15 ? "\(Int64(number))" : "\(number)"
        case .boolean(let flag): "\(flag)"
        case .null, .vector: nil
        }
    }
}
