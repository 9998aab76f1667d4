/// What a caller says of an object, and gets back: nothing here changes what is done with it.
public struct ObjectProperties: Sendable, Hashable, Codable {
    public var contentType: String?
    public var contentEncoding: String?
    public var contentLanguage: String?
    public var contentDisposition: String?
    public var cacheControl: String?
    public var storageClass: String?
    /// A point in time, as it was given.
    public var customTime: String?
    public var metadata: [String: String] = [:]

    static let largest = 16 << 10

    public init() {}

    /// - Throws: ``BucketError`` for what no header can hold, or too much of it.
    public func check() throws {
        let headers = [
            contentType, contentEncoding, contentLanguage, contentDisposition, cacheControl, storageClass,
            customTime,
        ].compactMap(\.self)
        guard !headers.contains(where: { $0.utf8.contains { $0 < 0x20 || $0 == 0x7f } }) else {
            throw BucketError(.invalidArgument, "contentType and the like have no control characters.")
        }
        let size = (headers + metadata.flatMap { [$0.key, $0.value] }).reduce(0) { $0 + $1.utf8.count }
        guard size <= Self.largest else {
            throw BucketError(.invalidArgument, "An object's metadata has at most \(Self.largest) bytes.")
        }
    }
}
