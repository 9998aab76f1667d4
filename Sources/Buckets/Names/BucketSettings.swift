public import Foundation

/// What a caller says of a bucket, and gets back: nothing here changes what is done with it.
public struct BucketSettings: Sendable, Hashable, Codable {
    public var location: String?
    public var storageClass: String?
    public var labels: [String: String] = [:]

    public init() {}
}

/// A bucket with what is said of it.
public struct StoredBucket: Sendable, Hashable {
    public let name: String
    public internal(set) var created: Date
    public internal(set) var updated: Date
    public internal(set) var metageneration: Int64 = 1
    public internal(set) var settings = BucketSettings()
}
