import Catalog
import DICOMStore
import HTTPTypes

/// `projects.locations.datasets.operations` of Google's `healthcare` v1: jobs of the archive's queue, readable for ever.
struct ArchiveOperationRoutes: RouteGroup {
    private static let operations = DatasetRoutes.dataset + "/operations"
    private static let operation = operations + "/{operation}"

    private let context: ServerContext

    init(_ context: ServerContext) { self.context = context }

    var routes: [Route] {
        [
            Route(
                .get, Self.operations, .healthcare, .read, "List a dataset's operations, the newest first.",
                .init(
                    query: [("filter", "Conditions such as `state:FAILED`.")] + DatasetRoutes.listQuery,
                    answer: "OperationList")
            ) { call in
                let request = try PageRequest(archive: call, filtered: true)
                return try await context.catalog { catalog in
                    let page = try catalog.jobs(request, in: .archive, of: call["dataset"])
                    return Reply(try page.message("operations") { try message($0, call) })
                }
            },
            Route(.get, Self.operation, .healthcare, .read, "Tell of an operation.", .init(answer: "Operation")) {
                call in
                try call.query.allow()
                return try await context.catalog { catalog in
                    Reply(try message(catalog.archiveJob(call["operation"], of: call["dataset"]), call))
                }
            },
            Route(
                .post, Self.operation + ":cancel", .healthcare, .write, "Ask an operation to stop.",
                .init(body: "Empty", answer: "Empty")
            ) { call in
                try call.query.allow()
                try MessageReader(call.body).finish()
                try await context.catalog { catalog in
                    let job = try catalog.archiveJob(call["operation"], of: call["dataset"])
                    do {
                        try catalog.cancelJob(job.id)
                    } catch let error as CatalogError where error.code == .failedPrecondition {
                        // It has ended, which is what was wanted.
                    }
                }
                return .empty
            },
        ]
    }

    /// It may block.
    private func message(_ job: Job, _ call: Call) throws -> Message {
        guard case .archive(let work) = job.work else {
            throw ServerError(.noSuchRoute, "The dataset has no such operation.")
        }
        let dataset = work.action == .createDataset ? try? context.stores.catalog().dataset(work.dataset) : nil
        return ArchiveOperationMessage(
            job: job, work: work, place: ArchivePlace(call), dataset: dataset, logs: context.logs(of: job, call)
        ).message
    }
}
