import Catalog
import DICOMStore
import Deidentification
import HTTPTypes
import LightboxCore
import Serving
import WebPages

/// De-identifies a study into another store: a job of the queue, whose page tells how far it is.
struct DeidentifyRoutes: RouteGroup {
    private let context: ServerContext

    init(_ context: ServerContext) { self.context = context }

    var routes: [Route] {
        [
            Route(
                .post, "/stores/{dataset}/{store}/studies/{study}/deidentify", .page, .write,
                "De-identify a study into another store.", .init(mediaType: "text/html"), handler: begin)
        ]
    }

    @Sendable private func begin(_ call: Call) async throws -> Reply {
        guard call.contentType == "application/x-www-form-urlencoded", call.body.count <= 8192 else {
            throw ServerError(.unsupportedMedia, "The page sends a form.")
        }
        let form = Query(call.body.withUnsafeBytes { String(decoding: $0, as: UTF8.self) })
        let source = try DICOMStoreName(dataset: call["dataset"], store: call["store"])
        let destination = try DICOMStoreName(form["destination"] ?? "")
        guard destination != source else {
            throw ServerError(
                .invalidArgument, "Choose another store: this one has the study with all names in it.")
        }
        var settings = ArchiveWork.Deidentification(dataset: destination.dataset, store: destination.store)
        settings.study = call["study"]
        settings.options = ConfidentialityOption.allCases.map(\.rawValue).filter { form[$0] != nil }
        settings.refusesBurnedInText = form["refuse-burned-in"] != nil
        let work = ArchiveWork(dataset: source.dataset, store: source.store, .deidentify(settings))
        let study = InstanceFilter(studyInstanceUID: call["study"])
        let job = try await context.catalog { [stores = context.stores] catalog in
            guard try !stores.store(source).instances(matching: study, limit: 1).isEmpty else {
                throw ServerError(.noSuchRoute, "The store has no such study.")
            }
            return try catalog.createArchiveJob(work, creator: call.caller)
        }
        var reply = Reply(status: .seeOther, [], type: "text/plain; charset=utf-8")
        reply.headers[.location] = "/jobs/\(job.id)"
        reply.headers[.cacheControl] = "no-store"
        return reply
    }
}
