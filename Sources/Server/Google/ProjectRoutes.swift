import Catalog
import HTTPTypes
import WireFormats

/// What scripts ask of a project beside its models and jobs.
struct ProjectRoutes: RouteGroup {
    private let context: ServerContext
    /// Regions mean nothing here; these are the ones that old scripts name.
    private static let regions = [
        "asia-east1", "asia-northeast1", "europe-west1", "europe-west4", "us-central1", "us-east1", "us-east4",
        "us-west1",
    ]

    init(_ context: ServerContext) { self.context = context }

    var routes: [Route] {
        let project = "/v1/projects/{project}"
        let policies = [project + "/models/{model}", project + "/jobs/{job}"].flatMap {
            PolicyRoutes($0, .google, find: find).routes
        }
        return policies + [
            Route(
                .get, project + ":getConfig", .google, .read, "Tell of the account that works for a project.",
                .init(answer: "Document")
            ) { call in
                try call.query.allow()
                var message = Message()
                message.add("serviceAccount", "lightbox@\(call["project"]).local")
                return Reply(message)
            },
            Route(
                .get, project + "/locations", .google, .read, "List regions, which mean nothing here.",
                .init(answer: "Document")
            ) { call in
                try call.query.allow("pageSize", "pageToken")
                var message = Message()
                message.add("locations", Self.regions.map { Self.location($0, call["project"]).value })
                return Reply(message)
            },
            Route(
                .get, project + "/locations/{location}", .google, .read, "Tell of a region.",
                .init(answer: "Document")
            ) { call in
                try call.query.allow()
                guard Self.regions.contains(call["location"]) else {
                    throw ServerError(.noSuchRoute, "There is no such region. Ask for the list.")
                }
                return Reply(Self.location(call["location"], call["project"]))
            },
        ]
    }

    private static func location(_ name: String, _ project: String) -> Message {
        var message = Message()
        message.add("name", "projects/\(project)/locations/\(name)")
        var (training, prediction) = (Message(), Message())
        training.add("type", "TRAINING")
        prediction.add("type", "BATCH_PREDICTION")
        message.add("capabilities", [training.value, prediction.value])
        return message
    }

    /// - Throws: when there is no such model or job.
    @Sendable private func find(_ call: Call) async throws {
        try await context.catalog { catalog in
            if let model = call.parameter("model") { _ = try catalog.model(model) }
            if let job = call.parameter("job") { _ = try catalog.job(job) }
        }
    }
}
