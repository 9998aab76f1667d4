import Foundation
import Synchronization

/// Addresses as paths below a folder, and back: `s3://bucket/a/b.png` as `ROOT/s3/bucket/a/b.png`.
///
/// Every key has a path of its own: what a path cannot hold (an empty part, `.`, `..`) is escaped with `%`.
public enum RemotePath {
    static let schemes = ["gs", "s3", "https", "http"]

    /// Queries of web addresses, which may hold signatures, stay in memory; a path has their hash.
    private static let queries = Mutex<[String: String]>([:])

    /// - Parameter address: `SCHEME://REST`, its bucket or host checked.
    package static func path(of address: String, below root: String) -> String? {
        guard let mark = address.range(of: "://"), schemes.contains(String(address[..<mark.lowerBound])) else {
            return nil
        }
        var rest = String(address[mark.upperBound...])
        let scheme = address[..<mark.lowerBound]
        if scheme.hasPrefix("http"), let query = rest.firstIndex(of: "?") {
            let text = String(rest[query...])
            let name = "?" + ContentHash(of: text.utf8).description.prefix(16)
            queries.withLock { $0[name] = text }
            rest = rest[..<query] + name
        }
        var parts = rest.split(separator: "/", omittingEmptySubsequences: false).map(escaped)
        // A slash at the end stays one.
        if parts.last == "%" { parts[parts.count - 1] = "" }
        return "\(root)/\(scheme)/" + parts.joined(separator: "/")
    }

    /// - Returns: nil for a path that is none of these.
    package static func address(of path: String, below root: String) -> String? {
        guard path.hasPrefix(root + "/") else { return nil }
        let parts = path.dropFirst(root.count + 1).split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count > 1, schemes.contains(String(parts[0])) else { return nil }
        var rest = parts.dropFirst().map(unescaped).joined(separator: "/")
        if parts[0].hasPrefix("http"), let mark = rest.lastIndex(of: "?") {
            let name = String(rest[mark...])
            rest = rest[..<mark] + (queries.withLock { $0[name] } ?? name)
        }
        return "\(parts[0])://\(rest)"
    }

    private static func escaped(_ part: Substring) -> String {
        switch part {
        case "": "%"
        case ".": "%2E"
        case "..": "%2E%2E"
        default: part.replacingOccurrences(of: "%", with: "%25")
        }
    }

    private static func unescaped(_ part: Substring) -> String {
        switch part {
        case "%": ""
        case "%2E": "."
        case "%2E%2E": ".."
        default: part.replacingOccurrences(of: "%25", with: "%")
        }
    }
}
