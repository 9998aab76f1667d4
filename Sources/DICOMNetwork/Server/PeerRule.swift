import Foundation

/// Who may ask for what.
public struct PeerRule: Sendable, Hashable {
    /// The caller's AE title; nil for any.
    public var title: AETitle?
    /// `10.1.2.3`, `10.1.0.0/16`, `fd00::/8`; empty for any.
    public var addresses: [NetworkRange]
    public var services: Set<DICOMService>

    public init(
        title: AETitle? = nil, addresses: [NetworkRange] = [],
        services: Set<DICOMService> = Set(DICOMService.allCases)
    ) {
        self.title = title
        self.addresses = addresses
        self.services = services
    }

    func covers(title: String, address: String?) -> Bool {
        if let own = self.title, own.description != title { return false }
        return addresses.isEmpty || addresses.contains { range in address.map(range.contains) ?? false }
    }
}

/// An address, or all that begin with the same bits.
public struct NetworkRange: Sendable, Hashable, CustomStringConvertible {
    public let description: String
    private let bytes: [UInt8]
    private let bits: Int

    /// - Returns: nil unless `text` is an IPv4 or IPv6 address, with or without `/BITS`.
    public init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count),
            let bytes = Self.bytes(of: String(parts[0]))
        else { return nil }
        let most = bytes.count * 8
        guard let bits = parts.count == 1 ? most : Int(parts[1]), (0...most).contains(bits) else { return nil }
        (self.bytes, self.bits, description) = (bytes, bits, text)
    }

    func contains(_ address: String) -> Bool {
        guard let other = Self.bytes(of: address), other.count == bytes.count else { return false }
        return (0..<bits).allSatisfy { bit in
            (bytes[bit / 8] ^ other[bit / 8]) & (0x80 >> UInt8(bit % 8)) == 0
        }
    }

    /// 4 or 16 bytes; an IPv4 address in IPv6's clothes counts as what it is.
    private static func bytes(of address: String) -> [UInt8]? {
        var short = in_addr()
        if inet_pton(AF_INET, address, &short) == 1 { return withUnsafeBytes(of: short) { Array($0) } }
        var long = in6_addr()
        guard inet_pton(AF_INET6, address, &long) == 1 else { return nil }
        let bytes = withUnsafeBytes(of: long) { Array($0) }
        let isMapped = bytes.prefix(10).allSatisfy { $0 == 0 } && bytes[10] == 0xff && bytes[11] == 0xff
        return isMapped ? Array(bytes.suffix(4)) : bytes
    }
}
