/// Finds a table's columns from its rows.
///
/// Columns are the union of the rows' names, in the order in which they first appear. Types that differ are
/// brought together: integer and real give real; other mixtures of plain values give text; anything beside a
/// JSON array or object gives JSON. Numbers in a list of one length are a vector; a list of another length, or
/// a plain value in its place, is an error, since a cut or damaged vector must not pass for data. A column of
/// NULLs alone is text.
public struct SchemaInference: Sendable {
    private struct Finding {
        let name: String
        var type: ColumnType?
        var length: Int?
        /// Where the type was last decided.
        var number: Int
        /// Given by the caller, so rows do not change it.
        var isFixed = false
    }

    private var findings: [Finding] = []
    private var positions: [String: Int] = [:]
    /// Counts changes, so that a loader knows when a row did not fit what was known before it.
    private(set) var revision = 0

    /// - Parameter fixed: columns whose type the caller knows; rows have to fit them.
    public init(fixed: [TableSchema.Column] = []) {
        for column in fixed {
            positions[column.name] = findings.count
            findings.append(
                Finding(name: column.name, type: column.type, length: column.length, number: 0, isFixed: true))
        }
    }

    public mutating func observe(_ row: TableRow, number: Int) throws {
        for cell in row.cells {
            guard let position = positions[cell.column] else {
                positions[cell.column] = findings.count
                let (type, length) = (cell.value.type, cell.value.vectorLength)
                findings.append(Finding(name: cell.column, type: type, length: length, number: number))
                revision += 1
                continue
            }
            try merge(cell.value, into: position, number: number)
        }
    }

    private mutating func merge(_ value: SQLValue, into position: Int, number: Int) throws {
        let finding = findings[position]
        guard let new = value.type else { return }
        if new == finding.type && (new != .vector || finding.length == value.vectorLength) { return }
        if finding.isFixed {
            guard value.fits(TableSchema.Column(finding.name, finding.type ?? new, length: finding.length)) else {
                throw mismatch(finding, value, number)
            }
            return
        }
        guard let old = finding.type else { return set(position, new, value.vectorLength, number) }
        switch (old, new) {
        case (.integer, .real): set(position, .real, nil, number)
        case (.real, .integer), (.json, _): break
        case (.vector, .vector), (.vector, .integer), (.vector, .real), (.vector, .text), (.vector, .boolean),
            (.integer, .vector), (.real, .vector), (.text, .vector), (.boolean, .vector):
            throw mismatch(finding, value, number)
        case (_, .json): set(position, .json, nil, number)
        case (.text, _): break
        default: set(position, .text, nil, number)
        }
    }

    private mutating func set(_ position: Int, _ type: ColumnType, _ length: Int?, _ number: Int) {
        findings[position].type = type
        findings[position].length = length
        findings[position].number = number
        revision += 1
    }

    private func mismatch(_ finding: Finding, _ value: SQLValue, _ number: Int) -> WarehouseError {
        func words(_ type: ColumnType?, _ length: Int?) -> String {
            type == .vector
                ? "a vector of \(length.map(String.init) ?? "any number of") numbers" : "\(type ?? .text)"
        }
        let known = finding.isFixed ? "declared as" : "in line \(finding.number)"
        return WarehouseError(
            .typeMismatch,
            "Line \(number): column '\(finding.name)' is \(words(value.type, value.vectorLength)) here and \(known) "
                + "\(words(finding.type, finding.length)). Correct the line, or declare the column's type.")
    }

    public func schema() throws -> TableSchema {
        try TableSchema(findings.map { TableSchema.Column($0.name, $0.type ?? .text, length: $0.length) })
    }
}

extension SQLValue {
    var vectorLength: Int? { if case .vector(let values) = self { values.count } else { nil } }

    /// Whether the column can keep the value without losing what it says.
    func fits(_ column: TableSchema.Column) -> Bool {
        switch (self, column.type) {
        case (.null, _), (_, .json): true
        case (.vector(let values), .vector): column.length == nil || column.length == values.count
        case (.vector, _), (.json, _): false
        case (_, .text): true
        case (.integer, .integer), (.integer, .real), (.real, .real), (.boolean, .boolean): true
        case (.real(let number), .integer): number == number.rounded() && abs(number) < 0x1p53
        default: false
        }
    }
}
