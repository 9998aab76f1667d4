import Catalog
import Foundation
import GoogleSQL
import HTTPTypes
import Warehouse
import WireFormats

extension BigQueryRoutes {
    private static let tables = "/projects/{project}/datasets/{dataset}/tables"
    private static let table = tables + "/{table}"

    var tableRoutes: [Route] {
        [
            Self.route(.get, Self.tables, .read, "List a dataset's tables.", query: Self.pageQuery, handler: list),
            Self.route(.post, Self.tables, .write, "Make an empty table.", body: "Document", handler: insert),
            Self.route(.get, Self.table, .read, "Tell of a table: its schema and how many rows it has.") { call in
                let place = TablePlace(project: call["project"], dataset: call["dataset"], table: call["table"])
                return Reply(try await service.ask { try Self.message(place, $0) })
            },
            Self.route(.patch, Self.table, .write, "Add columns to a table.", body: "Document", handler: patch),
            Self.route(.put, Self.table, .write, "Add columns to a table.", body: "Document", handler: patch),
            Self.route(.delete, Self.table, .write, "Remove a table.") { call in
                try service.checkWrites(call)
                let place = TablePlace(project: call["project"], dataset: call["dataset"], table: call["table"])
                try await service.ask { try $0.drop(try Self.found(place, $0).name) }
                return .empty
            },
        ]
    }

    static func found(_ place: TablePlace, _ warehouse: Warehouse) throws -> (name: TableName, schema: TableSchema)
    {
        guard let found = try warehouse.table(at: place) else {
            throw BigQueryError.notFound("Table \(place.description)")
        }
        return found
    }

    static func schema(_ schema: TableSchema) -> JSONValue {
        SchemaText.schema(schema.columns.map { ($0.name, DataType($0.type)) })
    }

    private static func message(_ place: TablePlace, _ warehouse: Warehouse) throws -> JSONValue {
        let (name, schema) = try found(place, warehouse)
        let history = try warehouse.history(of: name)
        func time(_ date: Date?) -> JSONValue { .string("\(Int((date?.timeIntervalSince1970 ?? 0) * 1000))") }
        return .object([
            JSONMember("kind", .string("bigquery#table")),
            JSONMember("id", .string("\(place.project):\(place.dataset).\(place.table)")),
            JSONMember("tableReference", place.reference), JSONMember("type", .string("TABLE")),
            JSONMember("schema", Self.schema(schema)),
            JSONMember("numRows", .string("\(try warehouse.rowCount(of: name))")),
            JSONMember("numBytes", .string("0")),
            JSONMember("creationTime", time(history.first?.loadedAt)),
            JSONMember("lastModifiedTime", time(history.last?.loadedAt)), JSONMember("location", .string("US")),
        ])
    }

    @Sendable private func list(_ call: Call) async throws -> Reply {
        let (project, dataset) = (call["project"], call["dataset"])
        let all = try await service.ask { warehouse in
            _ = try Self.dataset(dataset, project, warehouse)
            return try warehouse.tables().compactMap { TablePlace($0, in: project) }.filter {
                $0.dataset == dataset
            }
        }
        let (items, token) = try Self.page(all, call)
        var members = [
            JSONMember("kind", .string("bigquery#tableList")),
            JSONMember("totalItems", .integer(Int64(all.count))),
        ]
        let tables = items.map { place in
            JSONValue.object([
                JSONMember("kind", .string("bigquery#table")), JSONMember("id", .string(place.description)),
                JSONMember("tableReference", place.reference), JSONMember("type", .string("TABLE")),
            ])
        }
        if !tables.isEmpty { members.append(JSONMember("tables", .array(tables))) }
        if let token { members.append(JSONMember("nextPageToken", .string(token))) }
        return Reply(.object(members))
    }

    @Sendable private func insert(_ call: Call) async throws -> Reply {
        try service.checkWrites(call)
        let message = try Self.message(call)
        guard let table = message["tableReference"]?["tableId"]?.string else {
            throw BigQueryError(400, "required", "Required parameter is missing: tableReference.tableId")
        }
        for kind in ["view", "materializedView", "externalDataConfiguration"] where message[kind] != nil {
            throw BigQueryError.invalid("Tables of the kind \(kind) are not made here.")
        }
        let place = TablePlace(project: call["project"], dataset: call["dataset"], table: table)
        let columns = try SchemaText.columns(message["schema"])
        guard !columns.isEmpty else {
            throw BigQueryError.invalid("A table needs a schema with at least one column.")
        }
        return Reply(
            try await service.ask { warehouse in
                guard try warehouse.table(at: place) == nil else {
                    throw BigQueryError.duplicate("Table \(place.description)")
                }
                try warehouse.load(
                    DeclaredRows(columns: columns, rows: []), into: TableName(place.names[0]),
                    disposition: .failIfExists,
                    from: Provenance(source: "bigquery tables.insert"), at: Date())
                return try Self.message(place, warehouse)
            })
    }

    /// Columns may be added; nothing else of a table changes.
    @Sendable private func patch(_ call: Call) async throws -> Reply {
        try service.checkWrites(call)
        let message = try Self.message(call)
        let place = TablePlace(project: call["project"], dataset: call["dataset"], table: call["table"])
        let columns = try SchemaText.columns(message["schema"])
        return Reply(
            try await service.ask { warehouse in
                let (name, schema) = try Self.found(place, warehouse)
                if !columns.isEmpty {
                    for column in schema.columns where !columns.contains(where: { $0.name == column.name }) {
                        throw BigQueryError.invalid(
                            "Columns are not removed: \(column.name) is missing in the schema.")
                    }
                    try warehouse.addColumns(columns, to: name)
                }
                return try Self.message(place, warehouse)
            })
    }
}

/// Rows at hand, of columns that are known.
struct DeclaredRows: RowSource {
    let columns: [TableSchema.Column]
    let rows: [TableRow]

    var declaredColumns: [TableSchema.Column]? { columns }

    func forEachRow(_ body: (TableRow, Int) throws -> Void) throws { try rows.forEachRow(body) }
}
