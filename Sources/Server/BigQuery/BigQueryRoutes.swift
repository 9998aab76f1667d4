import Catalog
import Foundation
import HTTPTypes
import LightboxCore
import Warehouse
import WireFormats

/// The warehouse as BigQuery v2, for clients and notebooks that were written for it.
struct BigQueryRoutes: RouteGroup {
    let context: ServerContext
    let service: TableService

    init(_ context: ServerContext) {
        self.context = context
        service = TableService(home: context.home, settings: context.settings.tables)
    }

    var routes: [Route] {
        let all =
            datasetRoutes + tableRoutes + rowRoutes + jobRoutes + queryRoutes + [
                Self.route(.get, "/projects", .read, "List projects: any name is one.") { _ in
                    Reply(
                        .object([
                            JSONMember("kind", .string("bigquery#projectList")),
                            JSONMember("totalItems", .integer(0)),
                        ]))
                },
                Self.route(.get, "/projects/{project}/serviceAccount", .read, "Who loads and extracts.") { _ in
                    Reply(
                        .object([
                            JSONMember("kind", .string("bigquery#getServiceAccountResponse")),
                            JSONMember("email", .string("lightbox@localhost")),
                        ]))
                },
            ]
        // The discovery client leaves the prefix out, Google's other libraries bring it along.
        return ["/bigquery/v2", ""].flatMap { prefix in all.map { $0.below(prefix) } } + uploadRoutes
    }

    static func route(
        _ method: HTTPRequest.Method, _ template: String, _ role: Route.Role, _ summary: String,
        query: [(name: String, text: String)] = [], body: String? = nil, handler: @escaping Route.Handler
    ) -> Route {
        Route(
            method, template, .bigQuery, role, summary,
            .init(query: query, body: body, answer: "Document"), handler: handler)
    }

    /// A body that is a JSON object; none is an empty one.
    static func message(_ call: Call) throws -> JSONValue { try message(call.body) }

    static func message(_ body: Bytes) throws -> JSONValue {
        guard !body.isEmpty else { return .object([]) }
        do {
            let value = try JSONValue(parsing: body)
            guard value.members != nil else {
                throw BigQueryError(400, "parseError", "The body is no JSON object.")
            }
            return value
        } catch let error as RecordError {
            throw BigQueryError(400, "parseError", "The body is no JSON, at byte \(error.offset ?? 0).")
        }
    }

    static let pageQuery = [
        (name: "maxResults", text: "At most so many."), (name: "pageToken", text: "From the page before."),
    ]

    /// The part of a list that is asked for, and the token of the rest.
    static func page<Item>(_ items: [Item], _ call: Call, most: Int = 1000) throws -> (
        items: [Item], token: String?
    ) {
        let start = try start(call)
        let size = min(most, max(0, try call.query.integer("maxResults") ?? most))
        let rest = items.dropFirst(start)
        return (Array(rest.prefix(size)), rest.count > size && size > 0 ? "at\(start + size)" : nil)
    }

    /// Where a page begins: behind a token, or at a number.
    static func start(_ call: Call) throws -> Int {
        if let token = call.query["pageToken"], !token.isEmpty {
            guard token.hasPrefix("at"), let start = Int(token.dropFirst(2)), start >= 0 else {
                throw BigQueryError.invalid("Invalid value for pageToken")
            }
            return start
        }
        let start = try call.query.integer("startIndex") ?? 0
        guard start >= 0 else { throw BigQueryError.invalid("startIndex is negative") }
        return start
    }
}

extension Route {
    /// The same route at a place below another.
    fileprivate func below(_ prefix: String) -> Route {
        var route = Route(method, prefix + template, family, role, summary, description, handler: handler)
        (route.isOpen, route.streamsBody) = (isOpen, streamsBody)
        return route
    }
}
