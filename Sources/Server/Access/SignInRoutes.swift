import Catalog
import Foundation
import HTTPTypes
import LightboxCore
import WebPages

/// The page that asks people for a token, and the way out.
struct SignInRoutes: RouteGroup {
    private let context: ServerContext

    init(_ context: ServerContext) { self.context = context }

    var routes: [Route] {
        [
            Route.page("/sign-in", "Asks for a token.", query: ["next"]) { call in
                Pages().signIn(next: Self.next(call.query["next"]))
            }.open,
            Route(
                .post, "/sign-in", .page, .read, "Begin a session.", .init(mediaType: "text/html"), handler: signIn
            )
            .open,
            Route(
                .post, "/sign-out", .page, .read, "End the session.", .init(mediaType: "text/html"),
                handler: signOut
            )
            .open,
        ]
    }

    @Sendable private func signIn(_ call: Call) async throws -> Reply {
        guard call.contentType == "application/x-www-form-urlencoded", call.body.count <= 8192 else {
            throw ServerError(.unsupportedMedia, "The page sends a form. Programs send 'Authorization: Bearer …'.")
        }
        let form = Query(call.body.withUnsafeBytes { String(decoding: $0, as: UTF8.self) })
        let next = Self.next(form["next"])
        let secret = (form["token"] ?? "").trimmingCharacters(in: .whitespacesAndNewlines)
        guard let (session, name) = try await context.door.signIn(secret) else {
            return .page(Pages().signIn(next: next, hasFailed: true), status: .unauthorized)
        }
        var reply = redirect(to: next, session)
        reply.signedIn = name
        return reply
    }

    @Sendable private func signOut(_ call: Call) async throws -> Reply {
        if let name = call.headers[.cookie].flatMap(Sessions.name) { context.door.sessions.end(name) }
        return redirect(to: try await context.door.asks() ? "/sign-in" : "/", "")
    }

    private func redirect(to place: String, _ session: String) -> Reply {
        var reply = Reply(status: .seeOther, [], type: "text/plain; charset=utf-8")
        reply.headers[.location] = place
        reply.headers[.setCookie] = Sessions.cookie(session, isSecure: context.settings.isEncrypted)
        reply.headers[.cacheControl] = "no-store"
        return reply
    }

    /// A path of this server; `/` in place of anything that a browser might take for another's address.
    static func next(_ place: String?) -> String {
        guard let place, place.hasPrefix("/"), !place.hasPrefix("//"), place.utf8.count <= 2048,
            place.utf8.allSatisfy({ (0x21...0x7e).contains($0) && $0 != UInt8(ascii: "\\") })
        else { return "/" }
        return place
    }
}

extension Reply {
    /// What people see in place of a page that they may not have.
    static func refusal(_ error: any Error, next: String) -> Reply {
        let status = Status(error)
        guard status.http == 401 else {
            return .page(Pages().problem(status: status.http, status.message), status: .init(code: status.http))
        }
        var reply = Reply.page(Pages().signIn(next: SignInRoutes.next(next)), status: .unauthorized)
        reply.headers[.wwwAuthenticate] = (error as? ServerError)?.challenge
        return reply
    }
}
