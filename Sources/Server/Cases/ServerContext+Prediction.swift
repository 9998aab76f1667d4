import AnswerCards
import Foundation
import LightboxCore
import Serving
import WireFormats

extension ServerContext {
    /// Answers `{"instances": …}` and `{"inputs": …}`.
    func prediction(_ call: Call, style: Instances.Style) async throws -> Reply {
        let live = try await models.live(call["model"], version: call.parameter("version"))
        let request = try Instances.request(
            call.body, signatures: live.model.signatures, limits: settings.request)
        var reply: Reply
        if let notes = try await PredictionNotes(request, live, self) {
            reply = Reply(json: try await notes.response(style, deadline: call.deadline))
        } else {
            let outputs = try await live.model.predict(request, deadline: call.deadline)
            reply = Reply(json: try Instances.response(outputs, to: request, style: style))
        }
        reply.instances = request.count
        return reply
    }

    /// The known cases of a model as they are now; nil where none are attached.
    func knownCases(of model: String) async throws -> KnownCases? { try await cases[model]?.known() }
}

/// A request whose answers are held against known cases, or written down on cards.
struct PredictionNotes {
    private static let nearestCount = 3
    /// Instances of one request: each is a pass over all known cases.
    private static let maximumInstances = 64

    private let request: PredictRequest
    private let live: LiveModels.Live
    private let known: KnownCases?
    private let cards: CardMakers.Entry?
    private let reader: ImageReader

    /// nil for a request that asks for neither.
    init?(_ request: PredictRequest, _ live: LiveModels.Live, _ context: ServerContext) async throws {
        let asksNearest = request.extras.contains(.nearest) && context.cases[live.key.model] != nil
        guard asksNearest || request.extras.contains(.card) else { return nil }
        guard request.count <= Self.maximumInstances else {
            throw ServingError(
                .tooLarge, field: "extras",
                "\(asksNearest ? "nearest" : "card") is asked for with \(request.count) instances",
                remedy: "Send \(Self.maximumInstances) at once, or leave it out.")
        }
        self.request = request
        self.live = live
        reader = context.settings.models.model.images
        known = try await context.knownCases(of: live.key.model)
        cards = request.extras.contains(.card) ? try await context.cardMaker(of: live) : nil
        guard cards == nil || request.inputs[CardMaker.inputName] != nil else {
            throw ServingError(
                .unavailableExtra, field: "extras", "a card is about the bytes of an image",
                remedy: "Send \(CardMaker.inputName).")
        }
    }

    func response(_ style: Instances.Style, deadline: ContinuousClock.Instant) async throws -> [UInt8] {
        let own: Extras = [.nearest, .card]
        var extras = request.extras.subtracting(known == nil ? .card : own).union(cards?.maker.extras ?? [])
        if known != nil { extras.insert(.embedding) }
        var outputs = try await live.model.predict(
            request.inputs, signature: request.signature, extras: extras, isAlone: cards != nil, deadline: deadline
        )
        let documents = try await blocking { [self, outputs] in try self.documents(outputs) }
        for (name, extra) in Self.outputs where !request.extras.contains(extra) { outputs[name] = nil }
        return try Instances.response(outputs, to: request, style: style, documents: documents)
    }

    /// The outputs that are computed for notes, too.
    private static let outputs: [(name: String, extra: Extras)] = [
        ("labels", .labels), ("found", .labels), ("heatmap_png_bytes", .heatmap), ("embedding", .embedding),
    ]

    private func documents(_ outputs: [String: ServedTensor]) throws -> [String: [[UInt8]]] {
        var documents: [String: [[UInt8]]] = [:]
        if let known, request.extras.contains(.nearest) {
            documents["nearest"] = try nearest(in: known, outputs).map { try $0.serialized() }
        }
        if let cards, let images = request.inputs[CardMaker.inputName]?.strings {
            documents["card"] = try images.enumerated().map { row, image in
                var card = try cards.maker.card(of: image, outputs, row: row, cases: known, reader: reader)
                card.drift = cards.watch?.watch(card.answer)
                return try card.line()
            }
        }
        return documents
    }

    private func nearest(in known: KnownCases, _ outputs: [String: ServedTensor]) throws -> [JSONValue] {
        guard case .float32(let vectors)? = outputs["embedding"]?.elements,
            vectors.count == request.count * known.index.length
        else {
            throw ServingError(
                .unavailableExtra, field: "extras",
                "this version's embedding has another length than the vectors of the known cases",
                remedy: "Leave nearest out, or attach a table that was made with its network.")
        }
        return known.index.nearest(to: vectors, count: Self.nearestCount).map { matches in
            .array(matches.map { value($0, known.index) })
        }
    }

    private func value(_ match: CaseIndex.Match, _ index: CaseIndex) -> JSONValue {
        let known = index.cases[match.index]
        var members = [
            JSONMember("id", .string(known.id)),
            // By way of the text, so that 0.1 stays 0.1.
            JSONMember("similarity", .number(Double(match.similarity.description) ?? 0)),
            JSONMember("labels", .array(known.labels.map { .string($0) })),
        ]
        if let path = known.path, FileManager.default.isReadableFile(atPath: path) {
            members.append(
                JSONMember("picture", .string(CaseRoutes.address(of: known.id, model: live.key.model))))
        }
        return .object(members)
    }
}
