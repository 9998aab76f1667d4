import Buckets
import Catalog
import Foundation
import HTTPTypes
import LightboxCore
import NIOCore
import WireFormats

/// Objects of Cloud Storage's JSON interface, v1, but for uploads.
struct ObjectRoutes: RouteGroup {
    private let context: ServerContext

    init(_ context: ServerContext) { self.context = context }

    var routes: [Route] {
        let place = BucketRoutes.template + "/{bucket}/o"
        let object = place + "/{path*}"
        return [
            Route(
                .get, place, .storage, .read, "List objects.", .init(query: Self.listQuery, answer: "Document"),
                handler: context.storage(list)),
            Route(
                .get, object, .storage, .read, "Tell of an object, or read it.",
                .init(query: [("alt", "media: the bytes.")], answer: "Document"),
                handler: context.storage { try await get($0, isMedia: false) }),
            Route(
                .get, "/download" + object, .storage, .read, "Read an object.",
                .init(mediaType: "application/octet-stream"),
                handler: context.storage { try await get($0, isMedia: true) }),
            Route(
                .patch, object, .storage, .write, "Change what is said of an object.",
                .init(body: "Document", answer: "Document"),
                handler: context.storage { try await change($0, isWhole: false) }),
            Route(
                .put, object, .storage, .write, "Change what is said of an object as a whole.",
                .init(body: "Document", answer: "Document"),
                handler: context.storage { try await change($0, isWhole: true) }),
            Route(.delete, object, .storage, .write, "Remove an object.", handler: context.storage(remove)),
            Route(
                .post, object, .storage, .write,
                "Make an object of others: /compose, /copyTo/b/BUCKET/o/NAME, /rewriteTo/b/BUCKET/o/NAME, /moveTo/o/NAME.",
                .init(body: "Document", answer: "Document"), handler: context.storage(combine)),
        ]
    }

    private static let listQuery = [
        ("prefix", "How the names begin."),
        ("delimiter", "Names that go on to it are told of by what they have in common."),
        ("maxResults", "1,000 unless told, and at most."), ("pageToken", "From the page before."),
        ("startOffset", "The first name."), ("endOffset", "The first name that is left out."),
        ("matchGlob", "A pattern."),
    ]

    @Sendable private func list(_ call: Call) async throws -> Reply {
        let (name, asked) = (call["bucket"], try StorageQuery(call))
        var query = ObjectQuery()
        query.prefix = asked["prefix"] ?? ""
        query.delimiter = asked["delimiter"] ?? ""
        query.includesTrailingDelimiter = asked.flag("includeTrailingDelimiter")
        query.start = asked["startOffset"] ?? ""
        query.end = asked["endOffset"] ?? ""
        query.limit = try asked.limit()
        query.token = asked["pageToken"] ?? ""
        if let pattern = asked["matchGlob"], !pattern.isEmpty {
            guard !pattern.contains("{"), pattern.utf8.count <= ObjectKey.longest else {
                throw ServerError(.notOffered, "matchGlob: braces are not offered. Ask once for each choice.")
            }
            query.pattern = Glob(pattern)
        }
        let list = try await context.buckets { [query] in try $0.folder(name).list(query) }
        return Reply(context.storageMessages(for: call).message(list))
    }

    private func get(_ call: Call, isMedia: Bool) async throws -> Reply {
        let (bucket, path, query) = (call["bucket"], try ObjectPath(call.rest), try StorageQuery(call))
        guard path.action.isEmpty else { throw Self.noAction(path) }
        let (conditions, generation) = (try query.conditions(call), try query.number("generation"))
        let readsBytes = isMedia || query["alt"] == "media"
        let range = readsBytes ? call.headers[.range] : nil
        let found = try await context.buckets { buckets in
            let folder = try buckets.folder(bucket)
            // A piece is not compared with the checksum of the whole.
            let found = try folder.open(path.key, hashing: range == nil)
            guard generation ?? found.object.generation == found.object.generation else {
                throw BucketError(.noSuchObject, "No such object: \(bucket)/\(path.key)#\(generation ?? 0)")
            }
            try conditions.check(found.object, isRead: true)
            return found
        }
        guard readsBytes else { return Reply(context.storageMessages(for: call).message(found.object)) }
        return Reply(found, range: range.flatMap { ByteRange($0) })
    }

    private func change(_ call: Call, isWhole: Bool) async throws -> Reply {
        let (bucket, path, query) = (call["bucket"], try ObjectPath(call.rest), try StorageQuery(call))
        guard path.action.isEmpty else { throw Self.noAction(path) }
        let document = try StorageDocument(call.body)
        let (conditions, generation) = (try query.conditions(call), try query.number("generation"))
        let object = try await context.buckets { buckets in
            try buckets.folder(bucket).change(path.key, if: conditions, generation: generation) {
                try document.apply(to: &$0, isWhole: isWhole)
            }
        }
        return Reply(context.storageMessages(for: call).message(object))
    }

    @Sendable private func remove(_ call: Call) async throws -> Reply {
        let (bucket, path, query) = (call["bucket"], try ObjectPath(call.rest), try StorageQuery(call))
        guard path.action.isEmpty else { throw Self.noAction(path) }
        let (conditions, generation) = (try query.conditions(call), try query.number("generation"))
        try await context.buckets {
            try $0.folder(bucket).remove(path.key, if: conditions, generation: generation)
        }
        return Reply(status: .noContent, headers: [:], .bytes(.init()))
    }

