import Catalog
import Foundation
import GoogleSQL
import HTTPTypes
import LightboxCore
import Synchronization
import Warehouse
import WireFormats

/// What clients may do with the warehouse's tables.
public struct TableSettings: Sendable {
    /// Whether tables can be loaded, changed and removed.
    public var allowsWrites = false
    /// Of one query.
    public var queryTime = Duration.seconds(600)
    public var maximumRows = 50_000_000
    /// Bytes of one result, as it is sent.
    public var maximumResult = 4 << 30
    /// Bytes on the disk of all results that are kept.
    public var resultRoom = 16 << 30
    /// Jobs that run at once.
    public var atOnce = 4

    public init() {}
}

/// The warehouse as routes use it: opened when it is first asked, with its jobs.
final class TableService: Sendable {
    let home: Home
    let settings: TableSettings
    let jobs: TableJobs
    let uploads: TableUploads
    private let opened = Mutex<Warehouse?>(nil)
    /// Rows of one page at most, whatever is asked for, and bytes.
    static let pageBytes = 10 << 20

    init(home: Home, settings: TableSettings) {
        (self.home, self.settings) = (home, settings)
        jobs = TableJobs(atOnce: settings.atOnce, room: settings.resultRoom)
        uploads = TableUploads(folder: home.cache + "/uploads")
    }

    /// Where results lie while they are kept.
    var results: String { home.cache + "/results" }

    func warehouse() throws -> Warehouse {
        try opened.withLock { opened in
            if let opened { return opened }
            let warehouse = try Warehouse(home: home)
            opened = warehouse
            return warehouse
        }
    }

    /// Asks the warehouse on a thread that may block.
    func ask<Value: Sendable>(_ body: @escaping @Sendable (Warehouse) throws -> Value) async throws -> Value {
        try await onOwnThread { [self] in try body(warehouse()) }
    }

    /// - Throws: ``BigQueryError`` `accessDenied` unless the server and the caller's token allow changes.
    func checkWrites(_ call: Call) throws {
        guard settings.allowsWrites else {
            throw BigQueryError(
                403, "accessDenied",
                "Access Denied: this server answers queries and changes no tables. Whoever runs it can start it as "
                    + "'lightbox serve --allow-table-writes'.")
        }
        guard call.role >= .write else {
            throw BigQueryError(
                403, "accessDenied",
                "Access Denied: this needs a token of the role write, and yours has \(call.role.rawValue).")
        }
    }

    // MARK: Queries

    /// A SELECT understood, for the warehouse's engine.
    func translated(_ query: QueryRequest, _ project: String) throws -> GoogleQuery {
        let warehouse = try warehouse()
        return try GoogleQuery(query.text, parameters: query.parameters, for: warehouse.sqlEngine) { path in
            try warehouse.table(named: path, in: project, dataset: query.dataset)
        }
    }

    /// Runs a query and keeps its rows in a file.
    func run(_ query: QueryRequest, _ job: TableJob) throws -> TableJob.Outcome {
        let translated = try translated(query, job.project)
        if let target = query.target { return try write(translated, to: target, query, job) }
        let file = try ResultFile(in: results)
        let text = TableRowText(types: translated.columns.map(\.type))
        var line: [UInt8] = []
        let settings = settings
        let isCut = try warehouse().query(
            translated.sql, translated.arguments, limits: limits(job, query),
            columns: { _ in },
            row: { row in
                line.removeAll(keepingCapacity: true)
                try text.append(row, to: &line)
                try file.append(line)
                guard file.size <= settings.maximumResult else {
                    throw BigQueryError(
                        403, "responseTooLarge",
                        "Response too large to return: over \(settings.maximumResult) bytes. Narrow the query.")
                }
            })
        guard !isCut else {
            throw BigQueryError(
                403, "responseTooLarge",
                "Response too large to return: over \(settings.maximumRows) rows. Narrow the query.")
        }
        try file.finish()
        return TableJob.Outcome(
            columns: translated.columns.map { ($0.name, $0.type) }, result: file,
            statistics: Self.statistics(translated, job.project))
    }

    func limits(_ job: TableJob, _ query: QueryRequest) -> QueryLimits {
        let time = query.time.map { min($0, settings.queryTime) } ?? settings.queryTime
        return QueryLimits(rows: settings.maximumRows, time: time, isCancelled: { job.isCancelled })
    }

    static func statistics(_ query: GoogleQuery, _ project: String) -> [JSONMember] {
        let tables = query.tables.compactMap { TablePlace($0, in: project) }.map { $0.reference }
        return [
            JSONMember(
                "query",
                .object([
                    JSONMember("statementType", .string("SELECT")), JSONMember("cacheHit", .bool(false)),
                    JSONMember("totalBytesProcessed", .string("0")), JSONMember("totalBytesBilled", .string("0")),
                    JSONMember("referencedTables", .array(tables)),
                    JSONMember("schema", SchemaText.schema(query.columns.map { ($0.name, $0.type) })),
                ]))
        ]
    }
}

extension TablePlace {
    var reference: JSONValue {
        .object([
            JSONMember("projectId", .string(project)), JSONMember("datasetId", .string(dataset)),
            JSONMember("tableId", .string(table)),
        ])
    }

    /// - Throws: ``BigQueryError`` for a reference without a dataset or a table.
    init(_ reference: JSONValue?, in project: String) throws {
        guard let dataset = reference?["datasetId"]?.string, let table = reference?["tableId"]?.string else {
            throw BigQueryError.invalid("A table reference has no datasetId or no tableId.")
        }
        self.init(project: reference?["projectId"]?.string ?? project, dataset: dataset, table: table)
    }
}
