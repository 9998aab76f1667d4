/// The name of an application on the DICOM network: up to 16 characters, no backslash, no control characters
/// (PS3.5 table 6.2-1, AE). Spaces around it mean nothing.
public struct AETitle: Sendable, Hashable, CustomStringConvertible {
    public let description: String

    /// - Returns: nil when the text cannot be an AE title.
    public init?(_ text: String) {
        var characters = text.utf8[...]
        while characters.first == UInt8(ascii: " ") { characters.removeFirst() }
        while characters.last == UInt8(ascii: " ") { characters.removeLast() }
        guard (1...16).contains(characters.count), characters.allSatisfy(Self.isAllowed) else { return nil }
        description = String(Substring(characters))
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        (0x20...0x7e).contains(byte) && byte != UInt8(ascii: "\\")
    }

    /// 16 bytes, as an association request carries it.
    var field: [UInt8] {
        let bytes = Array(description.utf8)
        return bytes + Array(repeating: UInt8(ascii: " "), count: 16 - bytes.count)
    }
}

/// What may stand where a UID is expected: digits and dots, 64 at most, a digit first (PS3.5 section 9.1, but for
/// leading zeros, which old devices write). Nothing else ever names a file or a row.
func isUsable(uid: String) -> Bool {
    let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
    guard (1...64).contains(uid.utf8.count), let first = uid.utf8.first, digits.contains(first) else {
        return false
    }
    return uid.utf8.allSatisfy { digits.contains($0) || $0 == UInt8(ascii: ".") }
}
