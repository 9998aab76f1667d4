import Foundation
import HTTPTypes
import Hummingbird
import LightboxCore
import Logging
import NIOCore
import Serving
import Synchronization

/// Who is at the other end.
struct CallerContext: InitializableFromSource {
    init(source: ApplicationRequestContextSource) {}
    init() {}
}

/// Takes requests off the wire, finds their route, and puts answers back.
struct Responder: HTTPResponder {
    let table: RouteTable
    let context: ServerContext
    private let metrics: Metrics
    private let gate: Gate
    private let bodies: BodyReader
    private let ids = RequestIDs()

    init(_ context: ServerContext, _ routes: [Route]) {
        table = RouteTable(routes)
        self.context = context
        metrics = context.metrics
        gate = Gate(context.settings)
        bodies = BodyReader(limit: context.settings.maximumBody, all: context.settings.maximumBodies)
    }

    func respond(to request: Request, context _: CallerContext) async throws -> Response {
        let start = ContinuousClock.now
        let underWay = metrics.begin()
        let id = ids.id(of: request.headers)
        let target = Target(request)
        var found: RouteTable.Entry?
        // What the log itself refuses is not written down.
        var isAudited = false
        var leavesBody = BodyReader.hasBody(request.headers)
        var caller = Caller()
        var resources: [(name: String, value: String)] = []
        var reply: Reply
        do {
            try gate.check(request)
            guard underWay <= context.settings.maximumRequests else {
                throw ServerError(.overloaded, "\(underWay) requests are under way. Ask again later.")
            }
            switch table.match(target.method, target.path) {
            case .found(let entry, let parameters, let rest):
                found = entry
                resources = rest.isEmpty ? parameters : parameters + [("path", String(rest))]
                try context.audit.check()
                isAudited = entry.isAudited
                caller = try await context.door.admit(request, to: entry.route)
                try caller.check(for: entry.route)
                let deadline = try start + timeout(request.headers)
                let streams = entry.route.streamsBody && !target.isOverridden
                let body = streams ? .empty : try await bodies.read(request, until: deadline)
                defer { bodies.release(body) }
                if !streams { leavesBody = false }
                guard ContinuousClock.now < deadline else {
                    throw ServingError(
                        .deadlineExceeded, "the time that the request allows is over",
                        remedy: "Allow more, or ask again later.")
                }
                var call = Call(
                    method: target.method, parameters: parameters, query: target.query(body),
                    headers: request.headers, body: target.isOverridden ? .empty : body, id: id, deadline: deadline
                )
                (call.caller, call.role, call.isSignedIn) = (caller.name, caller.role, caller.isSignedIn)
                (call.authority, call.path, call.rest) = (request.head.authority ?? "", target.path[...], rest)
                if streams { call.stream = request.body }
                reply = try await entry.route.handler(call)
            case .otherMethods(let methods):
                var error = ServerError(.methodNotAllowed, "Only \(methods.joined(separator: ", ")) goes here.")
                error.allowed = methods
                throw error
            case .none:
                throw target.isStorageXML
                    ? ServerError.storageXML
                    : ServerError(.noSuchRoute, "Nothing is here. /openapi.json lists what there is.")
            }
        } catch {
            let isSeen = found.map { $0.route.isPage } ?? false
            reply = isSeen ? .refusal(error, next: target.address) : (found?.errors ?? .google).reply(error)
            if reply.status.code >= 500 { note(error, id) }
            // What was not read would be read to its end, however long, before the next request.
            if leavesBody { reply.headers[.connection] = "close" }
        }
        // The next request of this caller is for another server.
        if context.isStopping { reply.headers[.connection] = "close" }
        if target.method == .head { reply = reply.withoutBody }
        reply.headers[.requestID] = id
        let duration = ContinuousClock.now - start
        metrics.end(found?.index, status: reply.status.code, duration)
        if context.settings.logsRequests || reply.status.code >= 400 {
            log(target.method, found, reply.status.code, duration, id)
        }
        if let found, isAudited { audit(found, caller, reply, resources, id) }
        return reply.response
    }

    private func audit(
        _ entry: RouteTable.Entry, _ caller: Caller, _ reply: Reply, _ resources: [(name: String, value: String)],
        _ id: String
    ) {
        let who = context.auditedName(reply.signedIn ?? caller.name, status: reply.status.code)
        context.audit.add(
            AuditRecord(
                time: Date().timeIntervalSince1970, who: who, what: entry.title, resources: resources,
                status: reply.status.code, id: id, instances: reply.instances))
    }

