import Buckets
import HTTPTypes
import LightboxCore
import ObjectStorage

/// What stands behind the `?` of a request to Cloud Storage. What is not known there is passed over, as Google does;
/// what would change the meaning of a request and is not offered is refused.
struct StorageQuery {
    private var items: [(name: String, value: String)] = []

    /// - Throws: ``ServerError`` for escapes that are no UTF-8: another name would be meant than the one that was sent.
    init(_ call: Call) throws {
        for part in call.query.text.split(separator: "&") {
            let name = part.prefix { $0 != "=" }
            let value = part.dropFirst(name.count + 1).replacing("+", with: " ")
            guard let name = PercentEncoding.decode(name), let value = PercentEncoding.decode(value) else {
                throw ServerError(
                    .invalidArgument, "The query has escapes that are no UTF-8. Send names in UTF-8.")
            }
            items.append((name, value))
        }
        try refuse()
        let isEncrypted = call.headers.contains { $0.name.canonicalName.contains("-encryption-") }
        guard !isEncrypted, self["kmsKeyName"] == nil, self["destinationKmsKeyName"] == nil else {
            throw ServerError(.notOffered, "Objects are not encrypted here. Encrypt the disk, or the bytes.")
        }
    }

    private func refuse() throws {
        for name in ["predefinedAcl", "destinationPredefinedAcl", "predefinedDefaultObjectAcl"] {
            guard let value = self[name], value.hasPrefix("public") || value.hasPrefix("authenticated") else {
                continue
            }
            throw ServerError(.notOffered, "\(name): objects have no access lists. Roles belong to tokens.")
        }
        if flag("softDeleted") { throw ServerError(.notOffered, "Objects that were deleted are gone.") }
    }

    /// The last of this name; nil without one.
    subscript(_ name: String) -> String? { items.last { $0.name == name }?.value }

    func all(_ name: String) -> [String] { items.filter { $0.name == name }.map(\.value) }

    func flag(_ name: String) -> Bool { self[name]?.lowercased() == "true" }

    func number(_ name: String) throws -> Int64? {
        guard let text = self[name] else { return nil }
        guard let number = Int64(text), number >= 0 else {
            throw ServerError(.invalidArgument, "Invalid value at '\(name)': send a whole number.")
        }
        return number
    }

    /// Of a list: 1,000 unless told, and at most.
    func limit() throws -> Int {
        guard let number = try number("maxResults") else { return 1000 }
        guard number > 0 else {
            throw ServerError(.invalidArgument, "Invalid value at 'maxResults': send 1 or more.")
        }
        return Int(min(number, 1000))
    }

    /// Which object is meant.
    ///
    /// - Parameter source: those of the object that is copied: `ifSourceGenerationMatch`.
    func conditions(_ call: Call? = nil, source: Bool = false) throws -> ObjectConditions {
        let place = source ? "ifSource" : "if"
        var conditions = ObjectConditions()
        conditions.generation = try number(place + "GenerationMatch")
        conditions.notGeneration = try number(place + "GenerationNotMatch")
        conditions.metageneration = try number(place + "MetagenerationMatch")
        conditions.notMetageneration = try number(place + "MetagenerationNotMatch")
        if let call {
            conditions.etags = Self.etags(call.headers[.ifMatch])
            conditions.notEtags = Self.etags(call.headers[.ifNoneMatch])
        }
        return conditions
    }

    private static func etags(_ header: String?) -> [String] {
        (header ?? "").split(separator: ",").map { text in
            let text = text.filter { $0 != " " && $0 != "\t" && $0 != "\"" }
            return text.hasPrefix("W/") ? String(text.dropFirst(2)) : text
        }
    }
}

/// What stands behind `/b/BUCKET/o`: an object's name, as one part, and what is to be done with it.
struct ObjectPath {
    let key: ObjectKey
    /// `compose`, or `rewriteTo`, `b`, the bucket, `o`, the object.
    let action: [String]

    /// - Parameter rest: `/NAME/compose` as it came.
    init(_ rest: Substring) throws {
        let parts = try rest.dropFirst().split(separator: "/", omittingEmptySubsequences: false).map { part in
            guard let text = PercentEncoding.decode(part) else {
                throw BucketError(.invalidName, "The path has escapes that are no UTF-8. Send names in UTF-8.")
            }
            return text
        }
        key = try ObjectKey(parts.first ?? "")
        action = Array(parts.dropFirst())
    }
}
