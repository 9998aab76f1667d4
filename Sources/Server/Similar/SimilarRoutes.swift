import AnswerCards
import Catalog
import Foundation
import HTTPTypes
import LightboxCore
import Serving
import WireFormats

/// The images of a table that are most like one.
struct SimilarRoutes: RouteGroup {
    private let context: ServerContext
    private static let usualCount = 10
    private static let maximumCount = 1000

    init(_ context: ServerContext) { self.context = context }

    var routes: [Route] {
        let count = (name: "k", text: "How many; 10 otherwise, 1000 at most.")
        let place = "/v1/tables/{table}:similar"
        return [
            Route(
                .get, place, .own, .read, "The rows of a table that are most like one of them.",
                .init(
                    query: [(name: "id", text: "The row's instance UID, path or id."), count], answer: "Document"),
                handler: likeRow),
            Route(
                .post, place, .own, .predict,
                "The rows of a table that are most like an image, which is the body.",
                .init(query: [count], answer: "Document"), handler: likeImage),
        ]
    }

    @Sendable private func likeRow(_ call: Call) async throws -> Reply {
        guard let id = call.query["id"] else {
            throw ServerError(.invalidArgument, "Which row? Name its id, or send an image with POST.")
        }
        let (name, count) = (call["table"], try Self.count(call))
        return try await onOwnThread { [context] in
            let known = try context.similar.table(name).known
            guard let vector = known.index.vector(of: id) else {
                throw ServerError(.noSuchRoute, "The table has no such row, or no vector of it.")
            }
            // One more, since the row itself comes first.
            return Self.reply(vector, known, count: count, without: id)
        }
    }

    @Sendable private func likeImage(_ call: Call) async throws -> Reply {
        let (name, count, reader) = (call["table"], try Self.count(call), context.settings.models.model.images)
        return try await onOwnThread { [context, body = call.body] in
            let image = try reader.image(body)
            let vector = try context.similar.vector(of: image, like: name)
            return Self.reply(vector, try context.similar.table(name).known, count: count)
        }
    }

    private static func count(_ call: Call) throws -> Int {
        let count = try call.query.integer("k") ?? usualCount
        guard (1...maximumCount).contains(count) else {
            throw ServerError(.invalidArgument, "k is 1 to \(maximumCount).")
        }
        return count
    }

    private static func reply(
        _ vector: [Float], _ known: KnownCases, count: Int, without id: String? = nil
    ) -> Reply {
        let matches = known.index.nearest(to: vector, count: count + (id == nil ? 0 : 1))[0]
            .filter { known.index.cases[$0.index].id != id }.prefix(count)
        let values = matches.map { match -> JSONValue in
            let row = known.index.cases[match.index]
            return .object([
                JSONMember("id", .string(row.id)),
                // By way of the text, so that 0.1 stays 0.1.
                JSONMember("similarity", .number(Double(match.similarity.description) ?? 0)),
                JSONMember("labels", .array(row.labels.map { .string($0) })),
            ])
        }
        return Reply(
            .object([
                JSONMember("table", .string(known.table)),
                JSONMember("rows", .integer(Int64(known.index.cases.count))),
                JSONMember("similar", .array(values)),
            ]))
    }
}
