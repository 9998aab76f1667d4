import Buckets
import Catalog
import HTTPTypes
import LightboxCore
import NIOCore
import WireFormats

/// Buckets of Cloud Storage's JSON interface, v1: the folders of the home's `buckets`.
struct BucketRoutes: RouteGroup {
    static let template = "/storage/v1/b"
    private let context: ServerContext

    init(_ context: ServerContext) { self.context = context }

    var routes: [Route] {
        let bucket = Self.template + "/{bucket}"
        return [
            route(.get, Self.template, .read, "List buckets.", list),
            route(.post, Self.template, .write, "Make a bucket.", body: true, make),
            route(.get, bucket, .read, "Tell of a bucket.") { call in
                let name = call["bucket"]
                let found = try await context.buckets { try $0.bucket(name) }
                return Reply(context.storageMessages(for: call).message(found))
            },
            route(.patch, bucket, .write, "Change a bucket.", body: true) { try await change($0, isWhole: false) },
            route(.put, bucket, .write, "Change a bucket as a whole.", body: true) {
                try await change($0, isWhole: true)
            },
            route(.delete, bucket, .write, "Remove an empty bucket.") { call in
                let (name, query) = (call["bucket"], try StorageQuery(call))
                let metageneration = try query.number("ifMetagenerationMatch")
                try await context.buckets { try $0.remove(name, if: metageneration) }
                return Reply(status: .noContent, headers: [:], .bytes(.init()))
            },
        ] + policies(of: bucket) + [
            route(
                .get, "/storage/v1/projects/{project}/serviceAccount", .read,
                "Tell of the account that works for a project."
            ) {
                call in
                var message = Message()
                message.add("kind", "storage#serviceAccount")
                message.add("email_address", "lightbox@\(call["project"]).local")
                return Reply(message)
            }
        ]
    }

    private func route(
        _ method: HTTPRequest.Method, _ template: String, _ role: Route.Role, _ summary: String,
        body: Bool = false,
        _ handler: @escaping Route.Handler
    ) -> Route {
        Route(
            method, template, .storage, role, summary,
            .init(body: body ? "Document" : nil, answer: "Document"), handler: context.storage(handler))
    }

    @Sendable private func list(_ call: Call) async throws -> Reply {
        let query = try StorageQuery(call)
        let (limit, after) = (try query.limit(), query["pageToken"] ?? "")
        let all = try await context.buckets { try $0.buckets(prefix: query["prefix"] ?? "") }
        let rest = all.drop { !after.utf8.lexicographicallyPrecedes($0.name.utf8) && !after.isEmpty }
        let messages = context.storageMessages(for: call)
        var message = Message()
        message.add("kind", "storage#buckets")
        if rest.count > limit { message.add("nextPageToken", rest.prefix(limit).last?.name ?? "") }
        message.add("items", rest.prefix(limit).map { messages.message($0).value })
        return Reply(message)
    }

    @Sendable private func make(_ call: Call) async throws -> Reply {
        _ = try StorageQuery(call)
        let document = try StorageDocument(call.body)
        guard let name = try document.text("name"), !name.isEmpty else {
            throw ServerError(.invalidArgument, "Required: the bucket's 'name'.")
        }
        try context.allow(name, call)
        var settings = BucketSettings()
        try document.apply(to: &settings, isWhole: true)
        let made = try await context.buckets { [settings] in try $0.make(name, settings) }
        return Reply(context.storageMessages(for: call).message(made))
    }

    private func change(_ call: Call, isWhole: Bool) async throws -> Reply {
        let (name, query) = (call["bucket"], try StorageQuery(call))
        let document = try StorageDocument(call.body)
        let metageneration = try query.number("ifMetagenerationMatch")
        let changed = try await context.buckets { buckets in
            try buckets.change(name, if: metageneration) { try document.apply(to: &$0, isWhole: isWhole) }
        }
        return Reply(context.storageMessages(for: call).message(changed))
    }

    /// Buckets have no policies of their own: who may do what belongs to the caller's token.
    private func policies(of bucket: String) -> [Route] {
        [
            route(.get, bucket + "/iam", .read, "The policy of a bucket, which is empty.") { call in
                let name = call["bucket"]
                _ = try await context.buckets { try $0.bucket(name) }
                var message = Message()
                message.add("kind", "storage#policy")
                message.add("version", short: 1)
                message.add("etag", "CAE=")
                return Reply(message)
            },
            route(.put, bucket + "/iam", .admin, "Refused: policies belong to tokens here.", body: true) { _ in
                throw ServerError(.notOffered, "Buckets have no policies of their own: roles belong to tokens.")
            },
            route(.get, bucket + "/iam/testPermissions", .read, "Which of some permissions the caller has.") {
                call in
                let name = call["bucket"]
                _ = try await context.buckets { try $0.bucket(name) }
                var message = Message()
                message.add("kind", "storage#testIamPermissionsResponse")
                message.add(
                    "permissions",
                    try StorageQuery(call).all("permissions").filter { PolicyRoutes.role(for: $0) <= call.role })
                return Reply(message)
            },
        ]
    }
}
