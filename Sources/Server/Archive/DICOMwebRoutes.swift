import Catalog
import DICOMStore
import DICOMweb
import HTTPTypes
import Hummingbird
import LightboxCore
import Logging

/// DICOM stores as DICOMweb services (PS3.18): at `/dicomweb/DATASET/STORE` as the standard says, and where Google's
/// `healthcare` v1 has them, as Google's service behaves.
struct DICOMwebRoutes: RouteGroup {
    private let context: ServerContext

    init(_ context: ServerContext) { self.context = context }

    var routes: [Route] {
        let google =
            "/v1/projects/{project}/locations/{location}/datasets/{dataset}/dicomStores/{store}/dicomWeb"
        return services(at: "/dicomweb/{dataset}/{store}", .standard, delete: { try await answer($0, .standard) })
            + services(at: google, .google, delete: deleteForGoogle)
    }

    private func services(
        at place: String, _ flavour: DICOMwebSettings.Flavour, delete: @escaping Route.Handler
    ) -> [Route] {
        let handler: Route.Handler = { call in try await answer(call, flavour) }
        let template = place + "/{path*}"
        return [
            Route(
                .get, template, .dicomWeb, .read,
                "Search and retrieve studies, series, instances, frames and pictures.",
                .init(mediaType: "application/dicom+json"), handler: handler),
            Route(
                .post, template, .dicomWeb, .write, "Store instances.",
                .init(mediaType: "application/dicom+json"), handler: handler
            ).streaming,
            Route(
                .delete, template, .dicomWeb, .write, "Delete a study, a series or an instance.", handler: delete),
        ]
    }

    /// Google's service tells of the deletion of studies and series as an operation.
    @Sendable private func deleteForGoogle(_ call: Call) async throws -> Reply {
        let reply = try await answer(call, .google)
        let levels = call.rest.split(separator: "/").count / 2
        guard reply.status == .ok, levels < 3 else { return reply }
        let name = try call.storeName()
        let work = ArchiveWork(
            dataset: name.dataset, store: name.store, levels == 1 ? .deleteStudy : .deleteSeries)
        return try await context.record(work, call)
    }

    private func answer(_ call: Call, _ flavour: DICOMwebSettings.Flavour) async throws -> Reply {
        let name = try call.storeName()
        let service = try await context.stores.service(name, flavour)
        let response = await service.respond(to: try request(call))
        if let trouble = response.trouble {
            context.log.add(
                .error, "an archive request failed: \(RemoteFiles.shown(trouble))", [("store", .text("\(name)"))])
        }
        return try Reply(response)
    }

    private func request(_ call: Call) throws -> DICOMwebRequest {
        let method: DICOMwebRequest.Method =
            switch call.method {
            case .post: .post
            case .delete: .delete
            default: .get
            }
        return try DICOMwebRequest(
            method: method, path: String(call.rest), query: call.query.text,
            headers: call.headers.map { ($0.name.canonicalName, $0.value) },
            body: call.stream.map(BodyPieces.init),
            root: context.address(for: call) + call.path.dropLast(call.rest.count))
    }
}

/// A body's pieces as they come; the sender waits while one is dealt with.
private struct BodyPieces: AsyncSequence {
    let body: RequestBody

    struct AsyncIterator: AsyncIteratorProtocol {
        var pieces: RequestBody.AsyncIterator

        mutating func next(isolation actor: isolated (any Actor)?) async throws -> Bytes? {
            try await pieces.next(isolation: actor).map { Bytes($0.readableBytesView) }
        }

        mutating func next() async throws -> Bytes? {
            try await pieces.next().map { Bytes($0.readableBytesView) }
        }
    }

    func makeAsyncIterator() -> AsyncIterator { AsyncIterator(pieces: body.makeAsyncIterator()) }
}
