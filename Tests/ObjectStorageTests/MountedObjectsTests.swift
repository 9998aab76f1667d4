import Foundation
import LightboxCore
import ObjectStorage
import Synchronization
import TestSupport
import Testing

@Suite("Objects as paths") struct MountedObjectsTests {
    /// A bucket in S3's language that counts how often each object is read.
    private final class Bucket: Sendable {
        let objects: Mutex<[String: [UInt8]]>
        let reads = Mutex<[String: Int]>([:])

        init(_ objects: [String: [UInt8]]) { self.objects = Mutex(objects) }

        func answer(_ request: FaultyServer.Request) -> FaultyServer.Response {
            let parts = request.path.split(separator: "?", maxSplits: 1)
            let key = PercentEncoding.decode(parts[0].dropFirst("/b/".count)) ?? ""
            if key.isEmpty { return list(parts.count > 1 ? String(parts[1]) : "") }
            if request.method == "PUT" {
                objects.withLock { $0[key] = request.body }
                return .init()
            }
            guard let bytes = objects.withLock({ $0[key] }) else { return .init(status: 404) }
            let etag = "\"\(ContentHash(of: bytes).description.prefix(8))\""
            if let wanted = request.headers["if-match"], wanted != etag { return .init(status: 412) }
            if request.method == "HEAD" { return .init(headers: ["ETag": etag], promisedLength: bytes.count) }
            reads.withLock { $0[key, default: 0] += 1 }
            return .part(of: bytes, request, etag: etag)
        }

        private func list(_ query: String) -> FaultyServer.Response {
            let prefix = query.split(separator: "&").first { $0.hasPrefix("prefix=") }?.dropFirst(7) ?? ""
            let start = PercentEncoding.decode(prefix) ?? ""
            let items = objects.withLock { $0 }.filter { $0.key.hasPrefix(start) }.map { key, bytes in
                let etag = ContentHash(of: bytes).description.prefix(8)
                return "<Contents><Key>\(key)</Key><Size>\(bytes.count)</Size><ETag>\"\(etag)\"</ETag></Contents>"
            }
            return .init(body: Array("<ListBucketResult>\(items.joined())</ListBucketResult>".utf8))
        }
    }

    private func withBucket(_ objects: [String: [UInt8]], _ body: (Home, Bucket, MountedObjects) throws -> Void)
        throws
    {
        let bucket = Bucket(objects)
        let server = FaultyServer { request, _ in bucket.answer(request) }
        defer { server.stop() }
        try withTemporaryFolder { folder in
            var settings = HomeSettings()
            settings.storage.s3.endpoint = server.origin
            let home = Home(path: folder, settings: settings)
            let storage = settings.storage
            let key = ["AWS_ACCESS_KEY_ID": "A", "AWS_SECRET_ACCESS_KEY": "B"]
            let mounted = MountedObjects(root: home.objects, cache: ObjectCache(folder: home.cache + "/objects")) {
                try ObjectStores(storage, environment: key)
            }
            RemoteFiles.mount(at: home.objects) { mounted }
            try body(home, bucket, mounted)
        }
    }

    @Test("A set is listed as local files are, and each object is brought once")
    func set() throws {
        var objects = Dictionary(uniqueKeysWithValues: (0..<100).map { ("d/\($0).png", [UInt8($0)]) })
        for key in ["d/.hidden.png", "d/sub/x.png", "e/y.png", "d/folder/"] { objects[key] = [0] }
        objects["d/%2E/ü.png"] = [7]
        try withBucket(objects) { home, bucket, _ in
            func keys(_ source: String) throws -> [String] {
                try home.files(at: source).map { String(home.address(of: $0).dropFirst("s3://b/".count)) }
            }
            let found = try keys("s3://b/d")
            #expect(
                found
                    == (objects.keys.filter { $0.hasPrefix("d/") && !$0.contains(".hidden") && !$0.hasSuffix("/") })
                    .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) })
            #expect(try keys("s3://b/d/1*.png") == ["d/1.png"] + (10...19).map { "d/\($0).png" })
            #expect(try keys("s3://b/**/x.png") == ["d/sub/x.png"])
            #expect(try keys("s3://b/d/5.png") == ["d/5.png"])
            #expect(throws: HomeError.self) { try home.files(at: "s3://b/none") }
            for path in try home.files(at: "s3://b/d") {
                let key = String(home.address(of: path).dropFirst("s3://b/".count))
                #expect(try Bytes(MappedFile(path: path)).array == objects[key])
            }
            for path in try home.files(at: "s3://b/d") { _ = try MappedFile(path: path) }
            #expect(bucket.reads.withLock { $0.values.allSatisfy { $0 == 1 } && $0.count == 102 })
        }
    }

    @Test("An object that was replaced behind a list is an error; listed anew it is the new one")
    func replaced() throws {
        try withBucket(["a": [1], "b": [2]]) { home, bucket, _ in
            let paths = try home.files(at: "s3://b")
            bucket.objects.withLock { $0["b"] = [3] }
            let error = #expect(throws: ObjectError.self) { try MappedFile(path: paths[1]) }
            #expect(error?.code == .changed)
            _ = try home.files(at: "s3://b")
            #expect(try Bytes(MappedFile(path: paths[1])).array == [3])
        }
    }

    @Test("What is written is read back, whatever was listed before; the web is only read")
    func written() throws {
        try withBucket(["a": [1]]) { home, bucket, _ in
            let path = try home.files(at: "s3://b/a")[0]
            try AtomicFile.write([9, 9], to: path)
            #expect(try Bytes(MappedFile(path: path)).array == [9, 9])
            let page = try home.localPath(of: "https://127.0.0.1/x")
            let error = #expect(throws: ObjectError.self) { try AtomicFile.write([1], to: page) }
            #expect(error?.code == .readOnly)
        }
    }

    @Test("The cache keeps within its limit and lets go of what was used longest ago")
    func eviction() throws {
        try withTemporaryFolder { folder in
            let cache = ObjectCache(folder: folder, limit: 100_000)
            try FileManager.default.createDirectory(atPath: folder + "/aa", withIntermediateDirectories: true)
            for number in 0..<20 {
                let path = folder + "/aa/\(number)"
                try Data(count: 10_000).write(to: URL(fileURLWithPath: path))
                let age = Date(timeIntervalSinceNow: Double(number - 100))
                try FileManager.default.setAttributes([.modificationDate: age], ofItemAtPath: path)
            }
            cache.sweep()
            let left = try FileManager.default.contentsOfDirectory(atPath: folder + "/aa").compactMap { Int($0) }
                .sorted()
            #expect(!left.isEmpty && left.count < 10)
            #expect(left == Array((20 - left.count)..<20))
            try Data(count: 200_000).write(to: URL(fileURLWithPath: folder + "/aa/new"))
            cache.sweep()
            #expect(FileManager.default.fileExists(atPath: folder + "/aa/new"))
        }
    }
}
