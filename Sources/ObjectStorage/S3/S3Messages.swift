extension ObjectFacts {
    /// What the head of an object's answer says.
    init(s3 head: HTTPHead, size: Int) {
        // "abcd==-3" is a checksum of three parts' checksums, which no whole has.
        let isWhole = head.headers["x-amz-checksum-type"].map { $0 == "FULL_OBJECT" } ?? true
        let stored = isWhole ? UInt32(base64: head.headers["x-amz-checksum-crc32c"]) : nil
        self.init(
            size: size, etag: head.headers["etag"],
            crc32c: stored ?? UInt32(base64: head.headers["x-amz-meta-lightbox-crc32c"]))
    }
}

extension ObjectPage {
    /// An answer to `ListObjectsV2`.
    package init(s3 list: XMLElement) throws {
        guard list.name == "ListBucketResult" else { throw XMLProblem.malformed }
        let objects = try list.all("Contents").map { item in
            guard let key = item["Key"]?.text, let size = item["Size"].flatMap({ Int($0.text) }), size >= 0 else {
                throw XMLProblem.malformed
            }
            return ListedObject(key: key, facts: ObjectFacts(size: size, etag: item["ETag"]?.text))
        }
        let folders = try list.all("CommonPrefixes").map { item in
            guard let prefix = item["Prefix"]?.text else { throw XMLProblem.malformed }
            return prefix
        }
        let isCut = list["IsTruncated"]?.text == "true"
        let next = isCut ? list["NextContinuationToken"]?.text : nil
        guard !isCut || next != nil else { throw XMLProblem.malformed }
        self.init(objects: objects, folders: folders, next: next)
    }
}
