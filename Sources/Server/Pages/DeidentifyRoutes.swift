import Catalog
import DICOMStore
import Deidentification
import HTTPTypes
import LightboxCore
import Serving
import WebPages

/// De-identifies a study into another store, and tells how far that is.
struct DeidentifyRoutes: RouteGroup {
    private let context: ServerContext

    init(_ context: ServerContext) { self.context = context }

    var routes: [Route] {
        [
            Route(
                .post, "/stores/{dataset}/{store}/studies/{study}/deidentify", .page, .write,
                "De-identify a study into another store.", .init(mediaType: "text/html"), handler: begin),
            .page("/deidentifications/{id}", "How far a de-identification is.", role: .write) { call in
                call.pages.deidentification(try context.deidentifications.state(of: call["id"]))
            },
            .page("/deidentifications/{id}/live", "The parts of that page that change.", role: .write) { call in
                call.pages.live(try context.deidentifications.state(of: call["id"]))
            },
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
        let request = Deidentifications.Request(
            study: call["study"], source: source, destination: destination,
            options: Set(ConfidentialityOption.allCases.filter { form[$0.rawValue] != nil }),
            refusesBurnedInText: form["refuse-burned-in"] != nil)
        let place = try await context.deidentifications.begin(request, context)
        var reply = Reply(status: .seeOther, [], type: "text/plain; charset=utf-8")
        reply.headers[.location] = place
        reply.headers[.cacheControl] = "no-store"
        return reply
    }
}
