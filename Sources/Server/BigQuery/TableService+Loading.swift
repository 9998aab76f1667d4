import Catalog
import Foundation
import GoogleSQL
import HTTPTypes
import LightboxCore
import Synchronization
import Warehouse
import WireFormats

extension TableService {
    /// Loads files into a table: all their rows or, after an error, none.
    func load(_ request: LoadRequest, _ job: TableJob) throws -> TableJob.Outcome {
        let paths = try request.file.map { [$0.path] } ?? request.addresses.flatMap { try home.files(at: $0) }
        let warehouse = try warehouse()
        let existing = try warehouse.table(at: request.target)
        guard existing != nil || request.makesTable else {
            throw BigQueryError.notFound("Table \(request.target.description)")
        }
        let disposition = try disposition(request.disposition, existing?.name, request.target)
        let isNew = existing == nil || disposition == .truncate
        let (columns, skipped) = try columns(
            request, existing: isNew && (request.columns != nil || request.findsColumns) ? nil : existing?.schema,
            paths)
        let rows = LoadedRows(
            paths: paths, request: request, columns: columns, skipped: skipped, isCancelled: { job.isCancelled })
        let name = try existing?.name ?? TableName(request.target.names[0])
        let source = request.file == nil ? request.addresses.joined(separator: " ") : "bigquery upload"
        let report = try warehouse.load(
            rows, into: name, disposition: disposition, from: Provenance(source: source), at: Date())
        let size = paths.reduce(0) {
            $0 + ((try? FileManager.default.attributesOfItem(atPath: $1)[.size] as? Int) ?? 0)
        }
        return TableJob.Outcome(
            statistics: [
                JSONMember(
                    "load",
                    .object([
                        JSONMember("inputFiles", .string("\(paths.count)")),
                        JSONMember("inputFileBytes", .string("\(size)")),
                        JSONMember("outputRows", .string("\(report.rows)")),
                        JSONMember("outputBytes", .string("\(size)")),
                        JSONMember("badRecords", .string("\(rows.bad.count.withLock { $0 })")),
                    ]))
            ])
    }

    /// WRITE_EMPTY goes into a table without rows, too.
    private func disposition(
        _ wanted: LoadDisposition, _ existing: TableName?, _ place: TablePlace
    ) throws -> LoadDisposition {
        guard let existing, wanted == .failIfExists else { return wanted }
        guard try warehouse().rowCount(of: existing) == 0 else {
            throw BigQueryError.duplicate("Table \(place.description)")
        }
        return .truncate
    }

    /// The columns of the rows, and how many rows of a CSV file stand before the first.
    private func columns(
        _ request: LoadRequest, existing: TableSchema?, _ paths: [String]
    ) throws -> ([LoadColumn], skipped: Int) {
        let skipped = request.skippedRows ?? 0
        if let columns = request.columns { return (columns, skipped) }
        if let existing, !request.findsColumns || request.format == .jsonLines {
            return (existing.columns.map { LoadColumn($0) }, skipped)
        }
        guard request.findsColumns, let path = paths.first else {
            throw BigQueryError.invalid("No schema specified on job or table.")
        }
        switch request.format {
        case .jsonLines:
            var inference = SchemaInference()
            for path in paths { try JSONLineRows(path: path).forEachRow { try inference.observe($0, number: $1) } }
            return (try inference.schema().columns.map { LoadColumn($0) }, 0)
        case .csv:
            let found = try FoundColumns(path: path, others: Array(paths.dropFirst()), request)
            guard let existing else { return (found.columns, found.skipped) }
            return (existing.columns.map { LoadColumn($0) }, found.skipped)
        }
    }

    /// Writes a query's result into a table, and keeps its rows for whoever asks for them.
    func write(
        _ query: GoogleQuery, to place: TablePlace, _ request: QueryRequest, _ job: TableJob
    ) throws -> TableJob.Outcome {
        let warehouse = try warehouse()
        let existing = try warehouse.table(at: place)
        guard existing != nil || request.makesTable else {
            throw BigQueryError.notFound("Table \(place.description)")
        }
        let disposition = try disposition(request.disposition, existing?.name, place)
        let rows = QueryRows(query: query, service: self, limits: limits(job, request))
        try warehouse.load(
            rows, into: existing?.name ?? TableName(place.names[0]), disposition: disposition,
            from: Provenance(source: "bigquery query"), at: Date())
        return TableJob.Outcome(
            columns: query.columns.map { ($0.name, $0.type) }, result: rows.kept.file,
            statistics: Self.statistics(query, job.project))
    }

    /// Writes a table into a file of a bucket.
    func extract(_ request: ExtractRequest, _ job: TableJob) throws -> TableJob.Outcome {
        let warehouse = try warehouse()
        let (name, schema) = try BigQueryRoutes.found(request.source, warehouse)
        if request.isCSV, let list = schema.columns.first(where: { $0.type == .vector }) {
            throw BigQueryError.invalid(
                "Field \(list.name) is repeated, which CSV has no form for. Ask for NEWLINE_DELIMITED_JSON.")
        }
        let address = request.addresses[0].replacing("*", with: "000000000000")
        let path = try home.localPath(of: address)
        try FileManager.default.createDirectory(
            atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
        let file = try ExtractedFile(path: path, schema: schema, request)
        try warehouse.rows(
            of: name, from: 0, count: .max,
            limits: QueryLimits(time: settings.queryTime, isCancelled: { job.isCancelled }),
            columns: { (_: [QueryColumn]) in },
            row: { try file.add($0) })
        try file.finish()
        return TableJob.Outcome(
            statistics: [
                JSONMember(
                    "extract", .object([JSONMember("destinationUriFileCounts", .array([.string("1")]))]))
            ])
    }
}
