import Foundation
import LightboxCore
import Synchronization

/// Browsers that have shown a token; forgotten when the server ends.
///
/// A session holds as long as its token does, and no longer than ``lifetime``.
final class Sessions: Sendable {
    private struct Session {
        /// Of the token.
        let digest: ContentHash
        let end: Date
    }

    static let lifetime: TimeInterval = 12 * 3600
    private static let maximum = 4096
    private static let cookie = "lightbox_session"
    /// By the hash of their names, so that looking one up tells nothing of the others.
    private let sessions = Mutex<[ContentHash: Session]>([:])

    /// - Returns: the session's name: 256 random bits.
    func begin(for digest: ContentHash, at time: Date) -> String {
        let name = Data((0..<32).map { _ in UInt8.random(in: .min ... .max) }).map {
            String($0 >> 4, radix: 16) + String($0 & 15, radix: 16)
        }.joined()
        sessions.withLock { sessions in
            sessions = sessions.filter { $0.value.end > time }
            if sessions.count >= Self.maximum, let oldest = sessions.min(by: { $0.value.end < $1.value.end }) {
                sessions[oldest.key] = nil
            }
            sessions[ContentHash(of: name.utf8)] = Session(
                digest: digest, end: time.addingTimeInterval(Self.lifetime))
        }
        return name
    }

    /// The token that began it; nil for a session that is over or never was.
    func digest(of name: String, at time: Date) -> ContentHash? {
        sessions.withLock { $0[ContentHash(of: name.utf8)] }.flatMap { time < $0.end ? $0.digest : nil }
    }

    func end(_ name: String) { sessions.withLock { $0[ContentHash(of: name.utf8)] = nil } }

    // MARK: The cookie

    /// The name in a `Cookie` header.
    static func name(in header: String) -> String? {
        for part in header.split(separator: ";") {
            let pair = part.trimmingCharacters(in: .whitespaces)
            if pair.hasPrefix(cookie + "=") { return String(pair.dropFirst(cookie.count + 1)) }
        }
        return nil
    }

    /// `Set-Cookie` that no script reads and no foreign page sends.
    ///
    /// - Parameter name: empty to take the cookie away.
    static func cookie(_ name: String, isSecure: Bool) -> String {
        "\(cookie)=\(name); Path=/; HttpOnly; SameSite=Strict" + (isSecure ? "; Secure" : "")
            + (name.isEmpty ? "; Max-Age=0" : "; Max-Age=\(Int(lifetime))")
    }
}