    /// What the caller allows, within what the server does.
    private func timeout(_ headers: HTTPFields) throws -> Duration {
        let settings = context.settings
        guard let text = headers[.serverTimeout] ?? headers[.requestTimeout] else { return settings.timeout }
        guard let seconds = Double(text), seconds > 0, seconds.isFinite else {
            throw ServerError(.invalidArgument, "X-Server-Timeout is no number of seconds. Send one over 0.")
        }
        return min(.seconds(min(seconds, 1e6)), settings.maximumTimeout)
    }

    private func log(
        _ method: HTTPRequest.Method, _ entry: RouteTable.Entry?, _ status: Int, _ duration: Duration, _ id: String
    ) {
        context.log.add(
            status >= 500 ? .error : .info, "request",
            [
                ("id", .text(id)), ("method", .text(method.rawValue)),
                // The template, since a path that nobody knows may say anything.
                ("route", .text(entry?.route.template ?? "")), ("status", .number(status)),
                ("ms", .milliseconds(duration)),
            ])
    }

    /// What the caller is not told.
    private func note(_ error: any Error, _ id: String) {
        let text = (error as? any Failure)?.description ?? "\(type(of: error))"
        context.log.add(.error, text, [("id", .text(id))])
    }
}

extension ServerContext {
    /// Who asks, as the audit log writes it.
    func auditedName(_ name: String, status: Int) -> String {
        if !name.isEmpty { return name }
        return status == 401 ? "unknown" : settings.isLoopback ? "local" : "anonymous"
    }
}

/// Method, path and query, as the caller means them.
private struct Target {
    let method: HTTPRequest.Method
    let path: String
    /// Path and query, as they came.
    let address: String
    let isOverridden: Bool
    private let queryText: Substring

    /// A long GET comes as POST with the query as its body.
    init(_ request: Request) {
        let whole = request.head.path ?? "/"
        address = whole
        if let mark = whole.utf8.firstIndex(of: UInt8(ascii: "?")) {
            path = String(whole[..<mark])
            queryText = whole[whole.utf8.index(after: mark)...]
        } else {
            path = whole
            queryText = ""
        }
        let meant = request.method == .post ? request.headers[.methodOverride] : nil
        isOverridden = meant?.uppercased() == "GET"
        method = isOverridden ? .get : request.method
    }

    /// Whether it is an upload in parts by Cloud Storage's XML interface, whose paths could be anything.
    var isStorageXML: Bool { queryText.hasPrefix("uploads") || queryText.contains("uploadId=") }

    func query(_ body: Bytes) -> Query {
        guard isOverridden else { return Query(queryText) }
        let text = body.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
        return Query(queryText.isEmpty ? text : "\(queryText)&\(text)")
    }
}

/// Names of requests: the caller's own where it is harmless, else one of ours.
private final class RequestIDs: Sendable {
    private let prefix = String(UInt32.random(in: .min ... .max), radix: 16)
    private let count = Atomic<Int>(0)

    func id(of headers: HTTPFields) -> String {
        if let given = headers[.requestID], (1...128).contains(given.utf8.count), given.utf8.allSatisfy(isHarmless)
        {
            return given
        }
        return "\(prefix)-\(String(count.add(1, ordering: .relaxed).newValue, radix: 16))"
    }

    private func isHarmless(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."): true
        default: false
        }
    }
}

extension Reply {
    var response: Response {
        switch content {
        case .bytes(let buffer):
            Response(status: status, headers: headers, body: ResponseBody(byteBuffer: buffer))
        case .stream(let body): Response(status: status, headers: headers, body: body)
        }
    }
}

extension HTTPField.Name {
    static let requestID = HTTPField.Name("X-Request-Id")!
    static let methodOverride = HTTPField.Name("X-HTTP-Method-Override")!
    /// Seconds, as Google's libraries send it.
    static let serverTimeout = HTTPField.Name("X-Server-Timeout")!
    static let requestTimeout = HTTPField.Name("X-Request-Timeout")!
    static let inferenceHeaderLength = HTTPField.Name("Inference-Header-Content-Length")!
}
