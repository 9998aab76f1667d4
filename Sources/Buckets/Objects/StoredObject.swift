public import Foundation

/// An object: a file below a bucket's folder, with what is known of it.
public struct StoredObject: Sendable, Hashable {
    public let bucket: String
    public let key: ObjectKey
    package let file: FileIdentity
    /// Changes with the bytes: microseconds since 1970, of the upload or of the file's last change.
    public internal(set) var generation: Int64
    /// Changes with the properties.
    public internal(set) var metageneration: Int64 = 1
    public internal(set) var created: Date
    public internal(set) var updated: Date
    /// nil as long as nobody has read a file that came by other ways than an upload.
    public internal(set) var hashes: ObjectHashes?
    /// Of how many objects it was composed; 0 for one that was not.
    public internal(set) var components = 0
    public internal(set) var properties = ObjectProperties()

    public var size: Int { file.size }

    /// A file that nobody has told anything about.
    init(bucket: String, key: ObjectKey, file: FileIdentity) {
        (self.bucket, self.key, self.file) = (bucket, key, file)
        generation = max(1, file.microseconds)
        created = Date(timeIntervalSince1970: file.time)
        updated = created
    }
}

/// An object with its bytes.
package struct OpenObject: Sendable {
    package let object: StoredObject
    package let file: OpenFile
}
