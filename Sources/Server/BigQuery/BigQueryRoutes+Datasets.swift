import Catalog
import Foundation
import HTTPTypes
import Warehouse
import WireFormats

extension BigQueryRoutes {
    private static let datasets = "/projects/{project}/datasets"
    private static let dataset = datasets + "/{dataset}"

    var datasetRoutes: [Route] {
        [
            Self.route(.get, Self.datasets, .read, "List datasets.", query: Self.pageQuery, handler: list),
            Self.route(.post, Self.datasets, .write, "Make a dataset.", body: "Document", handler: insert),
            Self.route(.get, Self.dataset, .read, "Tell of a dataset.") { call in
                let (project, name) = (call["project"], call["dataset"])
                return Reply(
                    try await service.ask { try Self.message(try Self.dataset(name, project, $0), project) })
            },
            Self.route(.patch, Self.dataset, .write, "Change a dataset.", body: "Document", handler: patch),
            Self.route(.put, Self.dataset, .write, "Change a dataset.", body: "Document", handler: patch),
            Self.route(
                .delete, Self.dataset, .write, "Remove a dataset.",
                query: [("deleteContents", "`true` to remove its tables, too.")], handler: delete),
        ]
    }

    /// Those that were made, and those that tables stand in.
    static func datasets(of project: String, _ warehouse: Warehouse) throws -> [NamedDataset] {
        let made = try warehouse.datasets()
        var names = Set(made.map(\.name))
        let others =
            [TablePlace.plain] + (try warehouse.tables()).compactMap { TablePlace($0, in: project)?.dataset }
        var all = made
        for name in others where names.insert(name).inserted {
            all.append(NamedDataset(name: name, madeAt: 0, document: "{}"))
        }
        return all.sorted { $0.name < $1.name }
    }

    static func dataset(_ name: String, _ project: String, _ warehouse: Warehouse) throws -> NamedDataset {
        guard let found = try datasets(of: project, warehouse).first(where: { $0.name == name }) else {
            throw BigQueryError.notFound("Dataset \(project):\(name)")
        }
        return found
    }

    private static func reference(_ name: String, _ project: String) -> JSONValue {
        .object([JSONMember("datasetId", .string(name)), JSONMember("projectId", .string(project))])
    }

    private static func message(_ dataset: NamedDataset, _ project: String) throws -> JSONValue {
        let own = try JSONValue(parsing: dataset.document).members ?? []
        let time = JSONValue.string("\(Int(dataset.madeAt * 1000))")
        return .object(
            [
                JSONMember("kind", .string("bigquery#dataset")),
                JSONMember("id", .string("\(project):\(dataset.name)")),
                JSONMember("datasetReference", reference(dataset.name, project)),
                JSONMember("location", .string("US")),
                JSONMember("creationTime", time), JSONMember("lastModifiedTime", time),
            ] + own.filter { $0.name != "location" })
    }

    /// What a client may say of a dataset and have again.
    private static let kept = ["friendlyName", "description", "labels", "defaultTableExpirationMs"]

    private static func document(_ message: JSONValue, over old: JSONValue = .object([])) throws -> String {
        let members = kept.compactMap { name in
            (message.members?.last { $0.name == name }?.value ?? old[name]).flatMap {
                $0 == .null ? nil : JSONMember(name, $0)
            }
        }
        return String(decoding: try JSONValue.object(members).serialized(), as: UTF8.self)
    }

    @Sendable private func list(_ call: Call) async throws -> Reply {
        let project = call["project"]
        let all = try await service.ask { try Self.datasets(of: project, $0) }
        let (items, token) = try Self.page(all, call)
        var members = [JSONMember("kind", .string("bigquery#datasetList"))]
        members.append(
            JSONMember(
                "datasets",
                .array(
                    items.map {
                        .object([
                            JSONMember("kind", .string("bigquery#dataset")),
                            JSONMember("id", .string("\(project):\($0.name)")),
                            JSONMember("datasetReference", Self.reference($0.name, project)),
                            JSONMember("location", .string("US")),
                        ])
                    })))
        if let token { members.append(JSONMember("nextPageToken", .string(token))) }
        return Reply(.object(members))
    }

    @Sendable private func insert(_ call: Call) async throws -> Reply {
        try service.checkWrites(call)
        let (project, message) = (call["project"], try Self.message(call))
        guard let name = message["datasetReference"]?["datasetId"]?.string, (try? TableName("\(name).t")) != nil,
            !name.contains(".")
        else { throw BigQueryError.invalid("Invalid dataset ID: letters, digits, '_' and '-' make one.") }
        return Reply(
            try await service.ask { warehouse in
                guard try !Self.datasets(of: project, warehouse).contains(where: { $0.name == name }) else {
                    throw BigQueryError.duplicate("Dataset \(project):\(name)")
                }
                try warehouse.keepDataset(
                    name, document: Self.document(message), at: Date().timeIntervalSince1970)
                return try Self.message(try Self.dataset(name, project, warehouse), project)
            })
    }

    @Sendable private func patch(_ call: Call) async throws -> Reply {
        try service.checkWrites(call)
        let (project, name, message) = (call["project"], call["dataset"], try Self.message(call))
        return Reply(
            try await service.ask { warehouse in
                let old = try Self.dataset(name, project, warehouse)
                try warehouse.keepDataset(
                    name, document: Self.document(message, over: JSONValue(parsing: old.document)),
                    at: Date().timeIntervalSince1970)
                return try Self.message(try Self.dataset(name, project, warehouse), project)
            })
    }

    @Sendable private func delete(_ call: Call) async throws -> Reply {
        try service.checkWrites(call)
        let (project, name) = (call["project"], call["dataset"])
        let removesTables = call.query["deleteContents"] == "true"
        try await service.ask { warehouse in
            _ = try Self.dataset(name, project, warehouse)
            let tables = try warehouse.tables().filter { TablePlace($0, in: project)?.dataset == name }
            guard tables.isEmpty || removesTables else {
                throw BigQueryError(400, "resourceInUse", "Dataset \(project):\(name) is still in use")
            }
            for table in tables { try warehouse.drop(table) }
            try warehouse.forgetDataset(name)
        }
        return .empty
    }
}
