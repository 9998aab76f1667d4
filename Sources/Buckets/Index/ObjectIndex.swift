import Database
import Foundation
package import LightboxCore

/// What a file cannot hold of its object, in `buckets.db` of the home; see ``IndexSchema``.
package final class ObjectIndex: Sendable {
    let tables: SQLDatabase

    package init(home: Home) throws {
        try home.create()
        tables = try SQLDatabase(file: home.bucketIndex)
        try tables.migrate(IndexSchema.migrations)
    }

    /// What is known of a file; nil where it came by other ways, or was changed since.
    func object(_ bucket: String, _ key: ObjectKey, _ file: FileIdentity) throws -> StoredObject? {
        try tables.read { try $0.object(bucket, key, file) }
    }

    /// The same for many.
    func objects(_ bucket: String, _ files: [(key: ObjectKey, file: FileIdentity)]) throws -> [StoredObject?] {
        guard !files.isEmpty else { return [] }
        return try tables.read { transaction in
            try files.map { try transaction.object(bucket, $0.key, $0.file) }
        }
    }

    func put(_ object: StoredObject) throws { try tables.write { try $0.put(object) } }

    /// Takes back what ``put(_:)`` has said of a file that did not come to be an object.
    func forget(_ object: StoredObject) throws {
        try tables.write { try $0.removeRows(of: object.bucket, object.key, only: object.file) }
    }

    func forget(bucket: String) throws {
        try tables.write { transaction in
            for table in ["object", "upload"] {
                try transaction.execute("DELETE FROM \(table) WHERE bucket = ?", [bucket])
            }
            try transaction.execute("DELETE FROM bucket WHERE name = ?", [bucket])
        }
    }
}

extension SQLTransaction {
    func object(_ bucket: String, _ key: ObjectKey, _ file: FileIdentity) throws -> StoredObject? {
        let row = try first(
            """
            SELECT generation, metageneration, created, updated, crc32c, md5, components, properties FROM object
            WHERE bucket = ? AND key = ? AND inode = ? AND size = ? AND modified = ?
            """, [bucket, key.bytes, file.inode, file.size, file.modified])
        guard let row else { return nil }
        var object = StoredObject(bucket: bucket, key: key, file: file)
        object.generation = try row.get(0)
        object.metageneration = try row.get(1)
        object.created = Date(timeIntervalSince1970: try row.get(2))
        object.updated = Date(timeIntervalSince1970: try row.get(3))
        if let crc: Int64 = try row.get(4, as: Int64?.self), let md5 = try row.get(5, as: [UInt8]?.self) {
            object.hashes = ObjectHashes(crc32c: UInt32(truncatingIfNeeded: crc), md5: md5)
        }
        object.components = try row.get(6)
        object.properties = try IndexJSON.value(row.get(7))
        return object
    }

    func put(_ object: StoredObject) throws {
        try execute(
            "INSERT OR REPLACE INTO object VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                object.bucket, object.key.bytes, object.file.inode, object.file.size, object.file.modified,
                object.generation, object.metageneration, object.created.timeIntervalSince1970,
                object.updated.timeIntervalSince1970, object.hashes.map { Int64($0.crc32c) }, object.hashes?.md5,
                object.components, try IndexJSON.text(object.properties),
            ])
    }

    func removeRows(of bucket: String, _ key: ObjectKey, only file: FileIdentity) throws {
        try execute(
            "DELETE FROM object WHERE bucket = ? AND key = ? AND inode = ? AND size = ? AND modified = ?",
            [bucket, key.bytes, file.inode, file.size, file.modified])
    }

    /// Of files that stood under this name before.
    func removeRows(of bucket: String, _ key: ObjectKey, but file: FileIdentity?) throws {
        try execute(
            """
            DELETE FROM object WHERE bucket = ? AND key = ? AND NOT (inode = ? AND size = ? AND modified = ?)
            """, [bucket, key.bytes, file?.inode ?? -1, file?.size ?? -1, file?.modified ?? -1])
    }
}

extension Date {
    /// The time, as a row gives it back.
    static var now1970: Date { Date(timeIntervalSince1970: Date().timeIntervalSince1970) }
}

/// Values that stand as JSON in one column.
enum IndexJSON {
    static func text(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    static func value<Value: Decodable>(_ text: String, as type: Value.Type = Value.self) throws -> Value {
        do {
            return try JSONDecoder().decode(type, from: Data(text.utf8))
        } catch {
            throw DatabaseFailure(
                .wrongType, "A row of buckets.db cannot be read. A newer Lightbox may have written it.")
        }
    }
}
