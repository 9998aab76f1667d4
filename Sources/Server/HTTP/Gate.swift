import Foundation
import HTTPTypes
import Hummingbird

/// Keeps out what a browser was tricked into sending: pages of other sites, and names of other sites that were made to
/// stand for this machine.
struct Gate: Sendable {
    /// Names that may stand for this machine; nil where any may.
    private let hosts: Set<String>?

    init(_ settings: ServerSettings) {
        let isOpen = !settings.isLoopback && settings.trustedHosts.isEmpty
        hosts = isOpen ? nil : settings.trustedHosts.union(["localhost", "127.0.0.1", "[::1]", settings.host])
    }

    func check(_ request: Request) throws {
        let authority = request.head.authority ?? ""
        if let hosts, !authority.isEmpty, !hosts.contains(Self.host(authority)) {
            throw ServerError(
                .forbidden, "This server is not known by the name in Host. Name it with --trusted-host.")
        }
        guard request.method != .get, request.method != .head, let origin = request.headers[.origin] else {
            return
        }
        let place = origin.range(of: "://").map { String(origin[$0.upperBound...]) } ?? origin
        guard place == authority || hosts?.contains(Self.host(place)) ?? false else {
            throw ServerError(.forbidden, "A page of another site asks. Only this server's own pages may.")
        }
    }

    /// `localhost:8080` without the port, in small letters.
    private static func host(_ authority: String) -> String {
        if authority.hasPrefix("["), let end = authority.firstIndex(of: "]") {
            return String(authority[...end]).lowercased()
        }
        return authority.prefix { $0 != ":" }.lowercased()
    }
}
