import Buckets
import Catalog
import Foundation
import HTTPTypes
import LightboxCore
import NIOCore
import Serving

/// Uploads of Cloud Storage's JSON interface, v1: simple, multipart and resumable. Bytes go to the disk as they come.
struct UploadRoutes: RouteGroup {
    private let context: ServerContext

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

    private static func plan(
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
    private static func expectedHashes(_ call: Call) -> ExpectedHashes {
        var expected = ExpectedHashes(md5: call.headers[.contentMD5])
        for text in call.headers[values: .googHash].joined(separator: ",").split(separator: ",") {
            let text = text.drop { $0 == " " }
            if text.hasPrefix("crc32c=") { expected.crc32c = String(text.dropFirst(7)) }
            if text.hasPrefix("md5=") { expected.md5 = String(text.dropFirst(4)) }
        }
        return expected
    }

    // MARK: Resumable

    private func beginResumable(
        _ call: Call, _ query: StorageQuery, _ body: inout BodyGatherer
    ) async throws -> Reply {
        let document = try StorageDocument(Bytes(try await body.all(limit: StorageDocument.largest)))
        var size: Int?
        if let text = call.headers[.uploadContentLength] {
            guard let number = Int(text), number >= 0 else {
                throw ServerError(.invalidArgument, "X-Upload-Content-Length is no number.")
            }
            size = number
        }
        let plan = try Self.plan(call, query, document, type: call.headers[.uploadContentType], size: size)
        let bucket = call["bucket"]
        let upload = try await context.buckets { try $0.uploads.begin(plan, in: $0.folder(bucket)) }
        var reply = Reply(status: .ok, headers: [:], .bytes(.init()))
        reply.headers[.location] =
            "\(context.address(for: call))\(call.path)?uploadType=resumable&upload_id=\(upload.id)"
        reply.headers[.uploader] = upload.id
        return reply
    }

    private func goOn(_ call: Call, _ query: StorageQuery, _ body: inout BodyGatherer) async throws -> Reply {
        let (bucket, id) = (call["bucket"], try Self.id(query))
        let entry = try await context.buckets { try $0.uploads.enter(id, in: $0.folder(bucket)) }
        switch entry {
        case .ended(let object):
            await body.pass()
            return Reply(context.storageMessages(for: call).message(object))
        case .open(let upload):
            defer { context.buckets.uploads.leave(upload) }
            do {
                return try await add(&body, to: upload, call)
            } catch let error as BucketError
                where error.code == .wrongContent || error.code == .conditionNotMet || error.code == .invalidName
            {
                // No more bytes will make it right.
                try await context.buckets { try $0.uploads.cancel(id, in: $0.folder(bucket)) }
                throw error
            }
        }
    }

    private func add(_ body: inout BodyGatherer, to upload: ResumableUpload, _ call: Call) async throws -> Reply {
        let expected = Self.expectedHashes(call)
        let length = call.headers[.contentLength].flatMap { Int($0) }
        var (offset, size, promised) = (0, Int?.none, length)
        if let header = call.headers[.contentRange] {
            switch ContentRange(header) {
            case nil:
                throw ServerError(.invalidArgument, "Content-Range is bytes FIRST-LAST/SIZE, or bytes */SIZE.")
            case .question(let size)?:
                return reply(try await blocking { try upload.state(size: size, expecting: expected) }, call)
            case .bytes(let range, let whole)?:
                (offset, size, promised) = (range.lowerBound, whole, range.count)
                guard length ?? range.count == range.count else {
                    throw ServerError(.invalidArgument, "Content-Range and Content-Length do not agree.")
                }
                guard whole == range.upperBound || range.count % ResumableUpload.step == 0 else {
                    throw ServerError(
                        .invalidArgument,
                        "Every part of an upload but the last has a multiple of 262,144 bytes; this has \(range.count)."
                    )
                }
            }
        }
        let isLast = call.headers[.contentRange] == nil
        let begun = try await blocking { [offset, size] in try upload.begin(at: offset, size: size) }
        guard let (turn, known) = begun else {
            // Bytes before these are missing: the answer says from where on they are wanted.
            await body.pass(.max >> 1)
            return reply(try await blocking { try upload.state() }, call)
        }
        do {
            try await Self.append(&body, to: upload, in: turn, passing: known)
            guard promised ?? body.count == body.count else {
                throw ServerError(.invalidArgument, "The body ended early. Ask how far the upload is, and go on.")
            }
        } catch {
            // What has come is kept.
            _ = try? await blocking { try upload.end(in: turn, isLast: false, expecting: expected) }
            throw error
        }
        return reply(
            try await blocking { try upload.end(in: turn, isLast: isLast, expecting: expected) }, call)
    }

    /// - Parameter known: how many of the first bytes are there already.
    private static func append(
        _ body: inout BodyGatherer, to upload: ResumableUpload, in turn: Int, passing known: Int
    ) async throws {
        var known = known
        while var piece = try await body.next() {
            let passed = min(known, piece.readableBytes)
            piece.moveReaderIndex(forwardBy: passed)
            known -= passed
            guard piece.readableBytes > 0 else { continue }
            try await blocking { [piece] in
                try piece.withUnsafeReadableBytes { try upload.append($0, in: turn) }
            }
        }
    }

    private func reply(_ state: UploadState, _ call: Call) -> Reply {
        switch state {
        case .ended(let object): return Reply(context.storageMessages(for: call).message(object))
        case .open(let kept):
            var reply = Reply(status: .permanentRedirect, headers: [:], .bytes(.init()))
            if kept > 0 { reply.headers[.range] = "bytes=0-\(kept - 1)" }
            return reply
        }
    }

    @Sendable private func cancel(_ call: Call) async throws -> Reply {
        let (bucket, id) = (call["bucket"], try Self.id(StorageQuery(call)))
        try await context.buckets { try $0.uploads.cancel(id, in: $0.folder(bucket)) }
        return Reply(
            status: .init(code: 499, reasonPhrase: "Client Closed Request"), headers: [:], .bytes(.init()))
    }

    private static func id(_ query: StorageQuery) throws -> String {
        guard let id = query["upload_id"], (1...128).contains(id.utf8.count) else {
            throw ServerError(
                .invalidArgument, "Required: 'upload_id', as the answer that began the upload has it.")
        }
        return id
    }
}

extension HTTPField.Name {
    static let googHash = HTTPField.Name("X-Goog-Hash")!
    static let contentMD5 = HTTPField.Name("Content-MD5")!
    static let uploadContentLength = HTTPField.Name("X-Upload-Content-Length")!
    static let uploadContentType = HTTPField.Name("X-Upload-Content-Type")!
    static let uploader = HTTPField.Name("X-GUploader-UploadID")!
}
