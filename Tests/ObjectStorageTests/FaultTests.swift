import Foundation
import LightboxCore
import ObjectStorage
import Synchronization
import TestSupport
import Testing
import WireFormats

/// What goes wrong on the way, and what comes of it. No test waits long: delays are made short, not measured.
@Suite("Faults of object storage") struct FaultTests {
    static let object = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 7) }
    static let name = ObjectName(.s3, bucket: "b", key: "a/b.bin")

    static func client(attempts: Int = 4, stallSeconds: Int = 30) -> HTTPClient {
        var retries = RetryPolicy()
        (retries.attempts, retries.firstDelay, retries.longestDelay) = (attempts, 0.002, 0.01)
        var rules = CurlTransfer.Rules()
        rules.slowest = (bytes: 1000, seconds: stallSeconds)
        return HTTPClient(retries: retries, rules: rules)
    }

    static func place(_ server: FaultyServer, _ client: HTTPClient = client(), partBytes: Int = 1 << 20) throws
        -> S3Place
    {
        S3Place(S3Endpoint(address: try WebAddress(server.origin)), http: client, partBytes: partBytes) {
            AWSCredentials(accessKey: "A", secretKey: "B")
        }
    }

    static func whole(_ place: any ObjectPlace, known: ObjectFacts? = nil) throws -> [UInt8] {
        var bytes: [UInt8] = []
        try place.read(name, nil, known: known) { bytes += $0 }
        return bytes
    }

    @Test("A body that is reset in its middle goes on from there, as the same object")
    func reset() throws {
        let server = FaultyServer { request, number in
            var response = FaultyServer.Response.part(of: Self.object, request)
            if number < 2 { response.resetsAfter = 100_000 }
            return response
        }
        defer { server.stop() }
        #expect(try Self.whole(Self.place(server)) == Self.object)
        let seen = server.requests
        #expect(seen.count == 3)
        #expect(seen[0].range == nil)
        #expect(seen[1].range!.start > 0 && seen[2].range!.start > seen[1].range!.start)
        #expect(seen[1].headers["if-match"] == "\"e\"")
    }

    @Test("A server that knows no ranges is read anew, each byte handed over once")
    func noRanges() throws {
        let server = FaultyServer { _, number in
            FaultyServer.Response(
                headers: ["ETag": "\"e\""], body: Self.object, resetsAfter: number < 2 ? 100_000 : nil)
        }
        defer { server.stop() }
        #expect(try Self.whole(Self.place(server)) == Self.object)
    }

    @Test(
        "Busy and broken servers are asked again, others are not",
        arguments: [
            (500, true), (502, true), (503, true), (504, true), (429, true), (408, true), (400, false),
            (403, false),
            (404, false), (412, false), (501, false),
        ])
    func statuses(status: Int, isRepeated: Bool) throws {
        let server = FaultyServer { request, number in
            number == 0 ? .init(status: status, headers: ["Retry-After": "0"]) : .part(of: Self.object, request)
        }
        defer { server.stop() }
        let place = try Self.place(server)
        if isRepeated {
            #expect(try Self.whole(place) == Self.object)
        } else {
            #expect(throws: ObjectError.self) { try Self.whole(place) }
            #expect(server.requests.count == 1)
        }
    }

    @Test(
        "Says what a server means",
        arguments: [
            (404, "", ObjectError.Code.notFound), (403, "<Error><Code>AccessDenied</Code></Error>", .forbidden),
            (404, "<Error><Code>NoSuchBucket</Code></Error>", .noSuchBucket), (412, "", .changed),
            (400, "<Error><Code>Evil\u{1b}[31m</Code></Error>", .refused), (301, "not xml", .refused),
            (503, "", .refused),
        ])
    func refusals(status: Int, body: String, code: ObjectError.Code) throws {
        let server = FaultyServer { _, _ in .init(status: status, body: Array(body.utf8)) }
        defer { server.stop() }
        let error = #expect(throws: ObjectError.self) { try Self.whole(Self.place(server)) }
        #expect(error?.code == code)
        #expect(error?.address == "s3://b/a/b.bin")
        #expect(error?.description.contains("\u{1b}") == false)
    }

    @Test("A connection that says nothing, again and again, is an error")
    func silent() throws {
        let server = FaultyServer { _, _ in .init(isSilent: true) }
        defer { server.stop() }
        let error = #expect(throws: ObjectError.self) { try Self.whole(Self.place(server)) }
        #expect(error?.code == .unreachable)
        #expect(server.requests.count == 4)
    }

    @Test("A body that stalls is left and goes on")
    func stall() throws {
        let server = FaultyServer { request, number in
            var response = FaultyServer.Response.part(of: Self.object, request)
            response.stalls = number == 0
            return response
        }
        defer { server.stop() }
        #expect(try Self.whole(Self.place(server, Self.client(stallSeconds: 1))) == Self.object)
        #expect(server.requests.count == 2)
    }

    @Test("Fewer bytes than promised, for ever, are an error")
    func shortForEver() throws {
        let server = FaultyServer { _, _ in
            .init(headers: ["ETag": "\"e\""], body: Array(Self.object[..<10]), promisedLength: 20)
        }
        defer { server.stop() }
        let error = #expect(throws: ObjectError.self) { try Self.whole(Self.place(server)) }
        #expect(error?.code == .unreachable || error?.code == .malformedAnswer)
    }

    @Test("Another size than was listed is an error")
    func wrongLength() throws {
        let server = FaultyServer { request, _ in .part(of: Self.object, request) }
        defer { server.stop() }
        for size in [10, 300_001] {
            let error = #expect(throws: ObjectError.self) {
                try Self.whole(Self.place(server), known: ObjectFacts(size: size))
            }
            #expect(error?.code == .changed)
        }
    }

    @Test("An object that is replaced while it is read is an error, not a mixture")
    func replaced() throws {
        let server = FaultyServer { request, number in
            var response = FaultyServer.Response.part(
                of: Self.object, request, etag: number == 0 ? "\"e\"" : "\"f\"")
            if number == 0 { response.resetsAfter = 100_000 }
            return response
        }
        defer { server.stop() }
        let error = #expect(throws: ObjectError.self) { try Self.whole(Self.place(server)) }
        #expect(error?.code == .changed)
    }

    @Test("Other bytes than were asked for are an error")
    func wrongRange() throws {
        let server = FaultyServer { _, _ in
            .init(status: 206, headers: ["Content-Range": "bytes 5-9/300000"], body: Array(Self.object[5..<10]))
        }
        defer { server.stop() }
        let error = #expect(throws: ObjectError.self) {
            try Self.place(server).read(Self.name, 0..<5, known: nil) { _ in }
        }
        #expect(error?.code == .malformedAnswer)
    }

    @Test("Credentials are not carried to another host")
    func redirect() throws {
        let other = FaultyServer { request, _ in .part(of: Self.object, request) }
        defer { other.stop() }
        let server = FaultyServer { _, _ in .init(status: 307, headers: ["Location": other.origin + "/b/a"]) }
        defer { server.stop() }
        #expect(throws: ObjectError.self) { try Self.whole(Self.place(server)) }
        #expect(throws: ObjectError.self) { try Self.place(server).write(Bytes([1]), to: Self.name) }
        #expect(other.requests.isEmpty)
    }

    @Test("Web addresses follow redirects a few times, from https to http never")
    func webRedirect() throws {
        let server = FaultyServer { request, _ in
            switch request.path {
            case "/a": .init(status: 302, headers: ["Location": "/b?x=1"])
            case "/b?x=1": .part(of: Self.object, request)
            default: .init(status: 301, headers: ["Location": "/loop"])
            }
        }
        defer { server.stop() }
        var bytes: [UInt8] = []
        let reader = WebReader(http: Self.client())
        try reader.read(WebAddress(server.origin + "/a")) { bytes += $0 }
        #expect(bytes == Self.object)
        #expect(try reader.facts(of: WebAddress(server.origin + "/a")).size == Self.object.count)
        #expect(throws: ObjectError.self) { try reader.read(WebAddress(server.origin + "/loop")) { _ in } }
        #expect(server.requests.filter { $0.path == "/loop" }.count == 6)
    }

    @Test("A list is read in pages; one that turns in a circle ends")
    func pages() throws {
        let server = FaultyServer { request, _ in
            let next = request.path.contains("token=2") ? "2" : request.path.contains("token=1") ? "2" : "1"
            let key = "<Contents><Key>k\(next)</Key><Size>1</Size></Contents>"
            let more = "<IsTruncated>true</IsTruncated><NextContinuationToken>\(next)</NextContinuationToken>"
            return .init(body: Array("<ListBucketResult>\(key)\(more)</ListBucketResult>".utf8))
        }
        defer { server.stop() }
        var keys: [String] = []
        let error = #expect(throws: ObjectError.self) {
            try Self.place(server).forEach(of: ObjectName(.s3, bucket: "b", key: "")) { keys.append($0.key) }
        }
        #expect(error?.code == .malformedAnswer)
        #expect(keys == ["k1", "k2", "k2"])
    }

    @Test("An answer beyond its limit ends")
    func tooLarge() throws {
        let server = FaultyServer { _, _ in .init(body: [UInt8](repeating: 32, count: 100_000)) }
        defer { server.stop() }
        let error = #expect(throws: ObjectError.self) {
            try Self.client().send(at: "x", limit: 50_000) { _ in HTTPRequest(server.origin) }
        }
        #expect(error?.code == .tooLarge)
    }

    @Test("A download of parts is whole, compared and never half there")
    func download() throws {
        let crc = Self.object.withUnsafeBytes { CRC32C.of($0) }
        func run(_ stored: UInt32, _ path: String) throws -> Int {
            let server = FaultyServer { request, number in
                var response = FaultyServer.Response.part(of: Self.object, request)
                let bytes = withUnsafeBytes(of: stored.bigEndian) { Data($0) }
                response.headers["x-amz-checksum-crc32c"] = bytes.base64EncodedString()
                if number % 3 == 2 { response = .init(status: 503) }
                if number % 5 == 4 { response.resetsAfter = 10_000 }
                return response
            }
            defer { server.stop() }
            let file = ObjectFile(from: try Self.place(server), partBytes: 50_000, partsAtOnce: 3)
            try file.bring(Self.name, known: ObjectFacts(size: Self.object.count, etag: "\"e\""), to: path)
            return server.requests.count
        }
        try withTemporaryFolder { (folder: String) throws -> Void in
            #expect(try run(crc, folder + "/a") > 6)
            #expect(try Bytes(MappedFile(path: folder + "/a")).array == Self.object)
            let error = #expect(throws: ObjectError.self) { try run(crc ^ 1, folder + "/b") }
            #expect(error?.code == .wrongContent)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["a"])
        }
    }
}

