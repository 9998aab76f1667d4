import Catalog
import Foundation
import LightboxCore
import Server
import TestSupport
import Testing
import WireFormats

@Suite("Cloud Storage: ranges") struct StorageRangeTests {
    @Test(
        "The one range of a download",
        arguments: [
            ("bytes=0-9", 0..<10), ("bytes=90-200", 90..<100), ("bytes=99-", 99..<100), ("bytes=-5", 95..<100),
            ("bytes=-500", 0..<100), ("BYTES=5-5", 5..<6),
        ])
    func ranges(header: String, range: Range<Int>) throws {
        #expect(try #require(ByteRange(header)).range(in: 100) == range)
    }

    @Test("Ranges of nothing", arguments: ["bytes=100-", "bytes=100-200", "bytes=-0"])
    func unsatisfiable(header: String) throws {
        #expect(try #require(ByteRange(header)).range(in: 100) == nil)
        #expect(try #require(ByteRange(header)).range(in: 0) == nil)
    }

    @Test(
        "What is no range, or several, is the whole",
        arguments: [
            "", "bytes", "bytes=", "bytes=-", "bytes=9-1", "bytes=0-1,3-4", "items=0-1", "bytes=a-b", "bytes=+1-2",
            "bytes=99999999999999999999-", "bytes=1--2", "bytes= 1-2",
        ])
    func malformed(header: String) { #expect(ByteRange(header) == nil) }

    @Test("Which bytes a part of an upload has") func contentRanges() {
        #expect(ContentRange("bytes */*") == .question(size: nil))
        #expect(ContentRange("bytes */0") == .question(size: 0))
        #expect(ContentRange("bytes 0-0/*") == .bytes(0..<1, size: nil))
        #expect(ContentRange("bytes 5-9/10") == .bytes(5..<10, size: 10))
        for odd in [
            "", "bytes", "bytes 0-9", "bytes 9-0/10", "bytes 0-10/10", "bytes */-1", "bytes 0-/1", "bytes -1/1",
            "0-1/2",
            "bytes 0-99999999999999999999/*", "bytes a-b/c", "bytes 0-1/2/3", "bytes +0-1/2",
        ] { #expect(ContentRange(odd) == nil, "\(odd)") }
    }
}

@Suite("Cloud Storage: buckets and objects") struct CloudStorageTests {
    private let place = "/storage/v1/b/b/o"
    private let upload = "/upload/storage/v1/b/b/o?uploadType="

    private func withBucket(_ body: (TestServer) async throws -> Void) async throws {
        try await withServer { server in
            #expect(try await server.post("/storage/v1/b", #"{"name": "b"}"#).status == 200)
            try await body(server)
        }
    }

    private func path(_ server: TestServer, _ name: String) -> String {
        server.server.context.home.buckets + "/b/" + name
    }

    private func reason(_ answer: Answer) -> String? {
        answer.json["error"]?["errors"]?.elements?.first?["reason"]?.string
    }

    @Test("A simple upload is the bucket's file, and is read in pieces") func simple() async throws {
        try await withBucket { server in
            let made = try await server.ask(
                "POST", upload + "media&name=a%2Fb%20c", "0123456789", headers: ["Content-Type": "text/x-test"])
            #expect(made.status == 200 && made.json["size"]?.string == "10")
            #expect(
                made.json["crc32c"]?.string == "KAwGng=="
                    && made.json["md5Hash"]?.string == "eB5eJF1ptWaXm4bijSPyxw==")
            #expect(try String(contentsOfFile: path(server, "a/b c"), encoding: .utf8) == "0123456789")
            let whole = try await server.get(place + "/a%2Fb%20c?alt=media")
            #expect(whole.text == "0123456789" && whole.headers["content-type"] == "text/x-test")
            #expect(whole.headers["x-goog-hash"] == "crc32c=KAwGng==,md5=eB5eJF1ptWaXm4bijSPyxw==")
            #expect(whole.headers["x-content-type-options"] == "nosniff")
            let piece = try await server.ask(
                "GET", "/download" + place + "/a%2Fb%20c", headers: ["Range": "bytes=-3"])
            #expect(piece.status == 206 && piece.text == "789" && piece.headers["content-range"] == "bytes 7-9/10")
            let none = try await server.ask(
                "GET", "/download" + place + "/a%2Fb%20c", headers: ["Range": "bytes=10-"])
            #expect(none.status == 416 && none.headers["content-range"] == "bytes */10")
            #expect(reason(none) == "requestedRangeNotSatisfiable")
            let etag = try #require(made.json["etag"]?.string)
            let same = try await server.ask("GET", place + "/a%2Fb%20c", headers: ["If-None-Match": etag])
            #expect(same.status == 304 && same.body.isEmpty)
        }
    }

    @Test(
        "Names that no file below the bucket can have are 400, and nothing stands outside",
        arguments: [
            "..%2Fescape", "%2Fetc%2Fpasswd", "a%2F%2Fb", "folder%2F", ".hidden", "nul%00", "%FF",
            "a%2F..%2F..%2Fb", "",
            "a%0Ab",
        ])
    func names(name: String) async throws {
        try await withBucket { server in
            let answer = try await server.ask("POST", upload + "media&name=" + name, "bytes")
            #expect(answer.status == 400 && reason(answer) == "invalid", "\(answer.text)")
            #expect([400, 404, 200].contains(try await server.get(place + "/" + name).status))
            if !name.isEmpty { #expect(try await server.get(place + "/" + name).status == 400) }
            let all = try FileManager.default.subpathsOfDirectory(atPath: server.server.context.home.buckets)
            #expect(Set(all).isSubset(of: ["b", "b/.lightbox-incoming"]))
        }
    }

    @Test("Multipart uploads of any writer, and hostile ones") func multipart() async throws {
        try await withBucket { server in
            func send(_ text: String, _ type: String = "multipart/related; boundary=\"x y\"") async throws
                -> Answer
            {
                try await server.ask("POST", upload + "multipart", text, headers: ["Content-Type": type])
            }
            let head = "--x y\r\nContent-Type: application/json\r\n\r\n"
            let good = try await send(
                head + #"{"name": "m", "metadata": {"k": "v"}, "md5Hash": "eB5eJF1ptWaXm4bijSPyxw=="}"#
                    + "\r\n--x y\r\nContent-Type: text/x-part\r\n\r\n0123456789\r\n--x y--\r\n")
            #expect(good.status == 200 && good.json["contentType"]?.string == "text/x-part", "\(good.text)")
            #expect(good.json["metadata"]?["k"]?.string == "v")
            let bytes = "\r\n--x\r\n--x y z\r\n\n-"
            let odd = try await send(head + #"{"name": "odd"}"# + "\n--x y\n\n" + bytes + "\r\n--x y--")
            #expect(odd.status == 200)
            #expect(try String(contentsOfFile: path(server, "odd"), encoding: .utf8) == bytes)
            let bad = [
                head + #"{"name": "n"}"# + "\r\n--x y--\r\n", head + #"{"name": "n"}"# + "\r\n--x y\r\n\r\nno end",
                head + "no JSON\r\n--x y\r\n\r\nbytes\r\n--x y--\r\n",
                head + #"{"name": 1}"# + "\r\n--x y\r\n\r\nbytes\r\n--x y--\r\n",
                head + #"{"name": "n", "metadata": {"k": 1}}"# + "\r\n--x y\r\n\r\nbytes\r\n--x y--\r\n",
                head + #"{"name": "n", "contentType": "a\nb"}"# + "\r\n--x y\r\n\r\nbytes\r\n--x y--\r\n",
                head + #"{"name": "n", "md5Hash": "eA=="}"# + "\r\n--x y\r\n\r\nbytes\r\n--x y--\r\n",
                head + "{}\r\n--x y\r\n\r\nbytes\r\n--x y--\r\n",
                head + #"{"name": "n"}"# + "\r\n--x y\r\n\r\nbytes\r\n--x y\r\n\r\nthird\r\n--x y--\r\n", "",
            ]
            for text in bad {
                let answer = try await send(text)
                #expect(answer.status == 400, "\(text): \(answer.text)")
            }
            for type in ["", "text/plain", "multipart/related", "multipart/related; boundary="] {
                #expect(try await send(bad[0], type).status == 400)
            }
            #expect(try await server.get(place).json["items"]?.elements?.count == 2)
            #expect(
                try FileManager.default.contentsOfDirectory(atPath: path(server, ".lightbox-incoming")).isEmpty)
        }
    }

    @Test("A resumable upload goes on where it is told to") func resumable() async throws {
        try await withBucket { server in
            let begun = try await server.ask("POST", upload + "resumable", #"{"name": "r"}"#)
            let location = try #require(begun.headers["location"])
            let session = String(location[try #require(location.range(of: "/upload")).lowerBound...])
            func put(_ bytes: [UInt8], _ range: String) async throws -> Answer {
                try await server.send("PUT", session, bytes, headers: ["Content-Range": range])
            }
            let step = 256 << 10
            let bytes = (0..<step + 5).map { UInt8(truncatingIfNeeded: $0) }
            #expect(try await put([], "bytes */*").status == 308)
            let part = try await put(Array(bytes[..<step]), "bytes 0-\(step - 1)/*")
            #expect(part.status == 308 && part.headers["range"] == "bytes=0-\(step - 1)")
            #expect(try await put([1, 2, 3], "bytes \(step)-\(step + 2)/*").status == 400)
            #expect(try await put([1, 2, 3], "bytes \(step)-\(step + 3)/\(step + 4)").status == 400)
            #expect(try await put([1], "bytes 0-0").status == 400)
            let gap = try await put([1], "bytes \(step + 4)-\(step + 4)/\(step + 5)")
            #expect(gap.status == 308 && gap.headers["range"] == "bytes=0-\(step - 1)")
            let end = try await put(Array(bytes[step...]), "bytes \(step)-\(step + 4)/\(step + 5)")
            #expect(end.status == 200 && end.json["size"]?.string == "\(step + 5)")
            #expect(try Data(contentsOf: URL(fileURLWithPath: path(server, "r"))) == Data(bytes))
            #expect(try await put([], "bytes */*").json["generation"] == end.json["generation"])
            #expect(try await server.ask("PUT", upload + "resumable&upload_id=none", "x").status == 404)
            #expect(try await server.ask("PUT", upload + "resumable", "x").status == 400)
        }
    }

    @Test("A batch is answered piece by piece, with the rights of who asks") func batch() async throws {
        try await withBucket { server in
            for name in ["a", "b", "c"] { _ = try await server.ask("POST", upload + "media&name=" + name, name) }
            func send(_ requests: [String], secret: String? = nil) async throws -> Answer {
                let parts = requests.enumerated().map {
                    "--x\nContent-Type: application/http\nContent-ID: <\($0)>\n\n\($1)\n"
                }
                var headers = ["Content-Type": "multipart/mixed; boundary=\"x\""]
                if let secret { headers["Authorization"] = "Bearer " + secret }
                return try await server.ask(
                    "POST", "/batch/storage/v1", parts.joined() + "--x--\n", headers: headers)
            }
            let answer = try await send([
                "DELETE http://elsewhere:1\(place)/a HTTP/1.1\r\nAccept: */*\r\n\r\n",
                "PATCH \(place)/b?alt=json HTTP/1.1\r\nContent-Type: application/json\r\n\r\n{\"contentType\": \"x/y\"}",
                "DELETE \(place)/none HTTP/1.1\r\n\r\n", "POST \(upload)media&name=x HTTP/1.1\r\n\r\nbytes",
                "GET \(place)/c?alt=media HTTP/1.1\r\n\r\n", "GET /v1/projects/p/models HTTP/1.1\r\n\r\n",
                "POST /batch/storage/v1 HTTP/1.1\r\n\r\n",
            ])
            let statuses = answer.text.components(separatedBy: "HTTP/1.1 ").dropFirst().map {
                String($0.prefix(3))
            }
            #expect(statuses == ["204", "200", "404", "404", "400", "404", "404"], "\(answer.text)")
            #expect(answer.text.contains("Content-ID: <response-1>") && answer.text.contains("x/y"))
            #expect(try await server.get(place).json["items"]?.elements?.count == 2)
            for odd in ["", "NONSENSE", "GET", "GET \(place) FTP/1", "\0\r\n\r\n"] {
                #expect(try await send([odd]).status == 400, "\(odd)")
            }
            #expect(
                try await server.ask("POST", "/batch/storage/v1", "x", headers: ["Content-Type": "a/b"]).status
                    == 400)
            let secret = try await server.token("reader", .read)
            let refused = try await send(["DELETE \(place)/b HTTP/1.1\r\n\r\n"], secret: secret)
            #expect(refused.status == 200 && refused.text.contains("HTTP/1.1 403"))
            #expect(FileManager.default.fileExists(atPath: path(server, "b")))
        }
    }

    @Test(
        "What would change a bucket's meaning is refused and not forgotten",
        arguments: [
            #"{"versioning": {"enabled": true}}"#, #"{"lifecycle": {"rule": [{"action": {"type": "Delete"}}]}}"#,
            #"{"retentionPolicy": {"retentionPeriod": "100"}}"#,
            #"{"softDeletePolicy": {"retentionDurationSeconds": "9"}}"#,
            #"{"encryption": {"defaultKmsKeyName": "k"}}"#, #"{"acl": [{"entity": "allUsers"}]}"#,
            #"{"billing": {"requesterPays": true}}"#, #"{"labels": 3}"#, #"{"labels": {"a": 1}}"#, "[]", "{",
        ])
    func refusesSettings(body: String) async throws {
        try await withBucket { server in
            let answer = try await server.ask("PATCH", "/storage/v1/b/b", body)
            #expect(answer.status == 400)
            #expect(try await server.get("/storage/v1/b/b").json["metageneration"]?.string == "1")
        }
    }

    @Test("Access lists, keys and the XML interface are refused by name") func refusals() async throws {
        try await withBucket { server in
            _ = try await server.ask("POST", upload + "media&name=a", "bytes")
            #expect(
                try await server.ask("POST", upload + "media&name=x&predefinedAcl=publicRead", "x").status == 400)
            #expect(try await server.ask("POST", upload + "media&name=x&kmsKeyName=k", "x").status == 400)
            let keyed = try await server.ask(
                "POST", upload + "media&name=x", "x", headers: ["X-Goog-Encryption-Algorithm": "AES256"])
            #expect(keyed.status == 400 && reason(keyed) == "notSupported")
            #expect(try await server.ask("PATCH", place + "/a", #"{"temporaryHold": true}"#).status == 400)
            #expect(try await server.ask("POST", place + "/a/acl", "{}").status == 400)
            #expect(try await server.ask("POST", place + "/a/b", "{}").status == 404)
            #expect(try await server.get(place + "/a/b").status == 404)
            #expect(try await server.ask("POST", "/b/a?uploads").text.contains("XML"))
            #expect(try await server.ask("POST", upload + "parallel&name=x", "x").status == 400)
            #expect(try await server.get(place + "?maxResults=0").status == 400)
            #expect(try await server.get(place + "?matchGlob=%7Ba,b%7D").status == 400)
            #expect(try await server.get(place + "/a?generation=5").status == 404)
            #expect(try await server.get(place + "/a?ifGenerationMatch=x").status == 400)
            #expect(!FileManager.default.fileExists(atPath: path(server, "x")))
        }
    }

    @Test("A body that is cut short is no object, and a long one is passed over") func cutShort() async throws {
        try await withBucket { server in
            try await server.running { port in
                let head = "POST \(upload)media&name=cut HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
                let connection = try RawConnection(port: port)
                connection.send(Array((head + "Content-Length: 1000\r\n\r\nshort").utf8))
                let late = try await RawConnection.exchange(
                    port: port,
                    [Array((head.replacing("cut", with: "..") + "Content-Length: 3000000\r\n\r\n").utf8)]
                        + Array(repeating: [UInt8](repeating: 0, count: 100_000), count: 30))
                #expect(late.hasPrefix("HTTP/1.1 400"))
                _ = consume connection
            }
            #expect(!FileManager.default.fileExists(atPath: path(server, "cut")))
        }
    }

    @Test("Where gs:// is a service, the surface says so") func elsewhere() async throws {
        try await withAsyncTemporaryFolder { folder in
            var settings = HomeSettings()
            settings.storage.gs.endpoint = "http://127.0.0.1:9"
            let server = try LightboxServer(home: Home(path: folder, settings: settings))
            for (method, path) in [
                ("GET", "/storage/v1/b"), ("POST", upload + "media&name=a"), ("GET", place + "/a"),
            ] {
                let answer = try await server.answer(method, path)
                #expect(answer.status == 400)
                #expect(String(decoding: answer.body, as: UTF8.self).contains("storage.gs"))
            }
        }
    }

    @Test("The bucket in which servers keep their files needs the role admin") func sharedFiles() async throws {
        try await withAsyncTemporaryFolder { folder in
            var settings = HomeSettings()
            settings.files = "s3://ward/lightbox"
            let home = Home(path: folder, settings: settings)
            let catalog = try ModelCatalog(home: home)
            try FileManager.default.createDirectory(
                atPath: home.buckets + "/ward", withIntermediateDirectories: true)
            let secret = try catalog.createToken("writer", role: .write).secret
            let admin = try catalog.createToken("admin", role: .admin).secret
            let server = try LightboxServer(home: home)
            for (method, path) in [
                ("GET", "/storage/v1/b/ward/o"), ("DELETE", "/storage/v1/b/ward"),
                ("POST", "/upload/storage/v1/b/ward/o?uploadType=media&name=x"),
            ] {
                let answer = try await server.answer(method, path, headers: ["Authorization": "Bearer \(secret)"])
                #expect(answer.status == 403, "\(method) \(path)")
            }
            let answer = try await server.answer(
                "GET", "/storage/v1/b/ward/o", headers: ["Authorization": "Bearer \(admin)"])
            #expect(answer.status == 200)
        }
    }
}
