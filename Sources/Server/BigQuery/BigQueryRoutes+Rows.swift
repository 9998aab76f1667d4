import Catalog
import Foundation
import GoogleSQL
import HTTPTypes
import Warehouse
import WireFormats

extension BigQueryRoutes {
    private static let table = "/projects/{project}/datasets/{dataset}/tables/{table}"

    var rowRoutes: [Route] {
        [
            Self.route(
                .get, Self.table + "/data", .read, "Rows of a table.",
                query: Self.pageQuery + [
                    ("startIndex", "Rows to pass over."), ("selectedFields", "Columns, divided by commas."),
                ], handler: list),
            Self.route(
                .post, Self.table + "/insertAll", .write, "Add rows to a table.", body: "Document",
                handler: insertAll),
        ]
    }

    @Sendable private func list(_ call: Call) async throws -> Reply {
        let place = TablePlace(project: call["project"], dataset: call["dataset"], table: call["table"])
        let start = try Self.start(call)
        let most = min(100_000, max(0, try call.query.integer("maxResults") ?? 100_000))
        let fields = (call.query["selectedFields"] ?? "").split(separator: ",").map(String.init)
        let limits = QueryLimits(time: context.settings.timeout)
        return try await service.ask { warehouse in
            let (name, schema) = try Self.found(place, warehouse)
            let total = try warehouse.rowCount(of: name)
            let chosen = fields.isEmpty ? schema.columns : schema.columns.filter { fields.contains($0.name) }
            guard fields.allSatisfy({ schema[$0] != nil }) else {
                throw BigQueryError.invalid("selectedFields names a column that table \(place.description) lacks.")
            }
            let text = TableRowText(types: chosen.map { DataType($0.type) })
            var output = Array(#"{"rows":["#.utf8)
            var (count, isFull) = (0, false)
            struct Full: Error {}
            do {
                try warehouse.rows(
                    of: name, named: chosen.map(\.name), from: start, count: most, limits: limits,
                    columns: { (_: [QueryColumn]) in },
                    row: { row in
                        if output.count > TableService.pageBytes { throw Full() }
                        if count > 0 { output.append(UInt8(ascii: ",")) }
                        try text.append(row, to: &output)
                        count += 1
                    })
            } catch is Full {
                isFull = true
            }
            output += #"],"kind":"bigquery#tableDataList","totalRows":"\#(total)""#.utf8
            if isFull || start + count < total, count > 0 { output += #","pageToken":"at\#(start + count)""#.utf8 }
            output.append(UInt8(ascii: "}"))
            return Reply(json: output)
        }
    }

    /// Rows as JSON objects; those that do not fit are told by their numbers, and then none is added.
    @Sendable private func insertAll(_ call: Call) async throws -> Reply {
        try service.checkWrites(call)
        let place = TablePlace(project: call["project"], dataset: call["dataset"], table: call["table"])
        let message = try Self.message(call)
        guard let rows = message["rows"]?.elements, !rows.isEmpty else {
            throw BigQueryError.invalid("No rows present in the request.")
        }
        let ignoresUnknown = message["ignoreUnknownValues"]?.bool ?? false
        return try await service.ask { warehouse in
            let (name, schema) = try Self.found(place, warehouse)
            var (ready, problems): ([TableRow], [JSONValue]) = ([], [])
            for (index, row) in rows.enumerated() {
                do {
                    ready.append(try TableRow(row["json"]?.members ?? [], schema, ignoresUnknown: ignoresUnknown))
                } catch let error as BigQueryError {
                    problems.append(
                        .object([
                            JSONMember("index", .integer(Int64(index))),
                            JSONMember("errors", .array([error.value])),
                        ]))
                }
            }
            var members = [JSONMember("kind", .string("bigquery#tableDataInsertAllResponse"))]
            if problems.isEmpty {
                try warehouse.load(
                    ready, into: name, disposition: .append, from: Provenance(source: "bigquery insertAll"),
                    at: Date())
            } else {
                members.append(JSONMember("insertErrors", .array(problems)))
            }
            return Reply(.object(members))
        }
    }
}
