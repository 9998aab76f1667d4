import Catalog
import Foundation
import GoogleSQL
import HTTPTypes
import Synchronization
import Warehouse
import WireFormats

/// The rows of files, read by the types of a schema.
struct LoadedRows: RowSource {
    let paths: [String]
    let request: LoadRequest
    let columns: [LoadColumn]
    /// Rows at the top of CSV files that are none.
    let skipped: Int
    /// Rows that were left out in the last walk.
    let bad = Bad()
    let isCancelled: @Sendable () -> Bool

    final class Bad: Sendable {
        let count = Mutex(0)
    }

    var declaredColumns: [TableSchema.Column]? { columns.map(\.column) }

    func forEachRow(_ body: (TableRow, Int) throws -> Void) throws {
        bad.count.withLock { $0 = 0 }
        var written = 0
        for path in paths {
            switch request.format {
            case .csv: try csv(path, &written, body)
            case .jsonLines: try lines(path, &written, body)
            }
        }
    }

    private func csv(_ path: String, _ written: inout Int, _ body: (TableRow, Int) throws -> Void) throws {
        let reader = try CSVReader(path: path, hasHeader: false, separator: request.separator)
        var passed = 0
        while let row = try next(reader) {
            passed += 1
            guard passed > skipped else { continue }
            try take(row.line, &written, body) {
                guard
                    row.fields.count == columns.count || request.ignoresUnknown && row.fields.count > columns.count
                else {
                    throw BigQueryError.invalid(
                        "Too \(row.fields.count > columns.count ? "many" : "few") values in line. Found \(row.fields.count) "
                            + "column(s) while expecting \(columns.count).")
                }
                return TableRow(
                    try zip(columns, row.fields).map {
                        TableRow.Cell($0.column.name, try SQLValue(field: $1, of: $0, null: request.null))
                    })
            }
        }
    }

    private func next(_ reader: CSVReader) throws -> CSVRow? {
        do { return try reader.next() } catch let error as RecordError {
            throw BigQueryError.invalid("Error while reading data: \(error.remedy)")
        }
    }

    private func lines(_ path: String, _ written: inout Int, _ body: (TableRow, Int) throws -> Void) throws {
        let reader = try JSONLinesReader(path: path)
        let schema = try TableSchema(columns.map(\.column))
        func next() throws -> JSONLine? {
            do { return try reader.next() } catch let error as RecordError {
                throw BigQueryError.invalid("Error while reading data: \(error.remedy)")
            }
        }
        while let line = try next() {
            try take(line.number, &written, body) {
                guard let members = line.value.members else {
                    throw BigQueryError.invalid("The line is no JSON object.")
                }
                return try TableRow(members, schema, types: columns, ignoresUnknown: request.ignoresUnknown)
            }
        }
    }

    private func take(
        _ line: Int, _ written: inout Int, _ body: (TableRow, Int) throws -> Void, _ row: () throws -> TableRow
    ) throws {
        if isCancelled() {
            throw BigQueryError(499, "stopped", "Job execution was cancelled: User requested cancellation")
        }
        let made: TableRow
        do { made = try row() } catch let error as BigQueryError {
            let count = bad.count.withLock { count in
                count += 1
                return count
            }
            guard count > request.mostBadRows else { return }
            throw BigQueryError.invalid("Error while reading data, in line \(line): \(error.message)")
        }
        written += 1
        try body(made, written)
    }
}

extension SQLValue {
    /// A field of a CSV file as its column keeps it. Values are not told in errors: they may identify a patient.
    init(field: String, of column: LoadColumn, null: String) throws {
        if field == null, column.type != .string || !null.isEmpty {
            self = .null
            return
        }
        let value: SQLValue?
        switch column.type {
        case .string: value = .text(field)
        case .int64: value = Int64(field.trimmingCharacters(in: .whitespaces)).map { .integer($0) }
        case .float64: value = Double(field.trimmingCharacters(in: .whitespaces)).map { .real($0) }
        case .bool:
            switch field.lowercased() {
            case "true", "t", "yes", "y", "1": value = .boolean(true)
            case "false", "f", "no", "n", "0": value = .boolean(false)
            default: value = nil
            }
        case .date, .datetime, .timestamp:
            value = CivilTime.canonical(field, as: column.type.description).map { .text($0) }
        case .json, .array(.string), .array(.int64), .array(.bool), .null:
            value = (try? JSONValue(parsing: field)) == nil ? nil : .json(field)
        case .array: value = (try? JSONValue(parsing: field))?.floats.map { .vector($0) }
        }
        guard let value else {
            throw BigQueryError.invalid(
                "Could not parse a value as \(column.type) for field \(column.column.name)")
        }
        self = value
    }

    /// A member of a JSON object as its column keeps it.
    init(_ json: JSONValue, of column: LoadColumn) throws {
        let value: SQLValue?
        switch (column.type, json) {
        case (_, .null): value = .null
        case (.json, _): value = .json(String(decoding: try json.serialized(), as: UTF8.self))
        case (.array(.float64), _): value = json.floats.map { .vector($0) }
        case (.int64, .integer(let number)): value = .integer(number)
        case (.int64, .number(let number)): value = Int64(exactly: number).map { .integer($0) }
        case (.float64, .integer(let number)): value = .real(Double(number))
        case (.float64, .number(let number)): value = .real(number)
        case (.bool, .bool(let flag)): value = .boolean(flag)
        case (_, .string(let text)): value = try SQLValue(field: text, of: column, null: "\u{0}")
        case (.string, .integer), (.string, .number), (.string, .bool):
            value = .text(String(decoding: try json.serialized(), as: UTF8.self))
        default: value = nil
        }
        guard let value else {
            throw BigQueryError.invalid("A value of field \(column.column.name) is no \(column.type)")
        }
        self = value
    }
}

extension TableRow {
    /// An object as a row: names count without their case.
    init(
        _ members: [JSONMember], _ schema: TableSchema, types: [LoadColumn] = [], ignoresUnknown: Bool
    ) throws {
        self.init([])
        for member in members {
            let column =
                types.first { $0.column.name == member.name } ?? types.first {
                    $0.column.name.lowercased() == member.name.lowercased()
                }
                ?? schema[member.name].map { LoadColumn($0) }
                ?? schema.columns.first { $0.name.lowercased() == member.name.lowercased() }.map { LoadColumn($0) }
            guard let column else {
                if ignoresUnknown { continue }
                throw BigQueryError.invalid("no such field: \(member.name.prefix(128)).")
            }
            cells.append(Cell(column.column.name, try SQLValue(member.value, of: column)))
        }
    }
}
