/// Where a service that speaks Amazon's S3 stands, and how buckets are named in its addresses.
public struct S3Endpoint: Sendable, Hashable {
    /// `https://minio.example.org:9000`; nil for Amazon's own, by region.
    public var address: WebAddress?
    public var region: String
    /// `http://host/bucket/key` rather than `http://bucket.host/key`.
    public var namesBucketInPath: Bool

    /// - Parameter namesBucketInPath: nil: everywhere but at Amazon.
    public init(address: WebAddress? = nil, region: String = "us-east-1", namesBucketInPath: Bool? = nil) {
        (self.address, self.region) = (address, region)
        self.namesBucketInPath = namesBucketInPath ?? (address != nil)
    }

    /// The parts of an object's address; of the bucket's, where the key is empty.
    func place(of name: ObjectName, region: String) -> (origin: String, host: String, path: String) {
        let origin = address?.origin ?? "https://s3.\(region).amazonaws.com"
        let mark = origin.firstRange(of: "://")!
        let scheme = origin[..<mark.upperBound]
        let key = PercentEncoding.encode(name.key, keepsSlashes: true)
        // A certificate for *.host covers no dots in the bucket's name.
        let isInPath = namesBucketInPath || name.bucket.contains(".")
        var host = String(origin[mark.upperBound...])
        for (scheme, port) in [("https://", ":443"), ("http://", ":80")]
        where origin.hasPrefix(scheme) && host.hasSuffix(port) {
            host.removeLast(port.count)
        }
        let before = address.map { $0.path == "/" ? "" : String($0.path.drop { $0 == "/" }) } ?? ""
        let base = before.isEmpty ? "" : "/" + (before.hasSuffix("/") ? String(before.dropLast()) : before)
        if isInPath { return (scheme + host, host, "\(base)/\(name.bucket)" + (key.isEmpty ? "" : "/" + key)) }
        host = "\(name.bucket).\(host)"
        return (scheme + host, host, base + "/" + key)
    }
}
