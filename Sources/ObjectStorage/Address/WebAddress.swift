/// An address of the web that is read from: `https://host/path?query`.
public struct WebAddress: Sendable, Hashable, CustomStringConvertible {
    /// Whole, characters beyond ASCII escaped: what is sent.
    public let url: String
    /// Scheme and host with the port, in lower case: credentials and redirects stay inside it.
    public let origin: String
    /// With the slash it begins with, escapes as they were written.
    public let path: String

    public init(_ text: String) throws {
        func refuse(_ reason: String) -> ObjectError {
            ObjectError(.invalidAddress, at: String(text.prefix { $0 != "?" }), reason)
        }
        let isPlain = text.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7f && $0 != UInt8(ascii: "\\") }
        guard isPlain, text.utf8.count <= 8192 else {
            throw refuse(
                "a web address has no spaces, backslashes or control characters, and at most 8,192 bytes.")
        }
        guard let mark = text.firstRange(of: "://") else { throw refuse("give https://HOST/PATH.") }
        let scheme = text[..<mark.lowerBound].lowercased()
        let rest = text[mark.upperBound...]
        let authority = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        guard scheme == "http" || scheme == "https", Self.isAuthority(authority) else {
            throw refuse("give https://HOST/PATH, without a user or password in it.")
        }
        let behind = rest.dropFirst(authority.count)
        guard !behind.contains("#") else { throw refuse("a web address has no '#'; write %23.") }
        let path = behind.prefix { $0 != "?" }
        let isStraight = !path.split(separator: "/").contains { Self.isDots($0) }
        guard isStraight else { throw refuse("'.' and '..' are not allowed in it.") }
        self.path = path.isEmpty ? "/" : PercentEncoding.escapeNonASCII(path)
        origin = scheme + "://" + authority.lowercased()
        url = origin + self.path + PercentEncoding.escapeNonASCII(behind.dropFirst(path.count))
    }

    /// Host and port: letters, digits, `.`, `-`, `_`, an address in brackets.
    private static func isAuthority(_ text: Substring) -> Bool {
        let allowed = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:[]".utf8)
        guard !text.isEmpty, text.utf8.allSatisfy(allowed.contains) else { return false }
        let host = text.hasPrefix("[") ? text : text.prefix { $0 != ":" }
        let port = text.hasPrefix("[") ? text.drop { $0 != "]" }.dropFirst() : text.dropFirst(host.count)
        let isPort =
            port.isEmpty
            || (port.first == ":" && (Int(port.dropFirst()).map { (1...65535).contains($0) } ?? false))
        return !host.isEmpty && isPort && (!text.hasPrefix("[") || text.contains("]"))
    }

    private static func isDots(_ part: Substring) -> Bool {
        let plain = PercentEncoding.decode(part) ?? String(part)
        return plain == "." || plain == ".."
    }

    /// Without the query, which may hold a signature.
    public var description: String { origin + path }

    /// Where an answer's `Location` leads: absolute, or from this host's root.
    ///
    /// - Returns: nil for anything else.
    func following(_ location: String) -> WebAddress? {
        location.hasPrefix("/") && !location.hasPrefix("//")
            ? try? WebAddress(origin + location) : try? WebAddress(location)
    }
}
