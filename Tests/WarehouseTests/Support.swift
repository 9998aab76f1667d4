import Foundation
import LightboxCore
import TestSupport
import Warehouse

/// A warehouse of its own in the engine under test, gone after `body`.
func withWarehouse<Result>(_ body: (Warehouse, String) throws -> Result) throws -> Result {
    try withTemporaryFolder { folder in try body(Warehouse(home: TestEngine.home(folder)), folder) }
}

let anyDate = Date(timeIntervalSince1970: 1_600_000_000)
let anySource = Provenance(source: "test")

extension Warehouse {
    /// Loads the lines of a JSON lines text.
    @discardableResult
    func load(
        lines: String, into table: String, _ disposition: LoadDisposition = .failIfExists,
        columns: [TableSchema.Column] = [], in folder: String
    ) throws -> LoadReport {
        let path = folder + "/lines.jsonl"
        try AtomicFile.write(Array(lines.utf8), to: path)
        return try load(
            JSONLineRows(path: path), into: TableName(table), disposition: disposition, columns: columns,
            from: anySource, at: anyDate)
    }

    func first(_ sql: String, _ parameters: [SQLValue] = []) throws -> SQLValue? {
        try query(sql, parameters).rows.first?.first
    }

    func text(_ sql: String, as format: QueryFormat) throws -> String {
        var output = ""
        var writer = QueryWriter(format) { output += $0 }
        try query(sql, columns: { try writer.begin($0) }, row: { try writer.write($0) })
        try writer.end()
        return output
    }
}

/// The code of the warehouse error that `body` throws, and its text.
func failure(_ body: () throws -> Void) -> WarehouseError? {
    do {
        try body()
        return nil
    } catch {
        return error as? WarehouseError
    }
}
