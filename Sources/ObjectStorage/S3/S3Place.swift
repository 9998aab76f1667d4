package import Foundation
public import LightboxCore
import Synchronization
import WireFormats

/// Objects in Amazon's S3, or in what speaks its language: MinIO, Ceph, Google with interoperability keys.
public final class S3Place: ObjectPlace {
    let endpoint: S3Endpoint
    let http: HTTPClient
    private let credentials: @Sendable () throws -> AWSCredentials
    private let now: @Sendable () -> Date
    /// Where buckets turned out to lie, when not in the endpoint's region.
    private let regions = Mutex<[String: String]>([:])
    /// Of an upload, and how many travel at once.
    let partBytes: Int
    static let partsAtOnce = 4

    package init(
        _ endpoint: S3Endpoint, http: HTTPClient = HTTPClient(), partBytes: Int = 16 << 20,
        now: @escaping @Sendable () -> Date = { Date() },
        credentials: @escaping @Sendable () throws -> AWSCredentials
    ) {
        (self.endpoint, self.http, self.partBytes, self.now) = (endpoint, http, partBytes, now)
        self.credentials = credentials
    }

    // MARK: Requests

    /// A signed request. What varies from try to try is its date.
    func request(
        _ method: String = "GET", _ name: ObjectName, query: [HTTPHeader] = [], headers: [HTTPHeader] = [],
        body: Bytes? = nil
    ) throws -> HTTPRequest {
        let region = regions.withLock { $0[name.bucket] } ?? endpoint.region
        let place = endpoint.place(of: name, region: region)
        let text = RequestSignature.text(of: query)
        let url = place.origin + place.path + (text.isEmpty ? "" : "?" + text)
        let plain = HTTPRequest(method, url, headers: headers, body: body)
        return RequestSignature(try credentials(), region: region)
            .signed(plain, host: place.host, path: place.path, query: query, at: now())
    }

    /// Sends a request until it is answered with success.
    func send(
        _ method: String = "GET", _ name: ObjectName, query: [HTTPHeader] = [], headers: [HTTPHeader] = [],
        body: Bytes? = nil
    ) throws -> HTTPAnswer {
        let address = name.description
        // A PUT or POST without a body says so, which libcurl does only with an empty one.
        let body = body ?? (method == "PUT" || method == "POST" ? .empty : nil)
        func once() throws -> HTTPAnswer {
            try http.send(at: address) { _ in
                try request(method, name, query: query, headers: headers, body: body)
            }
        }
        var answer = try once()
        if (300...499).contains(answer.status), learnRegion(of: name.bucket, from: answer) { answer = try once() }
        guard (200...299).contains(answer.status) else { throw refusal(answer, of: name) }
        return answer
    }

    /// Whether an error tells that the bucket lies in another region than was signed for.
    func learnRegion(of bucket: String, from answer: HTTPAnswer) -> Bool {
        let told =
            answer.head.headers["x-amz-bucket-region"]
            ?? (try? XMLElement(parsing: answer.body))?["Region"]?.text
        guard endpoint.address == nil, let told, !told.isEmpty,
            told.utf8.allSatisfy({ PercentEncoding.isUnreserved($0) && $0 != UInt8(ascii: ".") })
        else { return false }
        return regions.withLock { $0.updateValue(told, forKey: bucket) != told }
    }