@Suite("Repetition") struct RetryPolicyTests {
    @Test(
        "Waits double, half of each by chance, up to the longest",
        arguments: [
            (2, 0.0, 0.5), (2, 1.0, 1.0), (3, 1.0, 2.0), (4, 0.0, 2.0), (6, 1.0, 10.0), (60, 1.0, 10.0),
        ])
    func delays(attempt: Int, chance: Double, seconds: Double) {
        var policy = RetryPolicy()
        (policy.firstDelay, policy.longestDelay) = (1, 10)
        #expect(policy.delay(before: attempt, chance: chance) == seconds)
    }

    @Test(
        "Obeys Retry-After within reason",
        arguments: [("3", 3.0), ("0", 0.5), ("900", 10), ("-1", 0.5), ("soon", 0.5)])
    func retryAfter(text: String, seconds: Double) {
        var policy = RetryPolicy()
        (policy.firstDelay, policy.longestDelay) = (1, 10)
        #expect(policy.delay(before: 2, retryAfter: RetryPolicy.retryAfter(text), chance: 0) == seconds)
        let date = Timestamp.http("Sat, 21 Nov 2026 14:05:09 GMT")!
        #expect(RetryPolicy.retryAfter("Sat, 21 Nov 2026 14:05:16 GMT", now: date) == 7)
    }
}
