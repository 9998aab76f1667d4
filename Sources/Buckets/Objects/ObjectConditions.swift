import Foundation

/// What a caller takes for granted of the object that stands under a name; nil for what it leaves open.
public struct ObjectConditions: Sendable, Hashable, Codable {
    /// 0: no object is there.
    public var generation: Int64?
    public var notGeneration: Int64?
    public var metageneration: Int64?
    public var notMetageneration: Int64?
    /// One of these; `*` for any.
    public var etags: [String] = []
    public var notEtags: [String] = []

    public init() {}

    public var isEmpty: Bool { self == ObjectConditions() }

    /// - Parameters:
    ///   - object: what stands there; nil for nothing.
    ///   - isRead: a caller that has what is there already is told so, and no error.
    /// - Throws: ``BucketError`` `conditionNotMet` or `notModified`.
    public func check(_ object: StoredObject?, isRead: Bool = false) throws {
        let there = object?.generation ?? 0
        try hold(generation.map { $0 == there }, "ifGenerationMatch")
        try hold(metageneration.map { $0 == object?.metageneration }, "ifMetagenerationMatch")
        if !etags.isEmpty { try hold(object.map { Self.has($0, etags) } ?? false, "If-Match") }
        try hold(notGeneration.map { $0 != there }, "ifGenerationNotMatch", isRead)
        try hold(notMetageneration.map { $0 != object?.metageneration }, "ifMetagenerationNotMatch", isRead)
        if !notEtags.isEmpty {
            try hold(object.map { !Self.has($0, notEtags) } ?? true, "If-None-Match", isRead)
        }
    }

    private func hold(_ isMet: Bool?, _ name: String, _ isKnown: Bool = false) throws {
        guard isMet == false else { return }
        guard !isKnown else { throw BucketError(.notModified, "What you have is what is there.") }
        throw BucketError(
            .conditionNotMet, "At least one of the pre-conditions you specified did not hold: \(name).")
    }

    private static func has(_ object: StoredObject, _ etags: [String]) -> Bool {
        etags.contains { $0 == "*" || $0 == object.etag }
    }
}

extension StoredObject {
    /// Changes with the bytes and the properties.
    public var etag: String {
        withUnsafeBytes(of: (generation.bigEndian, metageneration.bigEndian)) { Data($0).base64EncodedString() }
    }
}
