import Catalog
import Foundation
import GoogleSQL
import HTTPTypes
import Warehouse
import WireFormats

/// A file that was sent with a job; gone when the job is.
final class UploadedFile: Sendable {
    let path: String
    init(path: String) { self.path = path }
    deinit { unlink(path) }
}

/// A column that is loaded, with the type by which its texts are read.
struct LoadColumn: Sendable {
    let column: TableSchema.Column
    let type: DataType

    init(_ column: TableSchema.Column, _ type: DataType) { (self.column, self.type) = (column, type) }

    /// Of a table that is there.
    init(_ column: TableSchema.Column) { self.init(column, DataType(column.type)) }
}

/// The configuration of a load job.
struct LoadRequest: Sendable {
    enum Format: Sendable { case csv, jsonLines }

    let target: TablePlace
    let addresses: [String]
    let file: UploadedFile?
    let format: Format
    let disposition: LoadDisposition
    /// Whether a table is made where none is.
    let makesTable: Bool
    /// nil where none was given.
    let columns: [LoadColumn]?
    let findsColumns: Bool
    let skippedRows: Int?
    let separator: Character
    let null: String
    let mostBadRows: Int
    let ignoresUnknown: Bool

    init(_ message: JSONValue, project: String, file: UploadedFile?) throws {
        target = try TablePlace(message["destinationTable"], in: project)
        self.file = file
        addresses = (message["sourceUris"]?.elements ?? []).compactMap(\.string)
        guard file != nil || !addresses.isEmpty else {
            throw BigQueryError(400, "required", "Required parameter is missing: sourceUris")
        }
        switch message["sourceFormat"]?.string ?? "CSV" {
        case "CSV": format = .csv
        case "NEWLINE_DELIMITED_JSON": format = .jsonLines
        case let other:
            throw BigQueryError.invalid(
                "sourceFormat \(other.prefix(40)) is not read here. Send NEWLINE_DELIMITED_JSON or CSV: "
                    + "LoadJobConfig(source_format=\"CSV\"), or load_table_from_json.")
        }
        let word = message["writeDisposition"]?.string ?? "WRITE_APPEND"
        disposition = try LoadDisposition(word)
        makesTable = message["createDisposition"]?.string != "CREATE_NEVER"
        let fields = message["schema"]?["fields"]?.elements ?? []
        let own = try SchemaText.columns(message["schema"])
        columns =
            fields.isEmpty
            ? nil
            : zip(own, fields).map { column, field in
                LoadColumn(
                    column,
                    column.type == .text ? DataType(field["type"]?.string ?? "") ?? .string : DataType(column.type)
                )
            }
        findsColumns = message["autodetect"]?.bool ?? false
        skippedRows = message["skipLeadingRows"].flatMap(BigQueryRoutes.integer)
        let delimiter = message["fieldDelimiter"]?.string ?? ","
        let signs = ["\\t": "\t", "tab": "\t"]
        guard let sign = (signs[delimiter] ?? delimiter).first, sign.asciiValue != nil,
            (signs[delimiter] ?? delimiter).count == 1
        else {
            throw BigQueryError.invalid("fieldDelimiter is no single ASCII character.")
        }
        separator = sign
        null = message["nullMarker"]?.string ?? ""
        mostBadRows = message["maxBadRecords"].flatMap(BigQueryRoutes.integer) ?? 0
        ignoresUnknown = message["ignoreUnknownValues"]?.bool ?? false
        if let encoding = message["encoding"]?.string, !["", "UTF-8", "UTF8"].contains(encoding.uppercased()) {
            throw BigQueryError.invalid("Only UTF-8 is read here.")
        }
    }
}

/// The configuration of an extract job.
struct ExtractRequest: Sendable {
    let source: TablePlace
    let addresses: [String]
    let isCSV: Bool
    let isPacked: Bool
    let hasHeader: Bool
    let separator: Character

    init(_ message: JSONValue, project: String) throws {
        source = try TablePlace(message["sourceTable"], in: project)
        let many = (message["destinationUris"]?.elements ?? []).compactMap(\.string)
        addresses = many.isEmpty ? [message["destinationUri"]?.string].compactMap { $0 } : many
        guard addresses.count == 1 else {
            throw BigQueryError.invalid("An extract writes one file: give one destinationUris.")
        }
        let format = message["destinationFormat"]?.string ?? "CSV"
        guard ["CSV", "NEWLINE_DELIMITED_JSON"].contains(format) else {
            throw BigQueryError.invalid(
                "destinationFormat \(format.prefix(40)) is not written here. Ask for CSV or NEWLINE_DELIMITED_JSON."
            )
        }
        isCSV = format == "CSV"
        let packing = message["compression"]?.string ?? "NONE"
        guard ["NONE", "GZIP"].contains(packing) else {
            throw BigQueryError.invalid(
                "compression \(packing.prefix(40)) is not written here. Ask for NONE or GZIP.")
        }
        isPacked = packing == "GZIP"
        hasHeader = message["printHeader"]?.bool ?? true
        let delimiter = message["fieldDelimiter"]?.string ?? ","
        guard let sign = (delimiter == "\\t" ? "\t" : delimiter).first, sign.asciiValue != nil else {
            throw BigQueryError.invalid("fieldDelimiter is no ASCII character.")
        }
        separator = sign
    }
}
