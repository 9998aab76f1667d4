/// Finds any of many secrets in bytes, in one walk over them.
package struct SecretSearch {
    /// By the first eight bytes, in which nearly all differ.
    private let byBeginning: [UInt64: [PlantedFile.Secret]]

    package init(_ secrets: some Sequence<PlantedFile.Secret>) {
        byBeginning = Dictionary(grouping: secrets) { Self.beginning(of: Array($0.text.utf8)) }
    }

    /// One entry for each place where a secret stands.
    package func found(in bytes: [UInt8]) -> [PlantedFile.Secret] {
        guard bytes.count >= 8 else { return [] }
        var found: [PlantedFile.Secret] = []
        var window = Self.beginning(of: bytes) >> 8
        for end in 7..<bytes.count {
            window = window << 8 | UInt64(bytes[end])
            guard let candidates = byBeginning[window] else { continue }
            let start = end - 7
            // New UIDs have so many digits that a date stands in one of them by chance.
            let isInNumber = start > 0 && Self.isDigit(bytes[start - 1])
            found += candidates.filter {
                bytes[start...].starts(with: $0.text.utf8)
                    && !(isInNumber && $0.text.utf8.allSatisfy(Self.isDigit))
            }
        }
        return found
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    private static func beginning(of bytes: [UInt8]) -> UInt64 {
        bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
    }
}
