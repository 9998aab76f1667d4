import Catalog
import DICOMStore
import Foundation
import HTTPTypes

/// `projects.locations.datasets` of Google's `healthcare` v1.
struct DatasetRoutes: RouteGroup {
    static let dataset = ArchivePlace.template + "/{dataset}"
    static let listQuery = [
        ("pageSize", "Items at most: 100 unless told, up to 1000."), ("pageToken", "From the page before."),
    ]
    static let maskQuery = [("updateMask", "Names of the fields to change, divided by commas.")]

    private let context: ServerContext

    init(_ context: ServerContext) { self.context = context }

    var routes: [Route] {
        let policies = PolicyRoutes(Self.dataset, .healthcare) { [context] call in
            _ = try await context.archive { try $0.dataset(call["dataset"]) }
        }
        return [
            Route(
                .post, ArchivePlace.template, .healthcare, .write, "Make a dataset.",
                .init(query: [("datasetId", "Its name.")], body: "Dataset", answer: "Operation"), handler: create),
            Route(
                .get, ArchivePlace.template, .healthcare, .read, "List datasets.",
                .init(query: Self.listQuery, answer: "DatasetList")
            ) { call in
                let request = try PageRequest(archive: call)
                let datasets = try await context.archive { try $0.datasets() }
                let place = ArchivePlace(call)
                let page = try CatalogPage(datasets, list: "datasets", request, key: \.name)
                return Reply(page.message("datasets") { ArchiveMessage.message($0, place) })
            },
            Route(.get, Self.dataset, .healthcare, .read, "Tell of a dataset.", .init(answer: "Dataset")) { call in
                try call.query.allow()
                let dataset = try await context.archive { try $0.dataset(call["dataset"]) }
                return Reply(ArchiveMessage.message(dataset, ArchivePlace(call)))
            },
            Route(
                .patch, Self.dataset, .healthcare, .write, "Change a dataset.",
                .init(query: Self.maskQuery, body: "Dataset", answer: "Dataset"), handler: patch),
            Route(
                .delete, Self.dataset, .healthcare, .write, "Remove a dataset with its stores.",
                .init(answer: "Empty")
            ) { call in
                try call.query.allow()
                let stores = try await context.archive { try $0.deleteDataset(call["dataset"]) }
                for store in stores { context.stores.forget(store) }
                return .empty
            },
            Route(
                .post, Self.dataset + ":deidentify", .healthcare, .write,
                "Copy a dataset without what identifies patients.", .init(body: "Document", answer: "Operation"),
                handler: deidentify),
        ] + policies.routes
    }

    @Sendable private func create(_ call: Call) async throws -> Reply {
        try call.query.allow("datasetId")
        let settings = try ArchiveMessage.datasetSettings(call)
        let name = call.query["datasetId"] ?? ""
        let dataset = try await context.archive { try $0.createDataset(name, settings, at: Date()) }
        return try await context.record(ArchiveWork(dataset: name, .createDataset), call, dataset: dataset)
    }

    @Sendable private func patch(_ call: Call) async throws -> Reply {
        try call.query.allow("updateMask")
        let new = try ArchiveMessage.datasetSettings(call)
        let mask = try UpdateMask(call.query["updateMask"] ?? "")
        let dataset = try await context.archive { catalog in
            try catalog.changeDataset(call["dataset"]) { settings in
                try mask.each { path in
                    guard path == "timeZone" else { return false }
                    settings.timeZone = new.timeZone
                    return true
                }
            }
        }
        return Reply(ArchiveMessage.message(dataset, ArchivePlace(call)))
    }

    /// The new dataset is made at once, so that a name that is taken shows now.
    @Sendable private func deidentify(_ call: Call) async throws -> Reply {
        try call.query.allow()
        let settings = try ArchiveWorkMessage.deidentifying(call, isStore: false)
        let work = ArchiveWork(dataset: call["dataset"], .deidentify(settings))
        return try await context.begin(work, call) { catalog in
            let source = try catalog.dataset(work.dataset)
            try catalog.createDataset(settings.dataset, source.settings, at: Date())
        }
    }
}
