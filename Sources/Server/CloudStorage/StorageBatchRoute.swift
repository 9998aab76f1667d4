import Buckets
import Catalog
import DICOMweb
import Foundation
import HTTPTypes
import LightboxCore
import NIOCore

/// Several requests to Cloud Storage in one: each is looked at, answered and written into the audit log by itself, in
/// their order. Uploads and downloads are none of them.
struct StorageBatchRoute: RouteGroup {
    private static let path = "/batch/storage/v1"
    /// What Google's library sends at most.
    private static let maximumRequests = 1000
    private let context: ServerContext
    private let table: RouteTable

    init(_ context: ServerContext) {
        self.context = context
        table = RouteTable(
            (BucketRoutes(context).routes + ObjectRoutes(context).routes).filter {
                !$0.template.hasPrefix("/download")
            })
    }

    var routes: [Route] {
        [
            // Each of its requests is held against the caller's role.
            Route(
                .post, Self.path, .storage, .read, "Ask several things at once.",
                .init(mediaType: "multipart/mixed"), handler: context.storage(answer))
        ]
    }

    @Sendable private func answer(_ call: Call) async throws -> Reply {
        let parts = try Self.parts(call)
        let boundary = "batch_" + UUID().uuidString.filter { $0 != "-" }
        var body: [UInt8] = []
        for (index, part) in parts.enumerated() {
            let reply = await answer(part, "\(call.id)-\(index + 1)", call)
            body += "--\(boundary)\r\nContent-Type: application/http\r\n".utf8
            if let id = part.id {
                let id = id.hasPrefix("<") ? "<response-\(id.dropFirst())" : "response-\(id)"
                body += "Content-ID: \(id)\r\n".utf8
            }
            body += "\r\nHTTP/1.1 \(reply.status.code) \(reply.status.reasonPhrase)\r\n".utf8
            var content: [UInt8] = []
            if case .bytes(let bytes) = reply.content { content = Array(bytes.readableBytesView) }
            if !content.isEmpty { body += "Content-Type: application/json; charset=UTF-8\r\n".utf8 }
            body += "Content-Length: \(content.count)\r\n\r\n".utf8
            body += content
            body += "\r\n".utf8
        }
        body += "--\(boundary)--\r\n".utf8
        return Reply(body, type: "multipart/mixed; boundary=\(boundary)")
    }

    private func answer(_ part: BatchedRequest, _ id: String, _ outer: Call) async -> Reply {
        var found: RouteTable.Entry?
        var resources: [(name: String, value: String)] = []
        var reply: Reply
        do {
            guard case .found(let entry, let parameters, let rest) = table.match(part.method, part.path) else {
                throw ServerError(.noSuchRoute, "Nothing is here that a batch may ask for.")
            }
            found = entry
            resources = rest.isEmpty ? parameters : parameters + [("path", String(rest))]
            try Caller(name: outer.caller, role: outer.role).check(for: entry.route)
            var call = Call(
                method: part.method, parameters: parameters, query: Query(part.query), headers: part.headers,
                body: part.body, id: id, deadline: outer.deadline)
            (call.caller, call.role, call.isSignedIn) = (outer.caller, outer.role, outer.isSignedIn)
            (call.authority, call.path, call.rest) = (outer.authority, part.path[...], rest)
            guard call.query["alt"] != "media" else {
                throw ServerError(.notOffered, "Objects are not read in a batch.")
            }
            reply = try await entry.route.handler(call)
        } catch {
            reply = ErrorShape.storage.reply(error)
        }
        if let found {
            context.audit.add(
                AuditRecord(
                    time: Date().timeIntervalSince1970,
                    who: context.auditedName(outer.caller, status: reply.status.code), what: found.title,
                    resources: resources, status: reply.status.code, id: id))
        }
        return reply
    }

    private static func parts(_ call: Call) throws -> [BatchedRequest] {
        guard let type = MediaType(call.headers[.contentType] ?? ""), type.name == "multipart/mixed",
            let boundary = type.parameters["boundary"], (1...200).contains(boundary.utf8.count)
        else {
            throw ServerError(.invalidArgument, "Send Content-Type: multipart/mixed; boundary=….")
        }
        var parser = MultipartParser(boundary: boundary, limits: .init(parts: maximumRequests))
        var requests: [BatchedRequest] = []
        var (id, text) = (String?.none, [UInt8]())
        do {
            try call.body.withUnsafeBytes { bytes in
                try parser.append(bytes) { event in
                    switch event {
                    case .begin(let headers): (id, text) = (headers["content-id"], [])
                    case .content(let bytes): text.append(contentsOf: bytes)
                    case .end: requests.append(try BatchedRequest(text, id: id))
                    }
                }
            }
            try parser.finish()
        } catch let error as DICOMwebError {
            throw ServerError(.invalidArgument, error.description)
        }
        return requests
    }
}

/// A request as a part of a batch has it: a line, headers, an empty line, a body.
private struct BatchedRequest {
    let id: String?
    let method: HTTPRequest.Method
    let path: String
    let query: String
    var headers = HTTPFields()
    let body: Bytes

    init(_ text: [UInt8], id: String?) throws {
        // A header that would end its line would be a header of the answer.
        self.id = id.flatMap {
            $0.utf8.count <= 256 && $0.utf8.allSatisfy { (0x20..<0x7f).contains($0) } ? $0 : nil
        }
        var rest = text[...]
        func line() -> String? {
            guard let end = rest.firstIndex(of: 10) else { return nil }
            defer { rest = rest[(end + 1)...] }
            let line = rest[..<end]
            return String(validating: line.last == 13 ? line.dropLast() : line, as: UTF8.self)
        }
        let words = (line() ?? "").split(separator: " ")
        guard words.count == 3, words[2].hasPrefix("HTTP/1."), let method = HTTPRequest.Method(String(words[0]))
        else {
            throw ServerError(
                .invalidArgument, "A part of the batch is no request. Begin it with METHOD PATH HTTP/1.1.")
        }
        self.method = method
        // The host is this server whatever stands there.
        var target = words[1]
        if let mark = target.firstRange(of: "://") {
            target = target[mark.upperBound...].drop { $0 != "/" }
        }
        let mark = target.firstIndex(of: "?")
        path = String(target[..<(mark ?? target.endIndex)])
        query = mark.map { String(target[target.index(after: $0)...]) } ?? ""
        while let header = line(), !header.isEmpty {
            guard let colon = header.firstIndex(of: ":"), let name = HTTPField.Name(String(header[..<colon]))
            else {
                continue
            }
            headers[name] = header[header.index(after: colon)...].trimmingCharacters(in: .whitespaces)
        }
        body = Bytes(rest)
    }
}
