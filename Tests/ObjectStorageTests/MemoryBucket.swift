import Foundation
import LightboxCore
import ObjectStorage
import Synchronization
import TestSupport

/// A bucket `b` in S3's language, in memory, that notes what is asked of it and misbehaves as told.
final class MemoryBucket: Sendable {
    struct Object: Sendable {
        var bytes: [UInt8]
        /// Of Lightbox's own words about it.
        var crc32c: String?
    }

    let objects = Mutex<[String: Object]>([:])
    /// `PUT ward/dicom/…`, lists as `LIST ward/…`.
    let requests = Mutex<[String]>([])
    /// An answer in place of the right one, by method and key.
    let fault = Mutex<(@Sendable (String, String) -> FaultyServer.Response?)?>(nil)

    var keys: [String] { objects.withLock { $0.keys.sorted() } }

    /// The requests since the last call.
    func asked() -> [String] {
        requests.withLock { requests in
            defer { requests = [] }
            return requests
        }
    }

    func misbehave(_ fault: (@Sendable (String, String) -> FaultyServer.Response?)?) {
        self.fault.withLock { $0 = fault }
    }

    func answer(_ request: FaultyServer.Request) -> FaultyServer.Response {
        let parts = request.path.split(separator: "?", maxSplits: 1)
        let key = PercentEncoding.decode(parts[0].dropFirst("/b/".count)) ?? ""
        let query = parts.count > 1 ? String(parts[1]) : ""
        let prefix = query.split(separator: "&").first { $0.hasPrefix("prefix=") }?.dropFirst(7) ?? ""
        let start = PercentEncoding.decode(prefix) ?? ""
        requests.withLock { $0.append(key.isEmpty ? "LIST \(start)" : "\(request.method) \(key)") }
        if let wrong = fault.withLock({ $0 })?(request.method, key) { return wrong }
        guard !key.isEmpty else { return list(start) }
        switch request.method {
        case "PUT":
            let crc = request.headers["x-amz-meta-lightbox-crc32c"]
            objects.withLock { $0[key] = Object(bytes: request.body, crc32c: crc) }
            return .init()
        case "DELETE":
            objects.withLock { $0[key] = nil }
            return .init(status: 204)
        default: return read(key, request)
        }
    }

    private func read(_ key: String, _ request: FaultyServer.Request) -> FaultyServer.Response {
        guard let object = objects.withLock({ $0[key] }) else { return .init(status: 404) }
        let etag = "\"\(ContentHash(of: object.bytes).description.prefix(8))\""
        if let wanted = request.headers["if-match"], wanted != etag { return .init(status: 412) }
        var answer =
            request.method == "HEAD"
            ? .init(headers: ["ETag": etag], promisedLength: object.bytes.count)
            : FaultyServer.Response.part(of: object.bytes, request, etag: etag)
        if let crc = object.crc32c { answer.headers["x-amz-meta-lightbox-crc32c"] = crc }
        return answer
    }

    private func list(_ prefix: String) -> FaultyServer.Response {
        let found = objects.withLock { $0 }.filter { $0.key.hasPrefix(prefix) }.sorted { $0.key < $1.key }
        let items = found.map { key, object in
            "<Contents><Key>\(key)</Key><Size>\(object.bytes.count)</Size><ETag>\"e\"</ETag></Contents>"
        }
        return .init(body: Array("<ListBucketResult>\(items.joined())</ListBucketResult>".utf8))
    }
}

/// Homes that share the files of one bucket.
struct SharedHomes {
    let bucket: MemoryBucket
    let server: FaultyServer
    let folder: String
    /// Of the storage's key; nothing may say it.
    static let secret = "very-secret-key"

    /// A home whose DICOM files and models stand below `ward/` of the bucket.
    ///
    /// In PostgreSQL all homes have one index and one registry.
    func home(_ name: String) throws -> Home {
        var settings = HomeSettings(database: try TestEngine.database(named: folder))
        settings.storage.s3.endpoint = server.origin
        settings.files = "s3://b/ward"
        let home = Home(path: "\(folder)/\(name)", settings: settings)
        let storage = settings.storage
        for root in [home.dicom, home.models] {
            let key = "ward/\((root as NSString).lastPathComponent)"
            RemoteFiles.share(at: root) {
                SharedObjects(
                    root: root, base: ObjectName(.s3, bucket: "b", key: key),
                    cache: ObjectCache(folder: home.cache + "/objects")
                ) {
                    var retries = RetryPolicy()
                    (retries.attempts, retries.firstDelay) = (2, 0.001)
                    return try ObjectStores(
                        storage,
                        environment: ["AWS_ACCESS_KEY_ID": "A", "AWS_SECRET_ACCESS_KEY": Self.secret],
                        retries: retries)
                }
            }
        }
        return home
    }
}
