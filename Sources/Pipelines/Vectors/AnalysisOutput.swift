import Figures
import Foundation
import LightboxCore
public import Warehouse

/// Where an analysis goes: each row with what is known of it and what was found, and a picture.
public struct AnalysisOutput: Sendable {
    /// A file whose name ends in `.csv` or `.jsonl`, or a table; nil for no rows.
    public var place: String?
    public var disposition = LoadDisposition.failIfExists
    /// `.svg` or `.png`; nil for no picture.
    public var figure: String?

    public init(_ place: String? = nil) { self.place = place }

    /// - Parameters:
    ///   - found: columns of the result, each with a cell a row; they replace columns of the same name.
    ///   - title: what the table's history keeps.
    ///   - chart: the picture.
    /// - Returns: what was written, for the report.
    func write(
        _ rows: VectorRows, found: [(name: String, cells: [SQLValue])], title: String, source: VectorSource,
        _ context: StageContext, chart: (() throws -> ScatterChart)? = nil
    ) throws -> [String] {
        let new = Set(found.map { $0.name.lowercased() })
        let kept = rows.columns.indices.filter { !new.contains(rows.columns[$0].lowercased()) }
        let known = kept.map { column in (name: rows.columns[column], cells: rows.cells.map { $0[column] }) }
        return try write(columns: known + found, title: title, source: source, context) {
            try chart?().drawing()
        }
    }

    /// The same for rows that are not those of the source.
    func write(
        columns: [(name: String, cells: [SQLValue])], title: String, source: VectorSource, _ context: StageContext,
        drawing: () throws -> Drawing?
    ) throws -> [String] {
        var written: [String] = []
        if let place { written.append(try write(columns, title, source, to: place, context)) }
        if let figure, let drawing = try drawing() {
            try drawing.write(to: context.home.localPath(of: figure))
            written.append(figure)
        }
        return written
    }

    private func write(
        _ columns: [(name: String, cells: [SQLValue])], _ title: String, _ source: VectorSource, to place: String,
        _ context: StageContext
    ) throws -> String {
        let names = columns.map(\.name)
        let cells = (columns.first?.cells ?? []).indices.map { row in columns.map { $0.cells[row] } }
        if let format = QueryFormat(rawValue: (place.lowercased() as NSString).pathExtension) {
            try writeFile(place, names, cells, format, context)
            return place
        }
        let table = try TableName(place)
        let all = cells.map { row in TableRow(zip(names, row).map { TableRow.Cell($0, $1) }) }
        try Warehouse(home: context.home).load(
            all, into: table, disposition: disposition,
            from: Provenance(source: source.table, notes: ["analysis": title]),
            at: Date())
        return "table \(table)"
    }

    private func writeFile(
        _ place: String, _ names: [String], _ cells: [[SQLValue]], _ format: QueryFormat, _ context: StageContext
    ) throws {
        var text: [UInt8] = []
        var writer = QueryWriter(format) { text += $0.utf8 }
        try writer.begin(names.map { QueryColumn(name: $0, type: nil) })
        for row in cells { try writer.write(row) }
        try writer.end()
        try AtomicFile.write(text, to: context.home.localPath(of: place))
    }
}
