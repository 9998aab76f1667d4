import Catalog
import GoogleSQL
import HTTPTypes
import LightboxCore
import Synchronization
import Warehouse
import WireFormats

/// The rows of a query on their way into a table; they are also kept as they are sent.
struct QueryRows: RowSource {
    let query: GoogleQuery
    let service: TableService
    let limits: QueryLimits
    /// Of the last walk: a load that is tried again walks again.
    let kept: Kept

    final class Kept: Sendable {
        private let last = Mutex<ResultFile?>(nil)
        var file: ResultFile? { last.withLock { $0 } }
        func keep(_ file: ResultFile) { last.withLock { $0 = file } }
    }

    init(query: GoogleQuery, service: TableService, limits: QueryLimits) {
        (self.query, self.service, self.limits) = (query, service, limits)
        kept = Kept()
    }

    var declaredColumns: [TableSchema.Column]? {
        query.columns.map { TableSchema.Column($0.name, $0.type.column) }
    }

    func forEachRow(_ body: (TableRow, Int) throws -> Void) throws {
        let file = try ResultFile(in: service.results)
        let text = TableRowText(types: query.columns.map(\.type))
        var (line, number): ([UInt8], Int) = ([], 0)
        let isCut = try service.warehouse().query(
            query.sql, query.arguments, limits: limits, columns: { _ in },
            row: { row in
                line.removeAll(keepingCapacity: true)
                try text.append(row, to: &line)
                try file.append(line)
                number += 1
                let cells = zip(query.columns, row).map { TableRow.Cell($0.name, $1.kept(as: $0.type)) }
                try body(TableRow(cells), number)
            })
        guard !isCut else {
            throw BigQueryError(403, "responseTooLarge", "The result has too many rows. Narrow the query.")
        }
        try file.finish()
        kept.keep(file)
    }
}

extension SQLValue {
    /// SQLite gives booleans as numbers, and whole numbers for reals.
    fileprivate func kept(as type: DataType) -> SQLValue {
        switch (self, type) {
        case (.integer(let number), .bool): .boolean(number != 0)
        case (.integer(let number), .float64): .real(Double(number))
        case (.text(let text), .json), (.text(let text), .array): .json(text)
        default: self
        }
    }
}

/// The columns of a CSV file that has no schema: their names from its header, their types from all its rows.
struct FoundColumns {
    let columns: [LoadColumn]
    let skipped: Int

    init(path: String, others: [String], _ request: LoadRequest) throws {
        var top: [[String]] = []
        let reader = try CSVReader(path: path, hasHeader: false, separator: request.separator)
        while top.count < (request.skippedRows ?? 0) + 1, let row = try reader.next() { top.append(row.fields) }
        guard let last = top.last else {
            throw BigQueryError.invalid("The file has no rows to take the columns from.")
        }
        let header: [String]?
        if let given = request.skippedRows, given > 0 {
            header = top.count >= given ? top[given - 1] : last
            skipped = given
        } else {
            let isHeader = last.allSatisfy { !$0.isEmpty && Double($0) == nil }
            header = isHeader ? last : nil
            skipped = isHeader ? 1 : 0
        }
        var kinds = [Set<ColumnType>](repeating: [], count: last.count)
        for path in [path] + others {
            let reader = try CSVReader(path: path, hasHeader: false, separator: request.separator)
            var passed = 0
            while let row = try reader.next() {
                passed += 1
                guard passed > skipped else { continue }
                for (index, field) in row.fields.prefix(kinds.count).enumerated() where field != request.null {
                    kinds[index].insert(Self.kind(field))
                }
            }
        }
        columns = kinds.enumerated().map { index, kinds in
            let type: ColumnType =
                kinds.count == 1 ? kinds.first ?? .text : kinds == [.integer, .real] ? .real : .text
            let name = header.flatMap { index < $0.count ? $0[index] : nil } ?? "string_field_\(index)"
            return LoadColumn(TableSchema.Column(name, type))
        }
    }

    private static func kind(_ field: String) -> ColumnType {
        if Int64(field) != nil { return .integer }
        if Double(field) != nil, field.contains(where: \.isNumber) { return .real }
        return ["true", "false"].contains(field.lowercased()) ? .boolean : .text
    }
}

/// A table's rows in a file of a bucket, plain or as gzip; there when it is finished.
final class ExtractedFile {
    private let file: PendingFile
    private let schema: TableSchema
    private let request: ExtractRequest
    private let packer: Deflater?

    init(path: String, schema: TableSchema, _ request: ExtractRequest) throws {
        (self.schema, self.request) = (schema, request)
        file = try PendingFile(path: path)
        packer = request.isPacked ? Deflater(.gzip) : nil
        if request.isCSV, request.hasHeader { try write(line(schema.columns.map(\.name))) }
    }

    func add(_ row: [SQLValue]) throws {
        guard !request.isCSV else { return try write(line(row.map(Self.text))) }
        var bytes: [UInt8] = [UInt8(ascii: "{")]
        var isFirst = true
        // As the service does: what is NULL is left out, and whole numbers are strings.
        for (column, value) in zip(schema.columns, row) where value != .null {
            if !isFirst { bytes.append(UInt8(ascii: ",")) }
            isFirst = false
            JSONWriter.append(column.name, to: &bytes)
            bytes.append(UInt8(ascii: ":"))
            if case .integer(let number) = value {
                bytes += "\"\(number)\"".utf8
            } else {
                bytes += value.json.utf8
            }
        }
        bytes += "}\n".utf8
        try write(bytes)
    }

    func finish() throws {
        if let packer {
            var output: [UInt8] = []
            packer.deflate(UnsafeRawBufferPointer(start: nil, count: 0), into: &output, finish: true)
            try output.withUnsafeBytes { try file.write($0) }
        }
        try file.commit()
    }

    private func line(_ fields: [String]) -> [UInt8] {
        let special = [UInt8(ascii: "\""), 10, 13, request.separator.asciiValue ?? 44]
        let texts = fields.map { field in
            field.utf8.contains(where: special.contains)
                ? "\"" + field.replacing("\"", with: "\"\"") + "\"" : field
        }
        return Array((texts.joined(separator: String(request.separator)) + "\n").utf8)
    }

    private static func text(_ value: SQLValue) -> String {
        switch value {
        case .null: ""
        case .text(let text), .json(let text): text
        default: value.json
        }
    }

    private func write(_ bytes: [UInt8]) throws {
        guard let packer else { return try bytes.withUnsafeBytes { try file.write($0) } }
        var output: [UInt8] = []
        bytes.withUnsafeBytes { packer.deflate($0, into: &output, finish: false) }
        try output.withUnsafeBytes { try file.write($0) }
    }
}
