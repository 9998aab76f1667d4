import Foundation

/// Places that images may be fetched from: `https://images.example.org/chest/`, `gs://my_bucket`, `s3://my_bucket/a/`.
///
/// A place allows what lies below it. No place, no images.
public struct AllowedPlaces: Sendable, Hashable {
    /// An address that is on the list.
    package enum Address: Sendable, Equatable {
        /// Written anew from its checked parts.
        case https(String)
        /// In one of the home's buckets.
        case bucket(String)
    }

    private struct Place: Sendable, Hashable {
        let scheme: String
        /// With the port, where it is not the usual one.
        let host: String
        /// Begins and ends with a slash.
        let path: String
    }

    private let places: [Place]

    public var isEmpty: Bool { places.isEmpty }

    /// - Throws: ``ServerError`` for a text that is no such place.
    public init(_ texts: [String] = []) throws {
        places = try texts.map { text in
            guard let place = Self.place(text) else {
                throw ServerError(
                    .invalidArgument,
                    "\(text): a place is https://HOST/PATH, gs://BUCKET/PATH or s3://BUCKET/PATH.")
            }
            return Place(
                scheme: place.scheme, host: place.host,
                path: place.path.hasSuffix("/") ? place.path : place.path + "/")
        }
    }

    /// The address as it may be fetched; nil when it is not on the list, or not written plainly.
    package func address(_ text: String) -> Address? {
        guard let wanted = Self.place(text),
            places.contains(where: {
                $0.scheme == wanted.scheme && $0.host == wanted.host && wanted.path.hasPrefix($0.path)
            })
        else { return nil }
        return wanted.scheme == "https"
            ? .https("https://\(wanted.host)\(wanted.path)\(wanted.query)")
            : .bucket("\(wanted.scheme)://\(wanted.host)\(wanted.path)")
    }

    /// The parts of an address, or nil when anything about it is odd: users, dots, escapes that hide a slash or a dot.
    private static func place(_ text: String) -> (scheme: String, host: String, path: String, query: String)? {
        guard text.utf8.count <= 4096,
            text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "\\") }),
            let mark = text.range(of: "://")
        else { return nil }
        let scheme = text[..<mark.lowerBound].lowercased()
        guard ["https", "gs", "s3"].contains(scheme) else { return nil }
        let rest = text[mark.upperBound...]
        let host = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        var path = rest.dropFirst(host.count)
        guard !path.contains("#") else { return nil }
        let query = path.firstIndex(of: "?").map { path[$0...] } ?? ""
        path = path.dropLast(query.count)
        if path.isEmpty { path = "/" }
        let isPlain = path.split(separator: "/").allSatisfy { $0 != "." && $0 != ".." }
        let lower = path.lowercased()
        guard !host.isEmpty, host.utf8.allSatisfy(isOfHost), isPlain, query.isEmpty || scheme == "https",
            !lower.contains("%2e"), !lower.contains("%2f"), !lower.contains("%5c"), !lower.contains("%00")
        else { return nil }
        let usual = host.hasSuffix(":443") && scheme == "https" ? host.dropLast(4) : host
        return (scheme, scheme == "https" ? usual.lowercased() : String(usual), String(path), String(query))
    }

    private static func isOfHost(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"): true
        case UInt8(ascii: ":"): true
        default: false
        }
    }
}

/// Which addresses of the internet protocol belong to everybody, after IANA's registries of special purposes.
package enum PublicAddress {
    static func isPublic(_ address: UnsafePointer<sockaddr>) -> Bool {
        switch Int32(address.pointee.sa_family) {
        case AF_INET:
            return address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
                isPublic(v4: UInt32(bigEndian: $0.pointee.sin_addr.s_addr))
            }
        case AF_INET6:
            return UnsafeRawPointer(address).withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { address in
                withUnsafeBytes(of: address.pointee.sin6_addr) { isPublic(v6: Array($0)) }
            }
        default: return false
        }
    }

    package static func isPublic(v4 address: UInt32) -> Bool {
        let special: [(UInt32, Int)] = [
            (0x0000_0000, 8), (0x0a00_0000, 8), (0x6440_0000, 10), (0x7f00_0000, 8), (0xa9fe_0000, 16),
            (0xac10_0000, 12), (0xc000_0000, 24), (0xc000_0200, 24), (0xc058_6300, 24), (0xc0a8_0000, 16),
            (0xc612_0000, 15), (0xc633_6400, 24), (0xcb00_7100, 24), (0xe000_0000, 3),
        ]
        return !special.contains { net, length in address >> UInt32(32 - length) == net >> UInt32(32 - length) }
    }

    /// Of 2000::/3 all but tunnels and examples; an IPv4 address in the clothes of the other is none of them.
    package static func isPublic(v6 bytes: [UInt8]) -> Bool {
        guard bytes.count == 16, bytes[0] & 0xe0 == 0x20 else { return false }
        if bytes[0] == 0x20, bytes[1] == 0x02 { return false }  // 6to4
        if bytes[0] == 0x20, bytes[1] == 0x01, bytes[2] < 0x02 { return false }  // Teredo, protocol assignments
        if bytes[0] == 0x20, bytes[1] == 0x01, bytes[2] == 0x0d, bytes[3] == 0xb8 { return false }  // examples
        return bytes[0] != 0x3f || bytes[1] != 0xff  // examples
    }
}
