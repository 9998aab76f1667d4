import Buckets
import Foundation
import HTTPTypes
import Hummingbird
import LightboxCore
import NIOCore
import ObjectStorage
import Serving

/// The one range of bytes that a request asks for (RFC 9110 section 14.1.2).
package enum ByteRange: Sendable, Equatable {
    /// To the end where there is no last one.
    case from(Int, through: Int?)
    case last(Int)

    /// nil for anything else, several ranges among it: a server may answer with the whole.
    package init?(_ header: String) {
        guard header.lowercased().hasPrefix("bytes="), header.utf8.count < 100 else { return nil }
        let ends = header.dropFirst(6).split(separator: "-", omittingEmptySubsequences: false)
        guard ends.count == 2, ends.allSatisfy({ $0.utf8.allSatisfy { (48...57).contains($0) } }) else {
            return nil
        }
        switch (Int(ends[0]), Int(ends[1])) {
        case (let first?, let last?) where first <= last: self = .from(first, through: last)
        case (let first?, nil) where ends[1].isEmpty: self = .from(first, through: nil)
        case (nil, let count?) where ends[0].isEmpty: self = .last(count)
        default: return nil
        }
    }

    /// nil where an object of this size has none of the bytes.
    package func range(in size: Int) -> Range<Int>? {
        switch self {
        case .from(let first, let last):
            guard first < size else { return nil }
            return first..<min(last ?? .max, size - 1) + 1
        case .last(let count):
            guard count > 0, size > 0 else { return nil }
            return size - min(count, size)..<size
        }
    }
}

extension Reply {
    /// An object's bytes, as fast as they are taken.
    init(_ open: OpenObject, range wanted: ByteRange?) {
        let (object, size) = (open.object, open.object.size)
        var fields = Self.headers(of: object)
        let range: Range<Int>
        if let wanted {
            guard let found = wanted.range(in: size) else {
                self = ErrorShape.storage.reply(
                    BucketError(.badRange, "Request range not satisfiable: the object has \(size) bytes."))
                headers[.contentRange] = "bytes */\(size)"
                return
            }
            range = found
            fields[.contentRange] = "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(size)"
        } else {
            range = 0..<size
        }
        let file = open.file
        self.init(
            status: wanted == nil ? .ok : .partialContent, headers: fields,
            .stream(
                ResponseBody(contentLength: range.count) { writer in
                    var offset = range.lowerBound
                    while offset < range.upperBound {
                        let piece = offset..<min(offset + (1 << 18), range.upperBound)
                        try await writer.write(blocking { ByteBuffer(bytes: try file.read(piece)) })
                        offset = piece.upperBound
                    }
                    try await writer.finish(nil)
                }))
    }

    private static func headers(of object: StoredObject) -> HTTPFields {
        let properties = object.properties
        var fields: HTTPFields = [
            .contentType: properties.contentType ?? "application/octet-stream", .acceptRanges: "bytes",
            .eTag: object.etag, .lastModified: Timestamp.http(object.updated),
            .cacheControl: properties.cacheControl ?? "private, max-age=0",
        ]
        fields[.contentEncoding] = properties.contentEncoding.flatMap { $0.isEmpty ? nil : $0 }
        fields[.contentLanguage] = properties.contentLanguage
        fields[.contentDisposition] = properties.contentDisposition
        fields[.init("X-Goog-Generation")!] = "\(object.generation)"
        fields[.init("X-Goog-Metageneration")!] = "\(object.metageneration)"
        fields[.init("X-Goog-Storage-Class")!] = properties.storageClass ?? "STANDARD"
        fields[.init("X-Goog-Stored-Content-Length")!] = "\(object.size)"
        fields[.init("X-Goog-Stored-Content-Encoding")!] = properties.contentEncoding ?? "identity"
        if let hashes = object.hashes {
            fields[.init("X-Goog-Hash")!] = "crc32c=\(hashes.crc32cText),md5=\(hashes.md5Text)"
        }
        // Whoever may write objects could bring a page: a browser shows it without scripts and as another site's.
        fields[.init("X-Content-Type-Options")!] = "nosniff"
        fields[.init("Content-Security-Policy")!] = "sandbox; default-src 'none'"
        return fields
    }
}
