/// What a resumable upload is to become, as it was said when it began.
public struct UploadPlan: Sendable, Hashable, Codable {
    public var key: String
    public var properties: ObjectProperties
    public var conditions: ObjectConditions
    public var expected: ExpectedHashes
    /// Bytes of the whole object; nil while nobody has said so.
    public var size: Int?

    public init(
        key: String, properties: ObjectProperties, conditions: ObjectConditions, expected: ExpectedHashes,
        size: Int?
    ) {
        (self.key, self.properties, self.conditions) = (key, properties, conditions)
        (self.expected, self.size) = (expected, size)
    }
}

/// How far a resumable upload is.
package enum UploadState: Sendable, Equatable {
    /// So many bytes are on the disk.
    case open(Int)
    case ended(StoredObject)
}