    /// The error that an answer means. Servers' own words are kept short: what they quote may be anything.
    func refusal(_ answer: HTTPAnswer, of name: ObjectName) -> ObjectError {
        let told = try? XMLElement(parsing: answer.body, maximumBytes: 64 << 10, maximumElements: 100)
        let code = String(
            (told?["Code"]?.text ?? "").prefix(64).filter { $0.isASCII && ($0.isLetter || $0.isNumber) })
        let shown = code.isEmpty ? "\(answer.status)" : "\(answer.status) \(code)"
        let address = name.description
        switch (answer.status, code) {
        case (_, "NoSuchBucket"): return ObjectError(.noSuchBucket, at: address, "there is no such bucket.")
        case (404, _): return ObjectError(.notFound, at: address, "there is no such object.")
        case (412, _), (409, "ConditionalRequestConflict"):
            return ObjectError(.changed, at: address, "another object came to stand there meanwhile.")
        case (401, _), (403, _):
            return ObjectError(
                .forbidden, at: address,
                "the server does not allow it (\(shown)). Check the credentials and the clock.")
        case (301, _), (307, _), (308, _):
            return ObjectError(
                .refused, at: address, "the bucket is elsewhere (\(shown)). Set the endpoint and AWS_REGION.")
        default: return ObjectError(.refused, at: address, "the server answers \(shown).")
        }
    }

    // MARK: ObjectPlace

    public func page(of prefix: ObjectName, oneLevel: Bool, after: String?) throws -> ObjectPage {
        var query = [HTTPHeader("list-type", "2"), HTTPHeader("prefix", prefix.key)]
        if oneLevel { query.append(HTTPHeader("delimiter", "/")) }
        if let after { query.append(HTTPHeader("continuation-token", after)) }
        let bucket = ObjectName(prefix.scheme, bucket: prefix.bucket, key: "")
        let answer = try send("GET", bucket, query: query)
        guard let page = try? ObjectPage(s3: XMLElement(parsing: answer.body)) else {
            throw ObjectError(.malformedAnswer, at: prefix.description, "the server's list cannot be read.")
        }
        return page
    }

    public func facts(of name: ObjectName) throws -> ObjectFacts {
        let answer = try send("HEAD", name, headers: [HTTPHeader("x-amz-checksum-mode", "ENABLED")])
        guard let size = answer.head.length else {
            throw ObjectError(.malformedAnswer, at: name.description, "the server does not tell its size.")
        }
        return ObjectFacts(s3: answer.head, size: size)
    }

    @discardableResult
    public func read(
        _ name: ObjectName, _ range: Range<Int>?, known: ObjectFacts?,
        receive: (UnsafeRawBufferPointer) throws -> Void
    ) throws -> ObjectFacts {
        let wanted = HTTPClient.PartialRange(range?.lowerBound ?? 0, range?.upperBound)
        func read() throws -> HTTPHead {
            try http.read(
                .init(wanted, size: known?.size, etag: known?.etag), at: name.description
            ) { range, etag in
                var headers = [HTTPHeader("x-amz-checksum-mode", "ENABLED")]
                if let header = range.header { headers.append(HTTPHeader("Range", header)) }
                if let etag { headers.append(HTTPHeader("If-Match", etag)) }
                return try request("GET", name, headers: headers)
            } refusal: { answer in
                if learnRegion(of: name.bucket, from: answer) { return Self.elsewhere }
                return refusal(answer, of: name)
            } receive: {
                try receive($0)
            }
        }
        let head: HTTPHead
        do { head = try read() } catch let error as ObjectError where error == Self.elsewhere { head = try read() }
        return ObjectFacts(s3: head, size: head.range?.total ?? head.length ?? known?.size ?? 0)
    }

    /// Thrown and caught within ``read``.
    private static let elsewhere = ObjectError(.refused, at: "", "in another region")

    public func write(_ bytes: Bytes, to name: ObjectName) throws {
        let crc = bytes.withUnsafeBytes { CRC32C.of($0) }
        _ = try send(
            "PUT", name, headers: Self.headers(crc) + [HTTPHeader("x-amz-checksum-crc32c", crc.base64)],
            body: bytes)
    }

    /// The checksum among the object's own words too, where every server keeps it and parts do not change it.
    static func headers(_ crc: UInt32) -> [HTTPHeader] {
        [
            HTTPHeader("Content-Type", "application/octet-stream"),
            HTTPHeader("x-amz-meta-lightbox-crc32c", crc.base64),
        ]
    }

    public func delete(_ name: ObjectName) throws {
        do { _ = try send("DELETE", name) } catch let error as ObjectError where error.code == .notFound {}
    }
}
