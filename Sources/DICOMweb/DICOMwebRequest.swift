public import LightboxCore

/// One HTTP request below a DICOMweb service root, as a value: no server framework is needed to answer it.
public struct DICOMwebRequest: Sendable {
    public enum Method: String, Sendable, Hashable {
        case get = "GET"
        case head = "HEAD"
        case post = "POST"
        case delete = "DELETE"
    }

    /// A body arrives in pieces; the next one is asked for when the one before has been dealt with.
    public typealias Body = any AsyncSequence<Bytes, any Error> & Sendable

    public var method: Method
    /// The path below the service root: `studies`, `1.2.3`, `metadata`. Decoded once and for all.
    public var segments: [String]
    /// What stands behind the `?`, decoded, in its order.
    public var query: [(name: String, value: String)]
    /// By name in small letters; a header that came several times has its values joined by commas.
    public var headers: [String: String]
    /// nil when there is none.
    public var body: Body?
    /// The address of the service root, which answers put before the paths they name, without a slash at its end:
    /// `http://host:8080/dicomWeb`.
    public var root: String

    /// - Parameters:
    ///   - path: as it stands in the request, still percent-encoded: `/studies/1.2.3/metadata`.
    ///   - query: as it stands in the request behind the `?`; nil without one.
    ///   - headers: names in any case.
    /// - Throws: ``DICOMwebError`` when a percent sign is not followed by two digits, or no text comes of it.
    public init(
        method: Method, path: String, query: String? = nil, headers: [(name: String, value: String)] = [],
        body: Body? = nil, root: String
    ) throws {
        self.method = method
        // Split first: an encoded slash is part of a segment, and then no UID.
        var parts = path.split(separator: "/", omittingEmptySubsequences: false)
        if parts.first?.isEmpty == true { parts.removeFirst() }
        // Clients write a slash before the question mark.
        if parts.last?.isEmpty == true { parts.removeLast() }
        segments = try parts.map { try PercentEncoding.decoded($0, plusIsSpace: false) }
        self.query = try Self.items(query ?? "")
        self.headers = Dictionary(headers.map { ($0.name.lowercased(), $0.value) }) { $0 + ", " + $1 }
        self.body = body
        self.root = root
    }

    /// Query parameters that every method of Google's services takes and none of them means.
    package static let general: Set<String> = [
        "alt", "key", "access_token", "oauth_token", "fields", "prettyPrint", "quotaUser", "callback",
        "uploadType", "upload_protocol", "$.xgafv",
    ]

    /// `a=1&b=%20`.
    static func items(_ query: String) throws -> [(name: String, value: String)] {
        try query.split(separator: "&").map { part in
            let name = part.prefix { $0 != "=" }
            return (
                try PercentEncoding.decoded(name, plusIsSpace: true),
                try PercentEncoding.decoded(part.dropFirst(name.count + 1), plusIsSpace: true)
            )
        }
    }
}

enum PercentEncoding {
    static func decoded(_ text: Substring, plusIsSpace: Bool) throws -> String {
        let text = Array(text.utf8)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count)
        var index = 0
        while index < text.count {
            switch text[index] {
            case UInt8(ascii: "%"):
                guard index + 2 < text.count, let high = digit(text[index + 1]), let low = digit(text[index + 2])
                else {
                    throw DICOMwebError(.badRequest, "The address holds a percent sign without two digits.")
                }
                bytes.append(high << 4 | low)
                index += 3
            case UInt8(ascii: "+") where plusIsSpace:
                bytes.append(0x20)
                index += 1
            default:
                bytes.append(text[index])
                index += 1
            }
        }
        guard let decoded = String(validating: bytes, as: UTF8.self), !bytes.contains(0) else {
            throw DICOMwebError(.badRequest, "The address holds bytes that are no UTF-8 text.")
        }
        return decoded
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
