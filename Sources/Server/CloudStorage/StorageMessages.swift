import Buckets
import Foundation
import LightboxCore
import ObjectStorage
import WireFormats

/// Buckets and objects as the JSON interface tells of them.
struct StorageMessages {
    /// `http://127.0.0.1:8080`, as the caller reaches this server.
    let address: String

    private func link(_ name: String) -> String { "\(address)/storage/v1/b/\(PercentEncoding.encode(name))" }

    func message(_ bucket: StoredBucket) -> Message {
        var message = Message()
        message.add("kind", "storage#bucket")
        message.add("id", bucket.name)
        message.add("selfLink", link(bucket.name))
        message.add("projectNumber", "0")
        message.add("name", bucket.name)
        message.add("timeCreated", bucket.created)
        message.add("updated", bucket.updated)
        message.add("metageneration", "\(bucket.metageneration)")
        message.add("etag", Data("\(bucket.metageneration)".utf8).base64EncodedString())
        message.add("location", bucket.settings.location?.uppercased() ?? "US")
        message.add("locationType", "region")
        message.add("storageClass", bucket.settings.storageClass ?? "STANDARD")
        message.add("labels", bucket.settings.labels)
        return message
    }

    func message(_ object: StoredObject) -> Message {
        let properties = object.properties
        let name = PercentEncoding.encode(object.key.description)
        let bucket = PercentEncoding.encode(object.bucket)
        var message = Message()
        message.add("kind", "storage#object")
        message.add("id", "\(object.bucket)/\(object.key)/\(object.generation)")
        message.add("selfLink", "\(link(object.bucket))/o/\(name)")
        message.add(
            "mediaLink",
            "\(address)/download/storage/v1/b/\(bucket)/o/\(name)?generation=\(object.generation)&alt=media")
        message.add("name", object.key.description)
        message.add("bucket", object.bucket)
        message.add("generation", "\(object.generation)")
        message.add("metageneration", "\(object.metageneration)")
        message.add("contentType", properties.contentType ?? "")
        message.add("storageClass", properties.storageClass ?? "STANDARD")
        message.add("size", "\(object.size)")
        message.add("md5Hash", object.hashes?.md5Text ?? "")
        message.add("crc32c", object.hashes?.crc32cText ?? "")
        message.add("etag", object.etag)
        message.add("timeCreated", object.created)
        message.add("updated", object.updated)
        message.add("timeStorageClassUpdated", object.created)
        message.add("componentCount", short: object.components)
        message.add("contentEncoding", properties.contentEncoding ?? "")
        message.add("contentLanguage", properties.contentLanguage ?? "")
        message.add("contentDisposition", properties.contentDisposition ?? "")
        message.add("cacheControl", properties.cacheControl ?? "")
        message.add("customTime", properties.customTime ?? "")
        message.add("metadata", properties.metadata)
        return message
    }

    func message(_ list: ObjectList) -> Message {
        var message = Message()
        message.add("kind", "storage#objects")
        message.add("nextPageToken", list.next ?? "")
        message.add("prefixes", list.prefixes)
        message.add("items", list.objects.map { self.message($0).value })
        return message
    }
}

extension ServerContext {
    func storageMessages(for call: Call) -> StorageMessages { StorageMessages(address: address(for: call)) }
}
