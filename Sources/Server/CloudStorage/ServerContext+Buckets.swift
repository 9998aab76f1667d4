import Buckets
import Catalog
import HTTPTypes
import LightboxCore
import NIOCore
import Serving

extension ServerContext {
    /// Asks the home's buckets on a thread that may block.
    func buckets<Value: Sendable>(_ body: @escaping @Sendable (BucketFolders) throws -> Value) async throws
        -> Value
    {
        try await blocking { [buckets] in try body(buckets) }
    }

    /// Checks that a bucket is one that the caller may name.
    ///
    /// - Throws: ``ServerError`` `forbidden` for the one in which servers keep their own files.
    func allow(_ bucket: String, _ call: Call) throws {
        guard call.role < .admin, let files = home.settings.files else { return }
        let own = files.split(separator: "/").dropFirst().first
        guard own != bucket[...] else {
            throw ServerError(
                .forbidden, "Servers keep their own files in this bucket. It needs the role admin.")
        }
    }

    /// A route's handler that is there only while buckets are folders of the home.
    func storage(_ handler: @escaping Route.Handler) -> Route.Handler {
        { [self] call in
            guard home.settings.storage.gs.isLocal else {
                throw ServerError(
                    .notOffered,
                    "gs:// of this home is the service that storage.gs of its settings names. Ask that service.")
            }
            if let bucket = call.parameter("bucket") { try allow(bucket, call) }
            do {
                return try await handler(call)
            } catch let error as BucketError where error.code == .notModified {
                return Reply(status: .notModified, headers: [:], .bytes(.init()))
            }
        }
    }
}
