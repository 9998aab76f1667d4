import Catalog
import HTTPTypes
import LightboxCore
import WireFormats

/// `projects.jobs` and `projects.operations` of Google's `ml` v1.
struct JobRoutes: RouteGroup {
    private let context: ServerContext
    private static let jobs = "/v1/projects/{project}/jobs"
    private static let job = jobs + "/{job}"
    private static let operations = "/v1/projects/{project}/operations"

    init(_ context: ServerContext) { self.context = context }

    var routes: [Route] { jobRoutes + operationRoutes }

    private var jobRoutes: [Route] {
        [
            Route(
                .post, Self.jobs, .google, .write, "Put a job into the queue.", .init(body: "Job", answer: "Job")
            ) { call in
                try call.query.allow()
                let input = try JobMessage.Input(call)
                guard let work = input.work else {
                    throw ServerError(.invalidArgument, "The job has no predictionInput and no trainingInput.")
                }
                try call.allow(work, in: context.home)
                let job = try await context.catalog {
                    try $0.createJob(input.id, work, labels: input.labels, creator: call.caller)
                }
                return Reply(JobMessage.message(job, project: call["project"]))
            },
            Route(
                .get, Self.jobs, .google, .read, "List jobs, the newest first.",
                .init(query: ModelRoutes.listQuery, answer: "JobList")
            ) { call in
                let request = try PageRequest(call)
                let page = try await context.catalog { try $0.jobs(request, in: .models) }
                return Reply(page.message("jobs") { JobMessage.message($0, project: call["project"]) })
            },
            Route(.get, Self.job, .google, .read, "Tell of a job.", .init(answer: "Job")) { call in
                try call.query.allow()
                let job = try await context.catalog { catalog in
                    let job = try catalog.job(call["job"])
                    guard job.work.queue == .models else {
                        throw CatalogError(.notFound, "This is no job of models.")
                    }
                    return job
                }
                return Reply(JobMessage.message(job, project: call["project"]))
            },
            Route(
                .patch, Self.job, .google, .write, "Change a job's labels.",
                .init(
                    query: [("updateMask", "`labels`, `labels.NAME` or `etag`, divided by commas.")], body: "Job",
                    answer: "Job")
            ) { call in
                try call.query.allow("updateMask")
                let input = try JobMessage.Input(call)
                let mask = try UpdateMask(call.query["updateMask"] ?? "")
                let job = try await context.catalog {
                    try $0.patchJob(call["job"], mask: mask, labels: input.labels, etag: input.etag)
                }
                return Reply(JobMessage.message(job, project: call["project"]))
            },
            Route(
                .post, Self.job + ":cancel", .google, .write, "Ask a job to stop.",
                .init(body: "Empty", answer: "Empty")
            ) { call in
                try call.query.allow()
                try MessageReader(call.body).finish()
                _ = try await context.catalog { try $0.cancelJob(call["job"]) }
                return .empty
            },
        ]
    }

    private var operationRoutes: [Route] {
        let regional = "/v1/projects/{project}/locations/{location}/operations/{operation}"
        return [
            Route(
                .get, Self.operations, .google, .read, "List operations, the newest first.",
                .init(query: ModelRoutes.listQuery, answer: "OperationList")
            ) { call in
                let request = try PageRequest(call)
                let (page, versions) = try await context.catalog { catalog in
                    let page = try catalog.operations(request)
                    return (page, page.items.map { Self.version(of: $0, catalog) })
                }
                var message = Message()
                let items = zip(page.items, versions).map {
                    OperationMessage.message($0, version: $1, project: call["project"]).value
                }
                message.add("operations", items)
                message.add("nextPageToken", page.next ?? "")
                return Reply(message)
            }
        ]
            + [Self.operations + "/{operation}", regional].flatMap { place in
                [
                    Route(.get, place, .google, .read, "Tell of an operation.", .init(answer: "Operation")) {
                        call in
                        try call.query.allow()
                        let (operation, version) = try await context.catalog { catalog in
                            let operation = try catalog.operation(call["operation"])
                            return (operation, Self.version(of: operation, catalog))
                        }
                        return Reply(
                            OperationMessage.message(operation, version: version, project: call["project"]))
                    },
                    Route(
                        .post, place + ":cancel", .google, .write, "Ask an operation to stop.",
                        .init(body: "Empty", answer: "Empty")
                    ) { call in
                        try call.query.allow()
                        try MessageReader(call.body).finish()
                        _ = try await context.catalog { try $0.cancelOperation(call["operation"]) }
                        return .empty
                    },
                ]
            }
    }

    /// The version that an operation makes, as it stands; nil for other kinds, and when it is gone.
    private static func version(of operation: CatalogOperation, _ catalog: ModelCatalog) -> ModelVersion? {
        guard operation.kind == .createVersion, let name = operation.version else { return nil }
        if case .version(let version) = operation.outcome { return version }
        return try? catalog.version(name, of: operation.model)
    }
}

extension Call {
    /// Checks where a job reads and writes.
    fileprivate func allow(_ work: Job.Work, in home: Home) throws {
        switch work {
        case .prediction(let work):
            for path in work.inputs { try allow(path, as: "predictionInput.inputPaths", in: home) }
            try allow(work.output, as: "predictionInput.outputPath", in: home)
            if case .folder(let folder) = work.target { try allow(folder, as: "predictionInput.uri", in: home) }
        case .archive: preconditionFailure("no job of this API has such work")
        case .training:
            // Any of its arguments may name a file, and trainers take relative paths too.
            guard role == .admin else {
                throw ServerError(
                    .forbidden,
                    "trainingInput.args may name any file of the server. Training needs a token of the role admin."
                )
            }
        }
    }
}
