import Foundation
import LightboxCore
import Server
import Testing
import WireFormats

@Suite("Rules of the server") struct ServerRulesTests {
    @Test func saysThatItIsAliveAndReady() async throws {
        try await withServer { server in
            #expect(try await server.get("/healthz").text == "ok\n")
            #expect(try await server.get("/readyz").status == 200)
            let head = try await server.ask("HEAD", "/healthz")
            #expect(head.status == 200 && head.body.isEmpty)
        }
    }

    @Test func unknownPathsAndMethods() async throws {
        try await withServer { server in
            #expect(try await server.get("/v1/nothing").errorStatus == "NOT_FOUND")
            let answer = try await server.ask("PUT", "/v1/projects/p/models")
            #expect(answer.status == 405)
            #expect(answer.headers["allow"] == "GET, POST")
            #expect(try await server.get("/v1/projects/p/models/").status == 200)
        }
    }

    @Test("A request keeps its harmless name and gets one otherwise")
    func namesRequests() async throws {
        try await withServer { server in
            let named = try await server.ask("GET", "/healthz", headers: ["X-Request-Id": "a-1"])
            #expect(named.headers["x-request-id"] == "a-1")
            let odd = try await server.ask("GET", "/healthz", headers: ["X-Request-Id": "a b\"c"])
            #expect(odd.headers["x-request-id"]?.contains("b") == false || odd.headers["x-request-id"] != "a b\"c")
        }
    }

    @Test func boundsBodies() async throws {
        var settings = ServerSettings()
        settings.maximumBody = 1000
        try await withServer(doubling: true, settings: settings) { server in
            let large = String(repeating: " ", count: 2000)
            let google = try await server.post("/v1/projects/p/models/doubling:predict", large)
            #expect(google.status == 400)
            #expect(
                google.json["error"]?["message"]?.string?.hasPrefix("Request payload size exceeds the limit")
                    == true)
            #expect(try await server.post("/v1/models/doubling:predict", large).status == 413)
            // A bomb is larger than it looks.
            let bomb = try gzip([UInt8](repeating: 0x20, count: 1_000_000))
            let packed = try await server.send(
                "POST", "/v1/models/doubling:predict", bomb, headers: ["Content-Encoding": "gzip"])
            #expect(packed.status == 413 || packed.status == 400)
        }
    }

    @Test func readsPackedBodies() async throws {
        try await withServer(doubling: true) { server in
            let body = try gzip(Array(#"{"instances": [[1, 2, 3, 4]]}"#.utf8))
            let path = "/v1/models/doubling:predict"
            #expect(try await server.send("POST", path, body, headers: ["Content-Encoding": "gzip"]).status == 200)
            #expect(try await server.send("POST", path, body, headers: ["Content-Encoding": "br"]).status == 415)
            let cut = Array(body.dropLast(4))
            #expect(try await server.send("POST", path, cut, headers: ["Content-Encoding": "gzip"]).status == 400)
        }
    }

    @Test("A time that is over before the body is there is 408, one that is no number 400")
    func deadlines() async throws {
        try await withServer(doubling: true) { server in
            let path = "/v1/models/doubling:predict"
            let body = #"{"instances": [[1, 2, 3, 4]]}"#
            for (timeout, status) in [("30", 200), ("soon", 400), ("-1", 400), ("0.000001", 408)] {
                let answer = try await server.ask("POST", path, body, headers: ["X-Server-Timeout": timeout])
                #expect(answer.status == status, "\(timeout)")
            }
        }
    }

    @Test("More than the limits allow is 429, with a time to come back")
    func overload() async throws {
        var settings = ServerSettings()
        settings.maximumRequests = 0
        try await withServer(settings: settings) { server in
            let answer = try await server.get("/healthz")
            #expect(answer.status == 429)
            #expect(answer.headers["retry-after"] == "1")
            #expect(answer.errorStatus == "RESOURCE_EXHAUSTED")
        }
    }

    @Test("Pages of other sites and foreign names are kept out")
    func keepsOthersOut() async throws {
        try await withServer { server in
            let foreign = try await server.ask(
                "POST", "/v1/projects/p/models", #"{"name": "m"}"#, headers: ["Origin": "https://evil.example"])
            #expect(foreign.status == 403)
            let own = try await server.ask(
                "POST", "/v1/projects/p/models", #"{"name": "m"}"#, headers: ["Origin": "http://localhost"])
            #expect(own.status == 200)
        }
    }

    @Test func listensElsewhereOnlyWhenTold() throws {
        var settings = ServerSettings()
        settings.host = "0.0.0.0"
        #expect(throws: ServerError.self) {
            try LightboxServer(home: Home(path: "/nonexistent/home"), settings: settings)
        }
    }

    @Test("The log says what happened, not what was in it")
    func logs() async throws {
        try await withServer(doubling: true) { server in
            try await server.post("/v1/models/doubling:predict", #"{"instances": [["SECRET-NAME"]]}"#)
            _ = try await server.get("/v1/patients/SECRET-NAME?q=SECRET-NAME")
            for _ in 0..<1200 { _ = try await server.get("/healthz") }  // full enough to be written
            let text = server.log.text
            #expect(text.contains(#""route": "/v1/models/{model}:predict", "status": 400"#))
            #expect(!text.contains("SECRET"))
            for line in text.split(separator: "\n") {
                #expect(throws: Never.self) { try JSONValue(parsing: String(line)) }
            }
        }
    }

    @Test func countsRequests() async throws {
        try await withServer(doubling: true) { server in
            try await server.post("/v1/models/doubling:predict", #"{"instances": [[1, 2, 3, 4]]}"#)
            let text = try await server.get("/metrics").text
            #expect(
                text.contains(
                    #"lightbox_requests_total{method="POST",route="/v1/models/{model}:predict",status="200"} 1"#))
            #expect(text.contains(#"lightbox_model_bytes{model="doubling",version="v1"}"#))
            for line in text.split(separator: "\n") where !line.hasPrefix("#") {
                #expect(line.split(separator: " ").count == 2, "\(line)")
            }
        }
    }

    @Test("The OpenAPI document has every route, and every reference leads somewhere")
    func describesItself() async throws {
        try await withServer { server in
            let document = try await server.get("/openapi.json").json
            let paths = try #require(document["paths"]?.members)
            #expect(paths.contains { $0.name == "/v1/projects/{project}/models/{model}:predict" })
            #expect(paths.count > 30)
            let schemas = Set((document["components"]?["schemas"]?.members ?? []).map(\.name))
            var names: Set<String> = []
            func walk(_ value: JSONValue) {
                if let reference = value["$ref"]?.string {
                    #expect(schemas.contains(String(reference.split(separator: "/").last ?? "")), "\(reference)")
                }
                if let id = value["operationId"]?.string { #expect(names.insert(id).inserted, "\(id) twice") }
                for member in value.members ?? [] { walk(member.value) }
                for element in value.elements ?? [] { walk(element) }
            }
            walk(document)
            #expect(names.count > 40)
        }
    }

    private func gzip(_ bytes: [UInt8]) throws -> [UInt8] {
        let path = FileManager.default.temporaryDirectory.path + "/\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: path + ".gz") }
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/gzip")
        process.arguments = [path]
        try process.run()
        process.waitUntilExit()
        return Array(try Data(contentsOf: URL(fileURLWithPath: path + ".gz")))
    }
}
