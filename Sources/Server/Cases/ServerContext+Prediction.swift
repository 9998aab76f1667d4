import Foundation
import Serving
import WireFormats

extension ServerContext {
    /// Cases that are shown beside a prediction.
    private static let nearestCount = 3
    /// Instances of one request for which cases are looked for: each is a pass over all of them.
    private static let maximumSearches = 64

    /// Answers `{"instances": …}` and `{"inputs": …}`.
    func prediction(_ call: Call, style: Instances.Style) async throws -> Reply {
        let live = try await models.live(call["model"], version: call.parameter("version"))
        let request = try Instances.request(
            call.body, signatures: live.model.signatures, limits: settings.request)
        guard request.extras.contains(.nearest), let attached = cases[live.key.model] else {
            let outputs = try await live.model.predict(request, deadline: call.deadline)
            var reply = Reply(json: try Instances.response(outputs, to: request, style: style))
            reply.instances = request.count
            return reply
        }
        guard request.count <= Self.maximumSearches else {
            throw ServingError(
                .tooLarge, field: "extras", "nearest is asked for with \(request.count) instances",
                remedy: "Send \(Self.maximumSearches) at once, or leave nearest out.")
        }
        let index = try await attached.index()
        var extras = request.extras.subtracting(.nearest)
        extras.insert(.embedding)
        var outputs = try await live.model.predict(
            request.inputs, signature: request.signature, extras: extras, deadline: call.deadline)
        guard case .float32(let vectors)? = outputs["embedding"]?.elements,
            vectors.count == request.count * index.length
        else {
            throw ServingError(
                .unavailableExtra, field: "extras",
                "this version's embedding has another length than the vectors of the known cases",
                remedy: "Leave nearest out, or attach a table that was made with its network.")
        }
        if !request.extras.contains(.embedding) { outputs["embedding"] = nil }
        let model = live.key.model
        let nearest = try await blocking {
            try index.nearest(to: vectors, count: Self.nearestCount).map { matches in
                try JSONValue.array(matches.map { Self.value($0, index, model: model) }).serialized()
            }
        }
        var reply = Reply(
            json: try Instances.response(outputs, to: request, style: style, documents: ["nearest": nearest]))
        reply.instances = request.count
        return reply
    }

    private static func value(_ match: CaseIndex.Match, _ index: CaseIndex, model: String) -> JSONValue {
        let known = index.cases[match.index]
        var members = [
            JSONMember("id", .string(known.id)),
            // By way of the text, so that 0.1 stays 0.1.
            JSONMember("similarity", .number(Double(match.similarity.description) ?? 0)),
            JSONMember("labels", .array(known.labels.map { .string($0) })),
        ]
        if let path = known.path, FileManager.default.isReadableFile(atPath: path) {
            members.append(JSONMember("picture", .string(CaseRoutes.address(of: known.id, model: model))))
        }
        return .object(members)
    }
}
