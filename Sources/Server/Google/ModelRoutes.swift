import Catalog
import HTTPTypes
import LightboxCore
import Logging
import Pipelines
import Serving
import WireFormats

/// `projects.models` and `projects.models.versions` of Google's `ml` v1.
struct ModelRoutes: RouteGroup {
    private let context: ServerContext
    private static let models = "/v1/projects/{project}/models"
    private static let model = models + "/{model}"
    private static let version = model + "/versions/{version}"
    static let listQuery = [
        ("filter", "Conditions such as `name:flowers* AND labels.kind:test`."),
        ("pageSize", "Items at most: 20 unless told, up to 100."), ("pageToken", "From the page before."),
    ]
    private static let maskQuery = [("updateMask", "Names of the fields to change, divided by commas.")]

    init(_ context: ServerContext) { self.context = context }

    var routes: [Route] { modelRoutes + versionRoutes }

    private var modelRoutes: [Route] {
        [
            Route(
                .post, Self.models, .google, .write, "Make a model.", .init(body: "Model", answer: "Model")
            ) { call in
                try call.query.allow()
                let input = try ModelMessage.ModelInput(call)
                let model = try await context.catalog { try $0.createModel(input.name, input.settings) }
                context.models.forget(model.name)
                return Reply(ModelMessage.message(model, project: call["project"]))
            },
            Route(
                .get, Self.models, .google, .read, "List models.",
                .init(query: Self.listQuery, answer: "ModelList")
            ) { call in
                let request = try PageRequest(call)
                let page = try await context.catalog { try $0.models(request) }
                return Reply(page.message("models") { ModelMessage.message($0, project: call["project"]) })
            },
            Route(.get, Self.model, .google, .read, "Tell of a model.", .init(answer: "Model")) { call in
                try call.query.allow()
                let model = try await context.catalog { try $0.model(call["model"]) }
                return Reply(ModelMessage.message(model, project: call["project"]))
            },
            Route(
                .patch, Self.model, .google, .write, "Change a model.",
                .init(query: Self.maskQuery, body: "Model", answer: "Operation")
            ) { call in
                try call.query.allow("updateMask")
                let input = try ModelMessage.ModelInput(call)
                let mask = try UpdateMask(call.query["updateMask"] ?? "")
                let operation = try await context.catalog {
                    try $0.patchModel(
                        call["model"], mask: mask, to: input.settings, defaultVersion: input.defaultVersion,
                        etag: input.etag)
                }
                context.models.forget(call["model"])
                return Reply(OperationMessage.message(operation, version: nil, project: call["project"]))
            },
            Route(.delete, Self.model, .google, .write, "Remove a model.", .init(answer: "Operation")) { call in
                try call.query.allow()
                let operation = try await context.catalog { try $0.deleteModel(call["model"]) }
                context.models.forget(call["model"])
                return Reply(OperationMessage.message(operation, version: nil, project: call["project"]))
            },
        ]
    }

    private var versionRoutes: [Route] {
        [
            Route(
                .post, Self.model + "/versions", .google, .write, "Copy a model's files in and serve them.",
                .init(body: "Version", answer: "Operation"), handler: createVersion),
            Route(
                .get, Self.model + "/versions", .google, .read, "List a model's versions.",
                .init(query: Self.listQuery, answer: "VersionList")
            ) { call in
                let request = try PageRequest(call)
                let page = try await context.catalog { try $0.versions(of: call["model"], request) }
                return Reply(page.message("versions") { ModelMessage.message($0, project: call["project"]) })
            },
            Route(.get, Self.version, .google, .read, "Tell of a version.", .init(answer: "Version")) { call in
                try call.query.allow()
                let version = try await context.catalog { try $0.version(call["version"], of: call["model"]) }
                return Reply(ModelMessage.message(version, project: call["project"]))
            },
            Route(
                .patch, Self.version, .google, .write, "Change a version.",
                .init(query: Self.maskQuery, body: "Version", answer: "Operation")
            ) { call in
                try call.query.allow("updateMask")
                let input = try ModelMessage.VersionInput(call)
                let mask = try UpdateMask(call.query["updateMask"] ?? "")
                let operation = try await context.catalog {
                    try $0.patchVersion(
                        call["version"], of: call["model"], mask: mask, to: input.settings, etag: input.etag)
                }
                return Reply(OperationMessage.message(operation, version: nil, project: call["project"]))
            },
            Route(.delete, Self.version, .google, .write, "Remove a version.", .init(answer: "Operation")) {
                call in
                try call.query.allow()
                let operation = try await context.catalog {
                    try $0.deleteVersion(call["version"], of: call["model"])
                }
                context.models.forget(call["model"], removing: call["version"])
                return Reply(OperationMessage.message(operation, version: nil, project: call["project"]))
            },
            Route(
                .post, Self.version + ":setDefault", .google, .write,
                "Let a version answer where none is named.", .init(body: "Empty", answer: "Version")
            ) { call in
                try call.query.allow()
                try MessageReader(call.body).finish()
                let version = try await context.catalog {
                    try $0.setDefault(call["version"], of: call["model"])
                }
                context.models.forget(call["model"])
                return Reply(ModelMessage.message(version, project: call["project"]))
            },
        ]
    }

    /// Answers when the version has its row; the files are copied, compiled and tried behind the answer.
    @Sendable private func createVersion(_ call: Call) async throws -> Reply {
        try call.query.allow()
        let input = try ModelMessage.VersionInput(call)
        try call.allow(input.settings.source, as: "deploymentUri", in: context.home)
        try context.beginDeployment()
        let operation: CatalogOperation
        let version: ModelVersion
        do {
            (operation, version) = try await context.catalog { catalog in
                let operation = try catalog.beginVersion(
                    input.name, of: call["model"], input.settings, creator: call.caller)
                return (operation, try catalog.version(input.name, of: call["model"]))
            }
        } catch {
            context.endDeployment()
            throw error
        }
        context.deploy(operation, version)
        return Reply(OperationMessage.message(operation, version: version, project: call["project"]))
    }
}

extension ServerContext {
    /// Brings a version that has its row to life.
    fileprivate func deploy(_ operation: CatalogOperation, _ version: ModelVersion) {
        inBackground { [self] in
            defer { endDeployment() }
            let key = ModelPool.Key(model: version.model, version: version.name)
            do {
                // A thread of its own: it waits for others, which wait for threads.
                let ended = try await onOwnThread { [self] in
                    let source = ModelPlace.resolve(try home.fetched(version.settings.source))
                    return try catalog.deployBlocking(operation, from: source) { folder in
                        // In the pool before anyone can ask for it.
                        _ = try waiting { try await self.models.pool.replace(key, at: folder) }
                    }
                }
                models.forget(version.model)
                if case .failed(let problem) = ended.outcome {
                    models.pool.remove(key)
                    log.add(
                        .warning, "the version failed",
                        [("version", .text(key.description)), ("why", .text(problem.message))])
                }
            } catch {
                log.add(.error, "the version could not be made: \(error)", [("version", .text(key.description))])
            }
        }
    }
}

extension PageRequest {
    init(_ call: Call) throws {
        try call.query.allow("filter", "pageSize", "pageToken", "returnPartialSuccess")
        self.init(
            size: try call.query.integer("pageSize"), token: call.query["pageToken"] ?? "",
            filter: call.query["filter"] ?? "")
    }
}

extension CatalogPage {
    func message(_ name: String, _ item: (Item) throws -> Message) rethrows -> Message {
        var message = Message()
        message.add(name, try items.map { try item($0).value })
        message.add("nextPageToken", next ?? "")
        return message
    }
}
