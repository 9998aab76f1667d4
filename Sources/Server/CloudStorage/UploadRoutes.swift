import Buckets
import Catalog
import Foundation
import HTTPTypes
import LightboxCore
import NIOCore
import Serving

/// Uploads of Cloud Storage's JSON interface, v1: simple, multipart and resumable. Bytes go to the disk as they come.
struct UploadRoutes: RouteGroup {
    let context: ServerContext

    init(_ context: ServerContext) { self.context = context }

    var routes: [Route] {
        let place = "/upload" + BucketRoutes.template + "/{bucket}/o"
        return [
            Route(
                .post, place, .storage, .write, "Upload an object, or begin to.",
                .init(
                    query: [
                        ("uploadType", "media, multipart or resumable."), ("name", "Of the object."),
                        ("ifGenerationMatch", "0: only where there is none."),
                    ], body: "Document", answer: "Document"),
                handler: context.storage { try await reading($0, begin) }
            ).streaming,
            Route(
                .put, place, .storage, .write, "Go on with a resumable upload, or ask how far it is.",
                .init(query: [("upload_id", "From the answer that began it.")], answer: "Document"),
                handler: context.storage { try await reading($0, goOn) }
            ).streaming,
            Route(
                .delete, place, .storage, .write, "Take a resumable upload back.",
                .init(query: [("upload_id", "From the answer that began it.")]), handler: context.storage(cancel)),
        ]
    }

    private typealias Handler = (Call, StorageQuery, inout BodyGatherer) async throws -> Reply

    /// What was not read of a refused body is passed over, so that its sender hears why.
    private func reading(_ call: Call, _ handler: Handler) async throws -> Reply {
        guard let stream = call.stream else {
            throw ServerError(.invalidArgument, "Uploads cannot be sent by X-HTTP-Method-Override.")
        }
        var body = BodyGatherer(stream)
        do {
            return try await handler(call, StorageQuery(call), &body)
        } catch {
            await body.pass()
            throw error
        }
    }

    private func begin(_ call: Call, _ query: StorageQuery, _ body: inout BodyGatherer) async throws -> Reply {
        switch query["uploadType"] {
        case "media": return try await takePlain(call, query, &body)
        case "multipart": return try await takeMultipart(call, query, &body)
        case "resumable": return try await beginResumable(call, query, &body)
        default:
            throw ServerError(.invalidArgument, "uploadType is media, multipart or resumable.")
        }
    }

    static func plan(
        _ call: Call, _ query: StorageQuery, _ document: StorageDocument, type: String?, size: Int? = nil
    ) throws -> UploadPlan {
        guard let name = try query["name"] ?? document.text("name") else {
            throw ServerError(.invalidArgument, "Required: the object's 'name'.")
        }
        var properties = ObjectProperties()
        try document.apply(to: &properties, isWhole: true)
        properties.contentType = properties.contentType ?? type
        properties.contentEncoding = query["contentEncoding"] ?? properties.contentEncoding
        return UploadPlan(
            key: name, properties: properties, conditions: try query.conditions(call),
            expected: try document.expectedHashes(), size: size)
    }

    // MARK: At once

    private func takePlain(_ call: Call, _ query: StorageQuery, _ body: inout BodyGatherer) async throws -> Reply {
        var plan = try Self.plan(call, query, StorageDocument(.empty), type: call.headers[.contentType])
        plan.properties.contentEncoding = plan.properties.contentEncoding ?? call.headers[.contentEncoding]
        plan.expected = Self.expectedHashes(call)
        let (bucket, conditions, key) = (call["bucket"], plan.conditions, try ObjectKey(plan.key))
        let (folder, object) = try await context.buckets { buckets in
            let folder = try buckets.folder(bucket)
            try folder.check(conditions, key)
            return (folder, try folder.receive())
        }
        while let piece = try await body.next() {
            try await blocking { try piece.withUnsafeReadableBytes { try object.append($0) } }
        }
        try Self.checkLength(call, body)
        return try await commit(object, plan, in: folder, call)
    }

    private func takeMultipart(_ call: Call, _ query: StorageQuery, _ body: inout BodyGatherer) async throws
        -> Reply
    {
        let bucket = call["bucket"]
        let folder = try await context.buckets { try $0.folder(bucket) }
        let receiver = try MultipartReceiver(call.headers[.contentType] ?? "") { document, type in
            var plan = try Self.plan(call, query, document, type: type)
            let told = Self.expectedHashes(call)
            plan.expected.crc32c = plan.expected.crc32c ?? told.crc32c
            plan.expected.md5 = plan.expected.md5 ?? told.md5
            try folder.check(plan.conditions, ObjectKey(plan.key))
            return (plan, try folder.receive())
        }
        while let piece = try await body.next() { try await blocking { try receiver.append(piece) } }
        try Self.checkLength(call, body)
        let (plan, object) = try receiver.finish()
        return try await commit(object, plan, in: folder, call)
    }

    private func commit(
        _ object: IncomingObject, _ plan: UploadPlan, in folder: BucketFolder, _ call: Call
    ) async throws -> Reply {
        let stored = try await blocking {
            try folder.commit(
                object, as: ObjectKey(plan.key), plan.properties, if: plan.conditions, expecting: plan.expected)
        }
        return Reply(context.storageMessages(for: call).message(stored))
    }

    /// A connection that ended early must not leave an object that is cut short.
    private static func checkLength(_ call: Call, _ body: BodyGatherer) throws {
        guard let told = call.headers[.contentLength].flatMap({ Int($0) }), told != body.count else { return }
        throw ServerError(.invalidArgument, "The body ended early. Nothing was stored: send it again.")
    }

    /// `x-goog-hash: crc32c=…,md5=…` and `Content-MD5`.
    static func expectedHashes(_ call: Call) -> ExpectedHashes {
        var expected = ExpectedHashes(md5: call.headers[.contentMD5])
        for text in call.headers[values: .googHash].joined(separator: ",").split(separator: ",") {
            let text = text.drop { $0 == " " }
            if text.hasPrefix("crc32c=") { expected.crc32c = String(text.dropFirst(7)) }
            if text.hasPrefix("md5=") { expected.md5 = String(text.dropFirst(4)) }
        }
        return expected
    }
}

extension HTTPField.Name {
    static let googHash = HTTPField.Name("X-Goog-Hash")!
    static let contentMD5 = HTTPField.Name("Content-MD5")!
    static let uploadContentLength = HTTPField.Name("X-Upload-Content-Length")!
    static let uploadContentType = HTTPField.Name("X-Upload-Content-Type")!
    static let uploader = HTTPField.Name("X-GUploader-UploadID")!
}
