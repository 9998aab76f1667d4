import AnswerCards
import Catalog
import DICOM
import Figures
import Foundation
import HTTPTypes
import LightboxCore
import Serving

/// Answer cards of single images, as files.
struct CardRoutes: RouteGroup {
    private let context: ServerContext

    init(_ context: ServerContext) { self.context = context }

    /// What a card can be had as.
    private enum Form: String, CaseIterable {
        case json, html, pdf, dicom

        var mediaType: String {
            switch self {
            case .json: "application/json"
            case .html: "text/html; charset=utf-8"
            case .pdf: "application/pdf"
            case .dicom: "application/dicom"
            }
        }

        var suffix: String { self == .dicom ? "dcm" : rawValue }
    }

    var routes: [Route] {
        let query = [
            (name: "version", text: "Of the model; its default one otherwise."),
            (name: "format", text: "json, html, pdf, or dicom for a structured report on a DICOM file."),
            (name: "name", text: "What the image is called on the page."),
        ]
        return [
            Route(
                .post, "/answers/{model}", .own, .predict, "The answer card of an image, which is the body.",
                .init(query: query, answer: "Document"), handler: card)
        ]
    }

    @Sendable private func card(_ call: Call) async throws -> Reply {
        guard let form = Form(rawValue: call.query["format"] ?? "json") else {
            throw ServerError(
                .invalidArgument,
                "There is no such format. Ask for \(Form.allCases.map(\.rawValue).joined(separator: ", ")).")
        }
        let live = try await context.models.live(call["model"], version: call.query["version"])
        let known = try await context.knownCases(of: live.key.model)
        let entry = try await context.cardMaker(of: live)
        var card = try await entry.maker.card(
            of: call.body, by: live.model, cases: known, reader: context.settings.models.model.images,
            deadline: call.deadline)
        card.drift = entry.watch?.watch(card.answer)
        let name = call.query["name"].map { String($0.prefix(200)) }
        let bytes: [UInt8] = try await blocking { [card, body = call.body] in
            switch form {
            case .json: Array(try card.serialized())
            case .html: Array(card.page(of: name).html().utf8)
            case .pdf: try card.page(of: name).pdf()
            case .dicom: try card.report(on: body).serialized()
            }
        }
        var reply = Reply(bytes, type: form.mediaType)
        reply.instances = 1
        reply.headers[.cacheControl] = "no-store"
        // A file to keep, no page of this site.
        reply.headers[.contentDisposition] = "attachment; filename=\"card.\(form.suffix)\""
        return reply
    }
}
