import Foundation
import LightboxCore
import WireFormats

/// Objects in Google Cloud Storage, by its JSON interface.
public final class GooglePlace: ObjectPlace {
    let origin: String
    let http: HTTPClient
    /// nil where nobody asks who it is, as emulators do.
    private let token: (@Sendable () throws -> String)?
    let partBytes: Int

    package init(
        origin: String = "https://storage.googleapis.com", http: HTTPClient = HTTPClient(),
        partBytes: Int = 16 << 20,
        token: (@Sendable () throws -> String)?
    ) {
        // Parts are multiples of 256 KiB.
        (self.origin, self.http, self.token) = (origin, http, token)
        self.partBytes = max(1, partBytes >> 18) << 18
    }

    // MARK: Requests

    /// `/storage/v1/b/bucket/o/key`, the key as one part of the path.
    func path(of name: ObjectName) -> String {
        let bucket = "/storage/v1/b/\(PercentEncoding.encode(name.bucket))"
        return bucket + "/o" + (name.key.isEmpty ? "" : "/" + PercentEncoding.encode(name.key))
    }

    func request(
        _ method: String = "GET", _ path: String, query: [HTTPHeader] = [], headers: [HTTPHeader] = [],
        body: Bytes? = nil
    ) throws -> HTTPRequest {
        let text = RequestSignature.text(of: query)
        var headers = headers
        if let token { headers.append(HTTPHeader("Authorization", "Bearer \(try token())")) }
        return HTTPRequest(method, origin + path + (text.isEmpty ? "" : "?" + text), headers: headers, body: body)
    }

    func send(
        _ method: String = "GET", _ path: String, of name: ObjectName, query: [HTTPHeader] = [],
        headers: [HTTPHeader] = [], body: Bytes? = nil, alsoAccepts: Set<Int> = []
    ) throws -> HTTPAnswer {
        let answer = try http.send(at: name.description) { _ in
            try request(method, path, query: query, headers: headers, body: body)
        }
        guard (200...299).contains(answer.status) || alsoAccepts.contains(answer.status) else {
            throw refusal(answer, of: name)
        }
        return answer
    }

    func refusal(_ answer: HTTPAnswer, of name: ObjectName) -> ObjectError {
        let address = name.description
        switch answer.status {
        case 404 where name.key.isEmpty:
            return ObjectError(.noSuchBucket, at: address, "there is no such bucket.")
        case 404: return ObjectError(.notFound, at: address, "there is no such object.")
        case 409, 412:
            return ObjectError(.changed, at: address, "another object came to stand there meanwhile.")
        case 401, 403:
            return ObjectError(
                .forbidden, at: address, "the server does not allow it (\(answer.status)). Check the credentials.")
        default: return ObjectError(.refused, at: address, "the server answers \(answer.status).")
        }
    }

    func json(_ answer: HTTPAnswer, of name: ObjectName) throws -> JSONValue {
        guard let json = try? JSONValue(parsing: Bytes(answer.body)), json.members != nil else {
            throw ObjectError(.malformedAnswer, at: name.description, "the server's answer cannot be read.")
        }
        return json
    }

    // MARK: ObjectPlace

    public func page(of prefix: ObjectName, oneLevel: Bool, after: String?) throws -> ObjectPage {
        var query = [
            HTTPHeader("prefix", prefix.key),
            HTTPHeader("fields", "items(name,size,etag,generation,crc32c),prefixes,nextPageToken"),
        ]
        if oneLevel { query.append(HTTPHeader("delimiter", "/")) }
        if let after { query.append(HTTPHeader("pageToken", after)) }
        let bucket = ObjectName(prefix.scheme, bucket: prefix.bucket, key: "")
        let json = try json(send("GET", path(of: bucket), of: bucket, query: query), of: prefix)
        guard let page = ObjectPage(google: json) else {
            throw ObjectError(.malformedAnswer, at: prefix.description, "the server's list cannot be read.")
        }
        return page
    }

    public func facts(of name: ObjectName) throws -> ObjectFacts {
        let query = [HTTPHeader("fields", "size,etag,generation,crc32c")]
        return try facts(json(send("GET", path(of: name), of: name, query: query), of: name), of: name)
    }

    func facts(_ json: JSONValue, of name: ObjectName) throws -> ObjectFacts {
        guard let facts = ObjectFacts(google: json) else {
            throw ObjectError(.malformedAnswer, at: name.description, "the server does not tell its size.")
        }
        return facts
    }

    @discardableResult
    public func read(
        _ name: ObjectName, _ range: Range<Int>?, known: ObjectFacts?,
        receive: (UnsafeRawBufferPointer) throws -> Void
    ) throws -> ObjectFacts {
        let wanted = HTTPClient.PartialRange(range?.lowerBound ?? 0, range?.upperBound)
        // The answer's own ETag is compared from try to try; what was listed is held by its generation.
        var query = [HTTPHeader("alt", "media")]
        if let version = known?.version { query.append(HTTPHeader("ifGenerationMatch", version)) }
        let head = try http.read(.init(wanted, size: known?.size), at: name.description) { range, etag in
            // Without this, objects that were stored packed come unpacked, with other sizes.
            var headers = [HTTPHeader("Accept-Encoding", "gzip")]
            if let header = range.header { headers.append(HTTPHeader("Range", header)) }
            return try request("GET", path(of: name), query: query, headers: headers)
        } refusal: {
            refusal($0, of: name)
        } receive: {
            try receive($0)
        }
        return ObjectFacts(google: head, size: head.range?.total ?? head.length ?? known?.size ?? 0)
    }

    public func copy(_ source: ObjectName, to target: ObjectName) throws {
        let rewrite = path(of: source) + "/rewriteTo" + path(of: target).dropFirst("/storage/v1".count)
        var query: [HTTPHeader] = []
        // A large object between regions takes several calls; 1,000 are beyond any.
        for _ in 0..<1000 {
            let json = try json(send("POST", rewrite, of: source, query: query, body: .empty), of: source)
            guard json["done"]?.bool == false, let token = json["rewriteToken"]?.string else { return }
            query = [HTTPHeader("rewriteToken", token)]
        }
        throw ObjectError(.malformedAnswer, at: target.description, "the copy does not end.")
    }

    public func delete(_ name: ObjectName) throws {
        _ = try send("DELETE", path(of: name), of: name, alsoAccepts: [404])
    }
}
