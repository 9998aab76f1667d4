import ArgumentParser
import Foundation
import LightboxCore
import Pipelines
import Warehouse

struct QueryCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "query", abstract: "Ask the warehouse with SQL.",
        discussion: """
            Reads only. Vectors can be used in SQL: cosine_similarity(a, b), dot(a, b), l2_distance(a, b), \
            vector_at(v, i). Without a statement the tables are listed.

            Examples:
              lightbox query "SELECT Modality, count(*) AS images FROM scans GROUP BY 1"
              lightbox query "SELECT * FROM features LIMIT 2" --format jsonl
            """)

    @Argument(help: "A SELECT statement.") var sql: String?
    @Option(help: "table, csv, json or jsonl.") var format: QueryFormat?
    @Option(help: "Print at most this many rows.") var limit: Int?
    @Option(help: "Give up after this many seconds.") var timeout: Double?
    @OptionGroup var global: GlobalOptions

    func run() throws {
        try global.run { context in
            let warehouse = try Warehouse(home: context.home)
            let format = format ?? (global.json ? .json : .table)
            let limits = QueryLimits(
                rows: limit, time: timeout.map { .seconds($0) }, isCancelled: context.isCancelled)
            let standardOutput = FileHandle.standardOutput
            let sink = { (text: String) in try standardOutput.write(contentsOf: Data(text.utf8)) }
            guard let sql else { return try warehouse.writeTables(as: format, sink: sink) }
            let result = try warehouse.write(sql, as: format, limits: limits, sink: sink)
            if result.isTruncated { global.note("Only the first \(result.rows) rows are shown.") }
        }
    }
}
