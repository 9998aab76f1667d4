import Buckets
import Foundation
import HTTPTypes
import LightboxCore
import NIOCore
import Serving

/// Uploads that go on after a broken connection: begun by POST, filled by PUT, taken back by DELETE.
extension UploadRoutes {
    func beginResumable(
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

    func goOn(_ call: Call, _ query: StorageQuery, _ body: inout BodyGatherer) async throws -> Reply {
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

    @Sendable func cancel(_ call: Call) async throws -> Reply {
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
