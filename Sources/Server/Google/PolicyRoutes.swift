import Catalog
import HTTPTypes
import WireFormats

/// The policy methods of a kind of resource. Policies of single resources are not kept: who may do what belongs to the
/// caller's token.
struct PolicyRoutes: RouteGroup {
    private let place: String
    private let family: Route.Family
    private let find: @Sendable (Call) async throws -> Void

    /// - Parameters:
    ///   - place: the resource's template.
    ///   - find: throws when there is no such resource.
    init(_ place: String, _ family: Route.Family, find: @escaping @Sendable (Call) async throws -> Void) {
        (self.place, self.family, self.find) = (place, family, find)
    }

    var routes: [Route] {
        [
            Route(
                .get, place + ":getIamPolicy", family, .read, "The policy of a resource, which is empty.",
                .init(answer: "Document")
            ) { call in
                try await find(call)
                var message = Message()
                message.add("version", short: 1)
                message.add("etag", "ACAB")
                return Reply(message)
            },
            Route(
                .post, place + ":setIamPolicy", family, .admin, "Refused: policies belong to tokens here.",
                .init(body: "Document")
            ) { call in
                try await find(call)
                throw ServerError(.notOffered, "Resources have no policies of their own: roles belong to tokens.")
            },
            Route(
                .post, place + ":testIamPermissions", family, .read, "Which of some permissions the caller has.",
                .init(body: "Document", answer: "Document")
            ) { call in
                try await find(call)
                var reader = try MessageReader(call.body)
                let permissions = try reader.texts("permissions")
                try reader.finish()
                var message = Message()
                message.add("permissions", permissions.filter { Self.role(for: $0) <= call.role })
                return Reply(message)
            },
        ]
    }

    /// `ml.models.predict` and so on: what its verb needs.
    static func role(for permission: String) -> AccessRole {
        switch permission.split(separator: ".").last {
        case "get", "list", "getIamPolicy", "dicomWebRead": .read
        case "predict": .predict
        case "setIamPolicy": .admin
        default: .write
        }
    }
}
