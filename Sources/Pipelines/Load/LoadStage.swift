import Foundation
public import LightboxCore
public import Warehouse

/// Loads JSON lines of vectors (or any flat JSON lines), or CSV files, into a table of the warehouse; the columns
/// and their types come from the rows.
public struct LoadStage: Sendable {
    public var disposition = LoadDisposition.failIfExists
    /// What else the table's history is to keep.
    var notes: [String: String] = [:]

    public init() {}

    /// - Parameter input: a path, glob or `gs://` pattern of JSON-lines or CSV files, which go in together.
    public func run(_ input: String, table: String, _ context: StageContext) throws -> StageReport {
        let paths = try context.home.files(at: input)
        let warehouse = try Warehouse(home: context.home)
        var hasher = ContentHasher()
        for path in paths {
            let hash = try ContentHash(ofFile: path)
            Array(hash.description.utf8).withUnsafeBytes { hasher.update($0) }
        }
        // The query of a web address may hold a signature, which is not to be kept.
        let source = input.hasPrefix("http") ? String(input.prefix { $0 != "?" }) : input
        let loaded = try warehouse.load(
            FileRows(paths: paths), into: TableName(table), disposition: disposition,
            from: Provenance(source: source, contentHash: hasher.finalize(), notes: notes), at: Date()
        ) { rows in
            context.progress(ProgressUpdate(stage: "load", completed: rows, total: nil))
        }
        var report = StageReport(stage: "load")
        report.written = loaded.rows
        report.outputs = ["table \(loaded.table)"]
        return report
    }
}

/// The rows of several files, one file after another.
private struct FileRows: RowSource {
    let paths: [String]

    func forEachRow(_ body: (TableRow, Int) throws -> Void) throws {
        for path in paths {
            if path.lowercased().hasSuffix(".csv") {
                try CSVRows(path: path).forEachRow(body)
            } else {
                try JSONLineRows(path: path).forEachRow(body)
            }
        }
    }
}