    // MARK: Objects made of others

    @Sendable private func combine(_ call: Call) async throws -> Reply {
        let path = try ObjectPath(call.rest)
        let messages = context.storageMessages(for: call)
        switch (path.action.first, path.action.count) {
        case ("compose", 1): return Reply(messages.message(try await compose(path.key, call)))
        case ("copyTo", 5): return Reply(messages.message(try await copy(path, call)))
        case ("rewriteTo", 5):
            let object = try await copy(path, call)
            var message = Message()
            message.add("kind", "storage#rewriteResponse")
            message.add("totalBytesRewritten", "\(object.size)")
            message.add("objectSize", "\(object.size)")
            message.add("done", true)
            message.add("resource", messages.message(object))
            return Reply(message)
        case ("moveTo", 3): return Reply(messages.message(try await move(path, call)))
        default: throw Self.noAction(path)
        }
    }

    private func compose(_ target: ObjectKey, _ call: Call) async throws -> StoredObject {
        let (bucket, query) = (call["bucket"], try StorageQuery(call))
        let document = try StorageDocument(call.body)
        let pieces = try ComposedPiece.list(document)
        let destination = try StorageDocument.destination(document)
        var properties = ObjectProperties()
        try destination.apply(to: &properties, isWhole: true)
        // Its checksums are those of the object that stands there now, when callers send back what they have read.
        let conditions = try query.conditions()
        return try await context.buckets { [properties] buckets in
            let folder = try buckets.folder(bucket)
            try folder.check(conditions, target)
            let sources = try pieces.map { piece in
                let source = try folder.open(piece.key, hashing: false)
                try piece.conditions.check(source.object)
                return source
            }
            return try folder.join(
                sources, as: target, properties, if: conditions,
                components: sources.reduce(0) { $0 + max(1, $1.object.components) })
        }
    }

    private func copy(_ path: ObjectPath, _ call: Call) async throws -> StoredObject {
        let (bucket, query, action) = (call["bucket"], try StorageQuery(call), path.action)
        guard action[1] == "b", action[3] == "o" else { throw Self.noAction(path) }
        try context.allow(action[2], call)
        let target = try ObjectKey(action[4])
        let document = try StorageDocument(call.body)
        let (conditions, generation) = (try query.conditions(), try query.number("sourceGeneration"))
        let sourceConditions = try query.conditions(source: true)
        return try await context.buckets { buckets in
            let source = try buckets.folder(bucket).open(path.key, hashing: false)
            guard generation ?? source.object.generation == source.object.generation else {
                throw BucketError(.noSuchObject, "No such object: \(bucket)/\(path.key)#\(generation ?? 0)")
            }
            try sourceConditions.check(source.object)
            let folder = try buckets.folder(action[2])
            try folder.check(conditions, target)
            var properties = source.object.properties
            if document.hasProperties { try document.apply(to: &properties, isWhole: true) }
            return try folder.join(
                [source], as: target, properties, if: conditions, components: source.object.components)
        }
    }

    private func move(_ path: ObjectPath, _ call: Call) async throws -> StoredObject {
        let (bucket, query) = (call["bucket"], try StorageQuery(call))
        guard path.action[1] == "o" else { throw Self.noAction(path) }
        let target = try ObjectKey(path.action[2])
        let (conditions, sourceConditions) = (try query.conditions(), try query.conditions(source: true))
        return try await context.buckets { buckets in
            try buckets.folder(bucket).move(path.key, to: target, if: conditions, sourceIf: sourceConditions)
        }
    }

    private static func noAction(_ path: ObjectPath) -> ServerError {
        if path.action.first == "acl" {
            return ServerError(.notOffered, "Objects have no access lists: roles belong to tokens.")
        }
        return ServerError(
            .noSuchRoute,
            "Nothing is here. Slashes in an object's name are sent as %2F; /openapi.json lists what there is.")
    }
}

/// An object that another is composed of.
private struct ComposedPiece {
    let key: ObjectKey
    let conditions: ObjectConditions

    static func list(_ document: StorageDocument) throws -> [ComposedPiece] {
        let sources = document.json["sourceObjects"]?.elements ?? []
        guard (1...32).contains(sources.count) else {
            throw ServerError(
                .invalidArgument, "An object is composed of 1 to 32 others: 'sourceObjects' names them.")
        }
        return try sources.map { source in
            guard let name = source["name"]?.string else {
                throw ServerError(
                    .invalidArgument, "Invalid value at 'sourceObjects': send objects with a 'name'.")
            }
            var conditions = ObjectConditions()
            let wanted = source["objectPreconditions"]?["ifGenerationMatch"] ?? source["generation"]
            if let wanted, wanted != .null {
                guard let number = wanted.integer ?? wanted.string.flatMap({ Int64($0) }) else {
                    throw ServerError(
                        .invalidArgument, "Invalid value at 'sourceObjects': a generation is a number.")
                }
                conditions.generation = number
            }
            return ComposedPiece(key: try ObjectKey(name), conditions: conditions)
        }
    }
}

extension StorageDocument {
    fileprivate static func destination(_ document: StorageDocument) throws -> StorageDocument {
        StorageDocument(
            json: document.json["destination"]?.members == nil ? .object([]) : document.json["destination"]!)
    }
}
