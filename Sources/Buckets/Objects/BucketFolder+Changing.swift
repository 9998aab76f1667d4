import Database
import Foundation
import LightboxCore

/// Changes: each looks at what stands there and puts its own in its place while no other does.
extension BucketFolder {
    /// What stands under a name, seen from within a change.
    private func current(_ key: ObjectKey, _ transaction: SQLTransaction) throws -> StoredObject? {
        let (folders, name) = key.parts
        guard let status = try root.folder(folders)?.status(name), status.st_mode & S_IFMT == S_IFREG else {
            return nil
        }
        let file = FileIdentity(status)
        return try transaction.object(self.name, key, file)
            ?? StoredObject(bucket: self.name, key: key, file: file)
    }

    /// Checks conditions that a caller wants to be told of before it sends its bytes.
    package func check(_ conditions: ObjectConditions, _ key: ObjectKey) throws {
        guard !conditions.isEmpty else { return }
        try conditions.check(index.tables.read { try current(key, $0) })
    }

    /// Makes bytes that have arrived an object. It is on the disk when this returns.
    ///
    /// - Parameters:
    ///   - expected: what the sender says of the bytes.
    ///   - upload: a resumable upload that ends with it.
    /// - Throws: ``BucketError`` when a condition does not hold, other bytes arrived, or the name cannot be had.
    package func commit(
        _ incoming: IncomingObject, as key: ObjectKey, _ properties: ObjectProperties = ObjectProperties(),
        if conditions: ObjectConditions = ObjectConditions(),
        expecting expected: ExpectedHashes = ExpectedHashes(),
        components: Int = 0, ending upload: String? = nil
    ) throws -> StoredObject {
        try properties.check()
        let (file, hashes) = try incoming.finish()
        try expected.check(hashes)
        var object = StoredObject(bucket: name, key: key, file: file)
        object.hashes = hashes
        object.components = components
        object.properties = properties
        object.stamp(after: nil)
        // Before the file is in place, so that it never stands there with nothing said of it.
        try index.put(object)
        var isPlaced = false
        do {
            return try index.tables.write { transaction in
                let before = try current(key, transaction)
                try conditions.check(before)
                object.stamp(after: before)
                try place(incoming.name, from: incoming.folder, as: key)
                (isPlaced, incoming.isKept) = (true, true)
                try transaction.put(object)
                try transaction.removeRows(of: name, key, but: file)
                if let upload {
                    try transaction.execute("UPDATE upload SET outcome = ? WHERE id = ?", [key.bytes, upload])
                }
                return object
            }
        } catch {
            if !isPlaced { try? index.forget(object) }
            throw error
        }
    }

    /// Renames a file to an object's name.
    private func place(_ part: [UInt8], from source: OpenFolder, as key: ObjectKey) throws {
        let (folders, name) = key.parts
        let folder = try root.makeFolder(folders)
        if let there = try folder.status(name), there.st_mode & S_IFMT == S_IFDIR, !folder.removeEmpty(name) {
            throw BucketError(
                .invalidName, "There are objects below '\(key)/', and objects are files here. Choose another name."
            )
        }
        try folder.rename(name, from: source, part)
        try folder.sync()
    }

    /// Changes what is said of an object.
    package func change(
        _ key: ObjectKey, if conditions: ObjectConditions, generation: Int64? = nil,
        _ body: (inout ObjectProperties) throws -> Void
    ) throws -> StoredObject {
        // Outside the change, since it may take long.
        _ = try open(key, hashing: true)
        return try index.tables.write { transaction in
            guard var object = try current(key, transaction), generation ?? object.generation == object.generation
            else { throw missing(key) }
            try conditions.check(object)
            try body(&object.properties)
            try object.properties.check()
            object.metageneration += 1
            object.updated = .now1970
            try transaction.put(object)
            return object
        }
    }

    /// - Parameter generation: that the object must have; another is not there.
    package func remove(_ key: ObjectKey, if conditions: ObjectConditions, generation: Int64? = nil) throws {
        let (folders, part) = key.parts
        try index.tables.write { transaction in
            let object = try current(key, transaction)
            try conditions.check(object)
            guard let object, generation ?? object.generation == object.generation,
                let folder = try root.folder(folders)
            else { throw missing(key) }
            try folder.remove(part)
            try folder.sync()
            try transaction.removeRows(of: name, key, but: nil)
        }
        removeEmptyFolders(folders)
    }

    /// Gives an object another name, without its bytes being copied.
    package func move(
        _ source: ObjectKey, to target: ObjectKey, if conditions: ObjectConditions,
        sourceIf sourceConditions: ObjectConditions
    ) throws -> StoredObject {
        guard source != target else {
            throw BucketError(.invalidArgument, "An object cannot move to its own name.")
        }
        _ = try open(source, hashing: false)
        let (folders, part) = source.parts
        let moved = try index.tables.write { transaction in
            let object = try current(source, transaction)
            try sourceConditions.check(object)
            guard let object, let folder = try root.folder(folders) else { throw missing(source) }
            let before = try current(target, transaction)
            try conditions.check(before)
            var moved = StoredObject(bucket: name, key: target, file: object.file)
            (moved.hashes, moved.components) = (object.hashes, object.components)
            moved.properties = object.properties
            moved.stamp(after: before)
            try transaction.put(moved)
            try place(part, from: folder, as: target)
            try folder.sync()
            try transaction.removeRows(of: name, target, but: object.file)
            try transaction.removeRows(of: name, source, but: nil)
            return moved
        }
        removeEmptyFolders(folders)
        return moved
    }

    /// A folder that lost its last object is one that nobody has made.
    private func removeEmptyFolders(_ folders: [[UInt8]]) {
        var folders = folders
        while let last = folders.popLast() {
            guard let folder = try? root.folder(folders), folder.removeFolder(last) else { return }
        }
    }
}

extension OpenFolder {
    /// Removes a folder in which there are only folders.
    ///
    /// - Returns: whether it is gone.
    func removeEmpty(_ part: [UInt8]) -> Bool {
        if removeFolder(part) { return true }
        guard let folder = try? folder(part) else { return false }
        var isEmpty = true
        try? folder.visit { name, kind in isEmpty = isEmpty && kind == .folder && folder.removeEmpty(name) }
        return isEmpty && removeFolder(part)
    }
}

extension StoredObject {
    /// Makes it younger than what stood there.
    fileprivate mutating func stamp(after before: StoredObject?) {
        created = .now1970
        updated = created
        generation = max(Int64(created.timeIntervalSince1970 * 1e6), (before?.generation ?? 0) + 1)
    }
}

extension BucketFolder {
    /// Makes an object of the bytes of others, one behind the other.
    package func join(
        _ sources: [OpenObject], as key: ObjectKey, _ properties: ObjectProperties,
        if conditions: ObjectConditions,
        components: Int
    ) throws -> StoredObject {
        let incoming = try receive()
        for source in sources {
            try source.file.forEachPiece { try incoming.append($0) }
            // Somebody may be writing to it.
            guard FileIdentity(descriptor: source.file.descriptor) == source.object.file else {
                throw BucketError(.superseded, "'\(source.object.key)' changed while it was read. Try again.")
            }
        }
        return try commit(incoming, as: key, properties, if: conditions, components: components)
    }
}
