import Foundation
import LightboxCore

/// One bucket: a folder of the home whose files are its objects, whoever has put them there.
package final class BucketFolder: Sendable {
    package let name: String
    let path: String
    let root: OpenFolder
    let index: ObjectIndex

    /// Uploads under way; hidden, so that nobody takes them for objects.
    static let incoming = ".lightbox-incoming"

    /// - Returns: nil where there is no such folder.
    init?(name: String, path: String, index: ObjectIndex) throws {
        guard let root = try OpenFolder(path: path) else { return nil }
        (self.name, self.path, self.root, self.index) = (name, path, root, index)
    }

    /// Bytes that are read for a caller who waits for checksums only: a few seconds' worth.
    private static let largestHashed = 1 << 30

    /// Opens an object.
    ///
    /// - Parameter hashing: reads a file whose checksums nobody knows yet, and notes them, unless it is over 1 GiB.
    /// - Throws: ``BucketError`` `noSuchObject`.
    package func open(_ key: ObjectKey, hashing isHashing: Bool) throws -> OpenObject {
        let (folders, name) = key.parts
        // Another object may take this one's place, and its row with it, between the look at the file and at the row.
        for _ in 0..<10 {
            guard let file = try root.folder(folders)?.file(name),
                let identity = FileIdentity(descriptor: file.descriptor)
            else { throw missing(key) }
            let hashing = isHashing && identity.size <= Self.largestHashed
            if let known = try index.object(self.name, key, identity), known.hashes != nil || !hashing {
                return OpenObject(object: known, file: file)
            }
            guard try root.folder(folders)?.status(name).map(FileIdentity.init) == identity else { continue }
            var object =
                try index.object(self.name, key, identity)
                ?? StoredObject(bucket: self.name, key: key, file: identity)
            guard hashing else { return OpenObject(object: object, file: file) }
            var hasher = ObjectHasher()
            try file.forEachPiece { hasher.update($0) }
            object.hashes = hasher.finalize()
            // Somebody may be writing to it.
            guard FileIdentity(descriptor: file.descriptor) == identity else { continue }
            try index.put(object)
            return OpenObject(object: object, file: file)
        }
        throw BucketError(.superseded, "'\(key)' changes all the time. Ask again when nobody writes to it.")
    }

    package func object(_ key: ObjectKey) throws -> StoredObject { try open(key, hashing: true).object }

    func missing(_ key: ObjectKey) -> BucketError {
        BucketError(.noSuchObject, "No such object: \(name)/\(key)")
    }
}
