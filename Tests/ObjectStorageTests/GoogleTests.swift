import Foundation
import LightboxCore
import ObjectStorage
import Synchronization
import TestSupport
import Testing
import WireFormats

@Suite("Google Cloud Storage") struct GoogleTests {
    static let name = ObjectName(.gs, bucket: "b", key: "a/ü?.bin")

    static func place(_ server: FaultyServer) -> GooglePlace {
        GooglePlace(origin: server.origin, http: FaultTests.client(), partBytes: 1 << 18) { "secret-token" }
    }

    @Test("Signs a statement as OpenSSL does elsewhere")
    func statement() throws {
        let account = try JSONValue(
            parsing: Bytes(MappedFile(path: reference("object-storage/service_account.json"))))
        let key = try #require(PrivateKeySignature(pem: account["private_key"]?.string ?? ""))
        let message = Array((account["message"]?.string ?? "").utf8)
        #expect(key.signature(of: message).map { Data($0).base64EncodedString() } == account["signature"]?.string)
        let date = Date(timeIntervalSince1970: 1_795_269_909)
        let text = try GoogleCredentials.statement(account, for: "https://t/token", path: "key.json", at: date)
        let parts = text.split(separator: ".").map(String.init)
        func decoded(_ part: String) throws -> JSONValue {
            try JSONValue(parsing: Bytes(#require(Base64.decode(part))))
        }
        #expect(try decoded(parts[0])["alg"]?.string == "RS256")
        let claims = try decoded(parts[1])
        #expect(claims["iss"]?.string == "films@example.iam.gserviceaccount.com")
        #expect(claims["aud"]?.string == "https://t/token")
        #expect(claims["iat"]?.integer == 1_795_269_909 && claims["exp"]?.integer == 1_795_273_509)
        #expect(Base64.decode(parts[2]) == key.signature(of: Array("\(parts[0]).\(parts[1])".utf8)))
        #expect(text.utf8.allSatisfy { !"+/=".utf8.contains($0) })
        for pem in [
            "", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----", "-----BEGIN PRIVATE KEY-----",
        ] {
            #expect(PrivateKeySignature(pem: pem) == nil)
        }
    }

    @Test("A large object is sent part by part through busy answers, with its checksum")
    func resumable() throws {
        let bytes = (0..<(700 << 10)).map { UInt8(truncatingIfNeeded: $0 &* 13 ^ $0 >> 8) }
        let crc = bytes.withUnsafeBytes { CRC32C.of($0) }
        let encoded = withUnsafeBytes(of: crc.bigEndian) { Data($0).base64EncodedString() }
        let stored = Mutex<[UInt8]>([])
        let server = FaultyServer { request, number in
            if number % 3 == 1 { return .init(status: 503) }
            if request.method == "POST" {
                let isRight = String(decoding: request.body, as: UTF8.self).contains(encoded)
                return .init(
                    status: isRight ? 200 : 400,
                    headers: ["Location": "http://\(request.headers["host"] ?? "")/upload?upload_id=u"])
            }
            let place = request.headers["content-range"]?.dropFirst("bytes ".count).split(separator: "/") ?? []
            let start = place.first.flatMap { Int($0.split(separator: "-")[0]) } ?? 0
            return stored.withLock { stored in
                if start == stored.count { stored += request.body }
                guard stored.count == 700 << 10 else {
                    return .init(status: 308, headers: ["Range": "bytes=0-\(stored.count - 1)"])
                }
                return .init(body: Array(#"{"size": "\#(stored.count)", "crc32c": "\#(encoded)"}"#.utf8))
            }
        }
        defer { server.stop() }
        try withTemporaryFolder { (folder: String) throws -> Void in
            try Data(bytes).write(to: URL(fileURLWithPath: folder + "/a"))
            var sent = 0
            try Self.place(server).write(FileParts(path: folder + "/a"), to: Self.name) { sent += $0 }
            #expect(sent == bytes.count)
        }
        #expect(stored.withLock { $0 } == bytes)
        let first = server.requests[0]
        #expect(first.path.hasPrefix("/upload/storage/v1/b/b/o?name=a%2F%C3%BC%3F.bin"))
        #expect(first.headers["authorization"] == "Bearer secret-token")
        // The upload's own address is its proof.
        #expect(server.requests.filter { $0.method == "PUT" }.allSatisfy { $0.headers["authorization"] == nil })
    }

    @Test("An upload is not continued on another host, nor past what the server keeps")
    func hostileUpload() throws {
        try withTemporaryFolder { (folder: String) throws -> Void in
            try Data(count: 600 << 10).write(to: URL(fileURLWithPath: folder + "/a"))
            for location in [
                "https://evil.example.org/u", "ftp://x/u", "/u", "", "http://127.0.0.1.example.org/u",
            ] {
                let server = FaultyServer { _, _ in .init(headers: ["Location": location]) }
                defer { server.stop() }
                let error = #expect(throws: ObjectError.self) {
                    try Self.place(server).write(FileParts(path: folder + "/a"), to: Self.name) { _ in }
                }
                #expect(error?.code == .malformedAnswer)
            }
            let server = FaultyServer { request, _ in
                request.method == "POST"
                    ? .init(headers: ["Location": "http://\(request.headers["host"] ?? "")/u"])
                    : .init(status: 308, headers: ["Range": "bytes=0-99999999999999999999"])
            }
            defer { server.stop() }
            #expect(throws: ObjectError.self) {
                try Self.place(server).write(FileParts(path: folder + "/a"), to: Self.name) { _ in }
            }
            #expect(server.requests.contains { $0.method == "DELETE" })
        }
    }

    @Test("Bytes that arrive otherwise are removed again")
    func wrongChecksum() throws {
        let server = FaultyServer { _, _ in .init(body: Array(#"{"size": "3", "crc32c": "AAAAAA=="}"#.utf8)) }
        defer { server.stop() }
        let error = #expect(throws: ObjectError.self) {
            try Self.place(server).write(Bytes([1, 2, 3]), to: Self.name)
        }
        #expect(error?.code == .wrongContent)
        #expect(server.requests.last?.method == "DELETE")
    }

    @Test("A copy goes on until it is done")
    func copy() throws {
        let server = FaultyServer { _, number in
            .init(
                body: Array(
                    (number < 2 ? #"{"done": false, "rewriteToken": "t\#(number)"}"# : #"{"done": true}"#).utf8))
        }
        defer { server.stop() }
        try Self.place(server).copy(Self.name, to: ObjectName(.gs, bucket: "c", key: "d e"))
        #expect(
            server.requests.map { $0.path.split(separator: "?").dropFirst().first ?? "" } == [
                "", "rewriteToken=t0", "rewriteToken=t1",
            ])
        #expect(server.requests[0].path == "/storage/v1/b/b/o/a%2F%C3%BC%3F.bin/rewriteTo/b/c/o/d%20e")
    }

    @Test(
        "Says what a server means",
        arguments: [
            (404, "a", ObjectError.Code.notFound), (404, "", .noSuchBucket), (401, "a", .forbidden),
            (412, "a", .changed),
            (400, "a", .refused),
        ])
    func refusals(status: Int, key: String, code: ObjectError.Code) throws {
        let server = FaultyServer { _, _ in .init(status: status) }
        defer { server.stop() }
        let name = ObjectName(.gs, bucket: "b", key: key)
        let error = #expect(throws: ObjectError.self) {
            if key.isEmpty {
                _ = try Self.place(server).page(of: name, oneLevel: false, after: nil)
            } else {
                _ = try Self.place(server).facts(of: name)
            }
        }
        #expect(error?.code == code)
        #expect(error.map { "\($0)".contains("secret") } == false)
    }

    @Test("Credentials of other kinds are named as such")
    func credentials() throws {
        try withTemporaryFolder { (folder: String) throws -> Void in
            for text in [
                "", "{", #"{"type": "external_account"}"#,
                #"{"type": "service_account", "token_uri": "http://h/"}"#,
                #"{"type": "service_account", "client_email": "a", "private_key": "x"}"#,
                #"{"type": "authorized_user"}"#,
            ] {
                let path = folder + "/key.json"
                try AtomicFile.write(Array(text.utf8), to: path)
                let error = #expect(throws: ObjectError.self) {
                    try GoogleCredentials(environment: ["GOOGLE_APPLICATION_CREDENTIALS": path]).token()
                }
                #expect(error?.code == .noCredentials)
            }
        }
    }
}
