package import WireFormats

extension ObjectFacts {
    /// An object's resource. Sizes and generations stand in texts.
    package init?(google json: JSONValue) {
        guard let size = json["size"]?.string.flatMap({ Int($0) }), size >= 0 else { return nil }
        self.init(
            size: size, etag: json["etag"]?.string, version: json["generation"]?.string,
            crc32c: UInt32(base64: json["crc32c"]?.string))
    }

    /// The head of an answer with an object's bytes: `x-goog-hash: crc32c=…,md5=…`.
    init(google head: HTTPHead, size: Int) {
        let hashes = (head.headers["x-goog-hash"] ?? "").split(separator: ",")
        let crc = hashes.map { $0.drop { $0 == " " } }.first { $0.hasPrefix("crc32c=") }?.dropFirst(7)
        self.init(
            size: size, etag: head.headers["etag"], version: head.headers["x-goog-generation"],
            crc32c: UInt32(base64: crc.map(String.init)))
    }
}

extension ObjectPage {
    /// An answer to `objects.list`; nil for anything else.
    package init?(google json: JSONValue) {
        self.init()
        for item in json["items"]?.elements ?? [] {
            guard let key = item["name"]?.string, let facts = ObjectFacts(google: item) else { return nil }
            objects.append(ListedObject(key: key, facts: facts))
        }
        for prefix in json["prefixes"]?.elements ?? [] {
            guard let text = prefix.string else { return nil }
            folders.append(text)
        }
        next = json["nextPageToken"]?.string
    }
}
