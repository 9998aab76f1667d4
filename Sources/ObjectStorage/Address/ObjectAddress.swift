import LightboxCore

/// Where bytes stand: a path of this machine, an object in a bucket, or a page of the web.
///
/// An object's key is taken as it is written: `?`, `#`, `%` and spaces belong to it. A web address keeps its escapes.
public enum ObjectAddress: Sendable, Hashable {
    case local(path: String)
    case object(ObjectName)
    case web(WebAddress)

    /// - Throws: ``ObjectError`` with `invalidAddress` for an empty text, a NUL, another scheme, or a name that no
    ///   bucket or object may have.
    public init(_ text: String) throws {
        guard !text.isEmpty, !text.utf8.contains(0) else {
            throw ObjectError(.invalidAddress, at: "", "an address is empty or has a NUL in it.")
        }
        guard let mark = text.firstRange(of: "://") else {
            self = .local(path: text)
            return
        }
        let rest = text[mark.upperBound...]
        switch text[..<mark.lowerBound] {
        case "file":
            guard rest.hasPrefix("/"), let path = PercentEncoding.decode(rest), !path.utf8.contains(0) else {
                throw ObjectError(.invalidAddress, at: text, "give file:///PATH.")
            }
            self = .local(path: path)
        case "gs": self = .object(try ObjectName(.gs, rest, of: text))
        case "s3": self = .object(try ObjectName(.s3, rest, of: text))
        case "http", "https": self = .web(try WebAddress(text))
        default:
            throw ObjectError(
                .invalidAddress, at: text, "give a path, gs://BUCKET/…, s3://BUCKET/… or https://HOST/….")
        }
    }
}

extension ObjectAddress: CustomStringConvertible {
    /// As a user writes it; of a web address without its query, which may hold a signature.
    public var description: String {
        switch self {
        case .local(let path): path
        case .object(let name): name.description
        case .web(let address): address.description
        }
    }
}

/// A key in a bucket of one of the two kinds of object storage.
public struct ObjectName: Sendable, Hashable, CustomStringConvertible {
    public enum Scheme: String, Sendable { case gs, s3 }

    public let scheme: Scheme
    public let bucket: String
    /// May be empty: the bucket itself.
    public let key: String

    public init(_ scheme: Scheme, bucket: String, key: String) {
        (self.scheme, self.bucket, self.key) = (scheme, bucket, key)
    }

    init(_ scheme: Scheme, _ rest: Substring, of text: String) throws {
        let bucket = rest.prefix { $0 != "/" }
        guard Self.isBucket(bucket) else {
            throw ObjectError(
                .invalidAddress, at: text,
                "a bucket's name has letters, digits, '_', '-' and '.', and does not start with a dot.")
        }
        let key = rest.dropFirst(bucket.count + 1)
        guard key.utf8.count <= 1024 else {
            throw ObjectError(.invalidAddress, at: text, "an object's name has at most 1,024 bytes.")
        }
        guard !key.split(separator: "/").contains(where: { $0 == "." || $0 == ".." }) else {
            throw ObjectError(.invalidAddress, at: text, "'.' and '..' are not allowed in an object's name.")
        }
        self.init(scheme, bucket: String(bucket), key: String(key))
    }

    private static func isBucket(_ name: Substring) -> Bool {
        (1...222).contains(name.utf8.count) && !name.hasPrefix(".")
            && name.utf8.allSatisfy { PercentEncoding.isUnreserved($0) && $0 != UInt8(ascii: "~") }
    }

    public var description: String { "\(scheme.rawValue)://\(bucket)/\(key)" }
}
