import Buckets
import LightboxCore
import WireFormats

/// What a caller says of an object or a bucket in JSON. What the service fills in itself is passed over, since callers
/// send back what they have read.
struct StorageDocument {
    let json: JSONValue
    static let largest = 1 << 20

    init(json: JSONValue) { self.json = json }

    /// - Parameter body: no bytes are an empty document.
    init(_ body: Bytes) throws {
        guard !body.isEmpty else {
            json = .object([])
            return
        }
        guard let json = try? JSONValue(parsing: body), json.members != nil else {
            throw ServerError(.invalidArgument, "Parse Error: the body is no JSON object.")
        }
        self.json = json
    }

    /// A string; nil where there is none.
    func text(_ name: String) throws -> String? {
        guard let value = json[name], value != .null else { return nil }
        guard let text = value.string else { throw wrong(name, "a string") }
        return text
    }

    /// Takes a string over, or that there is none any more.
    ///
    /// - Parameter isWhole: what the document leaves out goes.
    private func take(_ name: String, into text: inout String?, _ isWhole: Bool) throws {
        if isWhole || json[name] != nil { text = try self.text(name) }
    }

    /// The same for texts by their names; null takes one away.
    private func take(_ name: String, into texts: inout [String: String], _ isWhole: Bool) throws {
        guard let value = json[name], value != .null else {
            if isWhole || json[name] != nil { texts = [:] }
            return
        }
        guard let members = value.members else { throw wrong(name, "an object of strings") }
        if isWhole { texts = [:] }
        for member in members {
            guard member.value == .null || member.value.string != nil else {
                throw wrong(name, "an object of strings")
            }
            texts[member.name] = member.value.string
        }
    }

    private func wrong(_ name: String, _ wanted: String) -> ServerError {
        ServerError(.invalidArgument, "Invalid value at '\(name)': send \(wanted).")
    }

    // MARK: Objects

    /// Whether anything is said that an object keeps.
    var hasProperties: Bool {
        [
            "contentType", "contentEncoding", "contentLanguage", "contentDisposition", "cacheControl",
            "storageClass",
            "customTime", "metadata",
        ].contains { json[$0] != nil }
    }

    func apply(to properties: inout ObjectProperties, isWhole: Bool) throws {
        try take("contentType", into: &properties.contentType, isWhole)
        try take("contentEncoding", into: &properties.contentEncoding, isWhole)
        try take("contentLanguage", into: &properties.contentLanguage, isWhole)
        try take("contentDisposition", into: &properties.contentDisposition, isWhole)
        try take("cacheControl", into: &properties.cacheControl, isWhole)
        try take("storageClass", into: &properties.storageClass, isWhole)
        try take("customTime", into: &properties.customTime, isWhole)
        try take("metadata", into: &properties.metadata, isWhole)
        try refuse("acl", "objects have no access lists: roles belong to tokens")
        try refuse("temporaryHold", "objects cannot be held")
        try refuse("eventBasedHold", "objects cannot be held")
        try refuse("retention", "objects cannot be held")
        try refuse("kmsKeyName", "objects are not encrypted")
        try properties.check()
    }

    func expectedHashes() throws -> ExpectedHashes {
        ExpectedHashes(crc32c: try text("crc32c"), md5: try text("md5Hash"))
    }

    // MARK: Buckets

    func apply(to settings: inout BucketSettings, isWhole: Bool) throws {
        try take("location", into: &settings.location, isWhole && json["location"] != nil)
        try take("storageClass", into: &settings.storageClass, isWhole)
        try take("labels", into: &settings.labels, isWhole)
        for name in ["versioning", "autoclass", "hierarchicalNamespace"] where json[name]?["enabled"]?.bool == true
        {
            throw Self.notOffered(name, "buckets keep one version of an object, in one way")
        }
        if json["softDeletePolicy"]?["retentionDurationSeconds"].map({ $0 != .string("0") && $0 != .integer(0) })
            ?? false
        {
            throw Self.notOffered("softDeletePolicy", "objects that were deleted are gone")
        }
        if json["lifecycle"]?["rule"]?.elements.map({ !$0.isEmpty }) ?? false {
            throw Self.notOffered("lifecycle", "nothing is deleted by itself")
        }
        if json["billing"]?["requesterPays"]?.bool == true { throw Self.notOffered("billing", "nobody pays") }
        try refuse("retentionPolicy", "objects cannot be held")
        try refuse("defaultEventBasedHold", "objects cannot be held")
        try refuse("encryption", "objects are not encrypted")
        try refuse("acl", "buckets have no access lists: roles belong to tokens")
        try refuse("defaultObjectAcl", "objects have no access lists: roles belong to tokens")
        try refuse("cors", "pages of other sites get no leave to read")
        try refuse("website", "buckets are no web sites")
        try refuse("logging", "who did what stands in the audit log")
        let size = settings.labels.reduce(0) { $0 + $1.key.utf8.count + $1.value.utf8.count }
        let words = (settings.location ?? "") + (settings.storageClass ?? "")
        guard size <= 16_384, words.utf8.count <= 256 else {
            throw ServerError(.invalidArgument, "A bucket's labels and names have at most 16,384 bytes.")
        }
    }

    /// Refuses what is there and neither empty nor off.
    private func refuse(_ name: String, _ reason: String) throws {
        switch json[name] {
        case nil, .null, .bool(false), .array([]), .object([]): return
        default: throw Self.notOffered(name, reason)
        }
    }

    private static func notOffered(_ name: String, _ reason: String) -> ServerError {
        ServerError(.notOffered, "'\(name)' is not offered: \(reason).")
    }
}
