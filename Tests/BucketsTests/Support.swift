import Buckets
import Foundation
import LightboxCore
import TestSupport
import Testing

/// A home with an empty bucket `b`.
struct Bench {
    let buckets: BucketFolders
    let bucket: BucketFolder
    let path: String

    static func with(_ body: (Bench) throws -> Void) throws {
        try withTemporaryFolder { folder in
            let buckets = BucketFolders(home: Home(path: folder))
            _ = try buckets.make("b", BucketSettings())
            try body(Bench(buckets: buckets, bucket: buckets.folder("b"), path: folder + "/buckets/b"))
        }
    }

    /// What another process sees.
    func reopened() throws -> Bench {
        let buckets = BucketFolders(home: Home(path: self.buckets.home.path))
        return Bench(buckets: buckets, bucket: try buckets.folder("b"), path: path)
    }

    @discardableResult
    func put(
        _ name: String, _ text: String = "text", _ properties: ObjectProperties = ObjectProperties(),
        if conditions: ObjectConditions = ObjectConditions(), expecting expected: ExpectedHashes = ExpectedHashes()
    ) throws -> StoredObject {
        let object = try bucket.receive()
        try Array(text.utf8).withUnsafeBytes { try object.append($0) }
        return try bucket.commit(object, as: ObjectKey(name), properties, if: conditions, expecting: expected)
    }

    func object(_ name: String) throws -> StoredObject { try bucket.object(ObjectKey(name)) }

    func text(_ name: String) throws -> String {
        let open = try bucket.open(ObjectKey(name), hashing: false)
        return String(decoding: try open.file.read(0..<open.object.size), as: UTF8.self)
    }

    func write(_ name: String, _ text: String = "text") throws {
        let file = URL(fileURLWithPath: path + "/" + name)
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: file)
    }

    func exists(_ name: String) -> Bool { FileManager.default.fileExists(atPath: path + "/" + name) }

    /// Hidden files of uploads.
    var incoming: [String] {
        (try? FileManager.default.contentsOfDirectory(atPath: path + "/.lightbox-incoming")) ?? []
    }

    func keys(_ change: (inout ObjectQuery) -> Void = { _ in }) throws -> (names: [String], prefixes: [String]) {
        var query = ObjectQuery()
        change(&query)
        var (names, prefixes) = ([String](), [String]())
        while true {
            let list = try bucket.list(query)
            names += list.objects.map(\.key.description)
            prefixes += list.prefixes
            #expect(
                list.objects.count + list.prefixes.count <= query.limit + (query.includesTrailingDelimiter ? 1 : 0)
            )
            guard let next = list.next else { return (names, prefixes) }
            query.token = next
        }
    }
}

/// The code of the error that a body throws.
func code(_ body: () throws -> some Any) -> BucketError.Code? {
    do { _ = try body() } catch let error as BucketError { return error.code } catch {
        Issue.record("another error: \(error)")
    }
    return nil
}
