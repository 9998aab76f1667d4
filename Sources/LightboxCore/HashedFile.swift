/// A file of a folder, with what tells whether it is still the one that was put there.
public struct HashedFile: Sendable, Codable, Hashable {
    /// From the folder, parts divided by `/`.
    public var name: String
    public var bytes: Int
    public var sha256: ContentHash

    public init(name: String, bytes: Int, sha256: ContentHash) {
        self.name = name
        self.bytes = bytes
        self.sha256 = sha256
    }
}
