public import LightboxCore

/// Fetches images that requests name by URL. Whoever implements it decides which places are allowed; without one,
/// URLs are refused.
public protocol RemoteImages: Sendable {
    /// The bytes at a `gs://`, `s3://` or `https://` address.
    ///
    /// - Parameter limit: bytes at most.
    func bytes(at url: String, limit: Int) async throws -> Bytes
}
