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
}
