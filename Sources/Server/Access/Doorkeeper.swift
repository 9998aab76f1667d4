import Catalog
import Foundation
import HTTPTypes
import Hummingbird
import LightboxCore
import Serving
import Synchronization

/// Who asks, and what that one may do.
struct Caller: Sendable {
    /// Of the token; empty where none is needed.
    var name = ""
    var role = AccessRole.admin
    var isSignedIn = false

    /// - Throws: ``ServerError`` `forbidden` where the role is too low.
    func check(for route: Route) throws {
        guard role >= route.role || route.isOpen else {
            throw ServerError(
                .forbidden,
                "This needs the role \(route.role.rawValue), and the token '\(name)' has \(role.rawValue). "
                    + "Use another token.")
        }
    }
}

/// Lets in who holds a token, once the home has any.
///
/// The catalogue is asked again after ``lifetime``: so long may a token live on that was taken back. A home that has had
/// a token asks for ever, so that the last one's end opens nothing.
package final class Doorkeeper: Sendable {
    private struct State {
        var tokens: [AccessToken] = []
        var end: ContinuousClock.Instant?
        var isBeingRenewed = false
    }

    static let lifetime = Duration.seconds(1)
    let sessions = Sessions()
    private let catalog: ModelCatalog
    private let now: @Sendable () -> Date
    private let state = Mutex(State())

    init(catalog: ModelCatalog, now: @escaping @Sendable () -> Date = { Date() }) {
        self.catalog = catalog
        self.now = now
    }

    /// - Throws: ``ServerError`` `unauthenticated` for a caller that is not known.
    func admit(_ request: Request, to route: Route) async throws -> Caller {
        let tokens = try await tokens()
        guard !tokens.isEmpty, !route.isOpen else { return Caller() }
        return try caller(Credential(request), tokens)
    }

    /// Whether anybody is asked for a token.
    package func asks() async throws -> Bool { try await !tokens().isEmpty }

    /// Begins a session.
    ///
    /// - Returns: what the cookie holds, and the token's name; nil for a secret that opens nothing.
    package func signIn(_ secret: String) async throws -> (session: String, name: String)? {
        guard let token = holder(of: ContentHash(of: secret.utf8), try await tokens()) else { return nil }
        return (sessions.begin(for: token.digest, at: now()), token.name)
    }

    private func caller(_ credential: Credential, _ tokens: [AccessToken]) throws -> Caller {
        var found: AccessToken?
        switch credential {
        case .secret(let secret): found = holder(of: ContentHash(of: secret.utf8), tokens)
        case .session(let name):
            found = sessions.digest(of: name, at: now()).flatMap { holder(of: $0, tokens) }
        case .none: break
        }
        if let found { return Caller(name: found.name, role: found.role, isSignedIn: credential.isSession) }
        var error = ServerError(
            .unauthenticated,
            credential.isSecret
                ? "This token is not known, or its time is over. Ask whoever runs the server for one."
                : "This server asks who you are: send a token as 'Authorization: Bearer …', or sign in at /sign-in."
        )
        error.hasBadToken = credential.isSecret
        throw error
    }

    /// Looks at every token, so that the time tells nothing of where the right one stands.
    private func holder(of digest: ContentHash, _ tokens: [AccessToken]) -> AccessToken? {
        var found: AccessToken?
        for token in tokens where token.hasDigest(digest) { found = token }
        return found.flatMap { $0.isGood(at: now()) ? $0 : nil }
    }

    private func tokens() async throws -> [AccessToken] {
        let now = ContinuousClock.now
        let known = state.withLock { state -> [AccessToken]? in
            guard let end = state.end else { return nil }
            if now < end { return state.tokens }
            // One asks anew; the others go on for a moment with what was true.
            guard state.isBeingRenewed, now < end + Self.lifetime else {
                state.isBeingRenewed = true
                return nil
            }
            return state.tokens
        }
        if let known { return known }
        let tokens = try await blocking { [catalog] in try catalog.tokens() }
        state.withLock { $0 = State(tokens: tokens, end: now + Self.lifetime) }
        return tokens
    }
}

/// How a caller says who it is.
enum Credential {
    case secret(String)
    case session(String)
    case none

    /// `Authorization: Bearer …`; what Google's clients send as `access_token`, in a header or behind the `?`; the cookie
    /// of the page that asks for a token. The first of these decides.
    init(_ request: Request) {
        if let text = request.headers[.authorization] {
            let parts = text.split(separator: " ", maxSplits: 1)
            let isBearer = parts.count == 2 && parts[0].lowercased() == "bearer"
            self = .secret(isBearer ? parts[1].trimmingCharacters(in: .whitespaces) : "")
        } else if let text = request.headers[.accessToken] {
            self = .secret(text)
        } else if let path = request.head.path, path.contains("access_token="),
            let mark = path.firstIndex(of: "?"),
            let text = Query(path[path.index(after: mark)...])["access_token"]
        {
            self = .secret(text)
        } else if let name = request.headers[.cookie].flatMap(Sessions.name) {
            self = .session(name)
        } else {
            self = .none
        }
    }

    var isSecret: Bool { if case .secret = self { true } else { false } }
    var isSession: Bool { if case .session = self { true } else { false } }
}

extension HTTPField.Name {
    static let accessToken = HTTPField.Name("access_token")!
}
