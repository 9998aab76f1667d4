import Catalog
import DICOMweb
import Foundation
import HTTPTypes
import Hummingbird
import LightboxCore
import NIOCore
import WireFormats

extension BigQueryRoutes {
    /// Of one upload.
    private static let mostBytes = 64 << 30
    private static let mostMessage = 1 << 20

    /// Jobs that bring their file along, at once or in pieces that can be sent again.
    var uploadRoutes: [Route] {
        ["/upload/bigquery/v2", "/resumable/upload/bigquery/v2"].flatMap { prefix in
            let template = prefix + "/projects/{project}/jobs"
            let query = [
                (name: "uploadType", text: "multipart or resumable"),
                (name: "upload_id", text: "Of one under way."),
            ]
            return [
                Self.route(
                    .post, template, .write, "Load a file that is sent along.", query: query, body: "Document",
                    handler: begin
                )
                .streaming,
                Self.route(.put, template, .write, "Send more of a file.", query: query, handler: more).streaming,
            ]
        }
    }

    @Sendable private func begin(_ call: Call) async throws -> Reply {
        try service.checkWrites(call)
        if call.query["upload_id"] != nil { return try await more(call) }
        guard let body = call.stream else { throw BigQueryError.invalid("The upload has no body.") }
        switch call.query["uploadType"] {
        case "resumable":
            var bytes: [UInt8] = []
            for try await piece in body {
                bytes += piece.readableBytesView
                guard bytes.count <= Self.mostMessage else {
                    throw BigQueryError.invalid("The job is described in too many bytes.")
                }
            }
            _ = try Self.message(Bytes(bytes))
            let id = try service.uploads.begin(call["project"], call.caller, Bytes(bytes))
            var reply = Reply(.object([]))
            reply.headers[.location] =
                context.address(for: call) + call.path + "?uploadType=resumable&upload_id=\(id)"
            return reply
        case "multipart": return try await multipart(call, body)
        default: throw BigQueryError.invalid("uploadType is neither multipart nor resumable.")
        }
    }

    /// The job's JSON, then the file.
    private func multipart(_ call: Call, _ body: RequestBody) async throws -> Reply {
        let type = call.headers[.contentType] ?? ""
        guard let mark = type.range(of: "boundary=") else {
            throw BigQueryError.invalid("The Content-Type has no boundary.")
        }
        let boundary = type[mark.upperBound...].prefix { $0 != ";" }.trimmingCharacters(in: ["\"", "'", " "])
        var parser = MultipartParser(boundary: boundary, limits: .init(parts: 2, part: Self.mostBytes))
        let file = UploadedFile(path: try service.uploads.place())
        let descriptor = open(file.path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw FileFailure(path: "an upload", errno: errno) }
        defer { close(descriptor) }
        var (part, message): (Int, [UInt8]) = (0, [])
        for try await piece in body {
            try piece.withUnsafeReadableBytes { bytes in
                try parser.append(bytes) { event in
                    switch event {
                    case .begin: part += 1
                    case .content(let content) where part == 1:
                        message += content
                        guard message.count <= Self.mostMessage else {
                            throw BigQueryError.invalid("The job is described in too many bytes.")
                        }
                    case .content(let content): try FileDescriptorIO.writeAll(content, to: descriptor)
                    case .end: break
                    }
                }
            }
        }
        guard parser.isComplete, part == 2 else {
            throw BigQueryError.invalid("The upload has not two whole parts.")
        }
        return Reply(try await start(try Self.message(Bytes(message)), call, file: file))
    }

    /// A piece of a file: `Content-Range: bytes 0-1048575/*`, the last one with the size; `bytes */N` asks how far it is.
    @Sendable private func more(_ call: Call) async throws -> Reply {
        try service.checkWrites(call)
        let id = call.query["upload_id"] ?? ""
        let upload = try service.uploads.upload(id, for: call)
        guard let body = call.stream else { throw BigQueryError.invalid("The upload has no body.") }
        let range = try Self.range(call.headers[.contentRange])
        guard range.start == nil || range.start == upload.size else {
            for try await _ in body {}
            return Self.incomplete(upload.size)
        }
        let descriptor = open(upload.path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw FileFailure(path: "an upload", errno: errno) }
        defer { close(descriptor) }
        guard lseek(descriptor, off_t(upload.size), SEEK_SET) >= 0 else {
            throw FileFailure(path: "an upload", errno: errno)
        }
        var size = upload.size
        for try await piece in body {
            try piece.withUnsafeReadableBytes { try FileDescriptorIO.writeAll($0, to: descriptor) }
            size += piece.readableBytes
            guard size <= Self.mostBytes else { throw BigQueryError.invalid("The upload is too large.") }
            service.uploads.grow(id, to: size)
        }
        guard range.total == size || range.start == nil && range.isWhole else { return Self.incomplete(size) }
        service.uploads.end(id)
        let message = try Self.message(upload.message)
        return Reply(try await start(message, call, file: UploadedFile(path: upload.path)))
    }

    private static func incomplete(_ size: Int) -> Reply {
        var reply = Reply(
            status: .init(code: 308, reasonPhrase: "Resume Incomplete"), [], type: "text/plain; charset=utf-8")
        if size > 0 { reply.headers[.range] = "bytes=0-\(size - 1)" }
        return reply
    }

    /// - Returns: `isWhole` where nothing was said, so that the body is all there is.
    private static func range(_ header: String?) throws -> (start: Int?, total: Int?, isWhole: Bool) {
        guard let header else { return (nil, nil, true) }
        let parts = header.dropFirst("bytes ".count).split(separator: "/")
        guard header.hasPrefix("bytes "), parts.count == 2 else {
            throw BigQueryError.invalid("Content-Range is not understood.")
        }
        let ends = parts[0].split(separator: "-")
        guard parts[0] == "*" || ends.count == 2 && Int(ends[0]) != nil else {
            throw BigQueryError.invalid("Content-Range is not understood.")
        }
        return (parts[0] == "*" ? nil : Int(ends[0]), Int(parts[1]), false)
    }
}
