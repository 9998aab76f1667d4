/// An object's name in its bucket, checked so that it is a path below the bucket's folder and nothing else.
///
/// Names are compared by their bytes, as in the cloud: two spellings of `é` are two names.
public struct ObjectKey: Sendable, Hashable, CustomStringConvertible {
    /// UTF-8.
    public let bytes: [UInt8]

    public static let longest = 1024
    /// Of a file's name.
    static let longestPart = 255

    /// - Throws: ``BucketError`` `invalidName` for what no file below the bucket's folder can be called.
    public init(_ text: String) throws {
        let bytes = Array(text.utf8)
        guard !bytes.isEmpty else { throw Self.refused("An object needs a name.") }
        guard bytes.count <= Self.longest else { throw Self.refused("A name has at most 1,024 bytes.") }
        guard !bytes.contains(where: { $0 == 0 || $0 == 10 || $0 == 13 }) else {
            throw Self.refused("A name has no NUL and no line end.")
        }
        for part in bytes.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
            guard !part.isEmpty else {
                throw Self.refused(
                    "Objects are files here: a name has no slash at its ends and no two in a row. Folders need no object."
                )
            }
            guard part.first != UInt8(ascii: ".") else {
                throw Self.refused(
                    "Objects are files here: no part of a name begins with a dot, since such files are hidden.")
            }
            guard part.count <= Self.longestPart else {
                throw Self.refused("Objects are files here: no part of a name between slashes has over 255 bytes.")
            }
        }
        self.bytes = bytes
    }

    /// - Precondition: the name is one that the other initialiser takes.
    init(checked bytes: [UInt8]) { self.bytes = bytes }

    /// Whether a file of this name, one part of a path, is an object's.
    static func isVisible(_ part: [UInt8]) -> Bool {
        part.first != UInt8(ascii: ".") && !part.contains { $0 == 10 || $0 == 13 }
            && String(validating: part, as: UTF8.self) != nil
    }

    public var description: String { String(decoding: bytes, as: UTF8.self) }

    /// Folders from the outside to the inside, and the file's name.
    var parts: (folders: [[UInt8]], file: [UInt8]) {
        var parts = bytes.split(separator: UInt8(ascii: "/")).map(Array.init)
        let file = parts.removeLast()
        return (parts, file)
    }

    private static func refused(_ text: String) -> BucketError { BucketError(.invalidName, text) }
}
