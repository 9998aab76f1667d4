import Catalog
import Foundation
import LightboxCore
import Server
import Testing
import WireFormats

@Suite("Who may do what") struct AccessTests {
    /// A route of each kind, with the role that it needs and the shape of its errors.
    static let table: [(method: String, path: String, role: AccessRole, isText: Bool)] = [
        ("GET", "/v1/projects/p/models", .read, false),
        ("POST", "/v1/projects/p/models", .write, false),
        ("DELETE", "/v1/projects/p/models/none", .write, false),
        ("POST", "/v1/projects/p/models/none:predict", .predict, false),
        ("POST", "/v1/projects/p/models/none:setIamPolicy", .admin, false),
        ("GET", "/v1/projects/p/jobs", .read, false),
        ("POST", "/v1/projects/p/jobs", .write, false),
        ("GET", "/v1/projects/p/operations", .read, false),
        ("GET", "/v1/models/none", .read, true),
        ("GET", "/v1/projects/p/locations/l/datasets", .read, false),
        ("POST", "/v1/projects/p/locations/l/datasets?datasetId=-", .write, false),
        ("DELETE", "/v1/projects/p/locations/l/datasets/none", .write, false),
        ("POST", "/v1/projects/p/locations/l/datasets/none:deidentify", .write, false),
        ("GET", "/v1/projects/p/locations/l/datasets/none/operations/none", .read, false),
        ("GET", "/v1/projects/p/locations/l/datasets/d/dicomStores/none", .read, false),
        ("POST", "/v1/projects/p/locations/l/datasets/d/dicomStores/none:import", .write, false),
        ("POST", "/v1/projects/p/locations/l/datasets/d/dicomStores/none:export", .write, false),
        ("DELETE", "/v1/projects/p/locations/l/datasets/d/dicomStores/none", .write, false),
        ("GET", "/storage/v1/b", .read, false),
        ("GET", "/storage/v1/b/none/o/a", .read, false),
        ("GET", "/download/storage/v1/b/none/o/a", .read, false),
        ("POST", "/storage/v1/b", .write, false),
        ("DELETE", "/storage/v1/b/none", .write, false),
        ("PATCH", "/storage/v1/b/none/o/a", .write, false),
        ("POST", "/storage/v1/b/none/o/a/compose", .write, false),
        ("DELETE", "/storage/v1/b/none/o/a", .write, false),
        ("POST", "/upload/storage/v1/b/none/o?uploadType=media&name=a", .write, false),
        ("PUT", "/upload/storage/v1/b/none/o?upload_id=a", .write, false),
        ("PUT", "/storage/v1/b/none/iam", .admin, false),
        ("POST", "/batch/storage/v1", .read, false),
        ("POST", "/v1/models/none:predict", .predict, true),
        ("POST", "/v1/models/none:classify", .predict, true),
        ("GET", "/v2", .read, true),
        ("POST", "/v2/models/none/infer", .predict, true),
        ("GET", "/metrics", .read, false),
        ("GET", "/openapi.json", .read, false),
        ("GET", "/v1/jobs/none/events", .read, false),
        ("GET", "/", .read, false),
        ("GET", "/predict", .predict, false),
        ("POST", "/render", .predict, false),
        ("GET", "/stores", .read, false),
        ("GET", "/stores/d/s/studies/1", .read, false),
        ("POST", "/stores/d/s/studies/1/deidentify", .write, false),
        ("GET", "/maps", .read, false),
        ("GET", "/maps/none/points/1/picture", .read, false),
        ("POST", "/maps/none/export", .read, false),
        ("POST", "/maps/none/labels", .write, false),
        ("POST", "/maps/none/selections", .write, false),
        ("DELETE", "/maps/none/selections/none", .write, false),
    ]

    @Test("Each role does what it may, on every surface", arguments: AccessRole.allCases)
    func roles(role: AccessRole) async throws {
        try await withServer { server in
            let secret = try await server.token("someone", role)
            for entry in Self.table {
                let place = "\(entry.method) \(entry.path)"
                let stranger = try await server.ask(entry.method, entry.path)
                #expect(stranger.status == 401, "\(place)")
                #expect(stranger.headers["www-authenticate"] == "Bearer realm=\"lightbox\"", "\(place)")
                let foreign = try await server.ask(
                    entry.method, entry.path, headers: ["Authorization": "Bearer \(secret)0"])
                #expect(foreign.status == 401)
                #expect(foreign.headers["www-authenticate"]?.hasSuffix("error=\"invalid_token\"") == true)
                let known = try await server.ask(
                    entry.method, entry.path, headers: ["Authorization": "Bearer \(secret)"])
                if role >= entry.role {
                    #expect(known.status != 401 && known.status != 403, "\(place): \(known.status)")
                } else {
                    #expect(known.status == 403, "\(place): \(known.status)")
                }
                guard entry.path.hasPrefix("/v") else { continue }
                if entry.isText {
                    #expect(stranger.json["error"]?.string?.contains("Bearer") == true, "\(place)")
                } else {
                    #expect(stranger.errorStatus == "UNAUTHENTICATED", "\(place)")
                }
            }
        }
    }

    @Test("Health, the sign-in page and what pages load are there for everybody; a server without tokens is open")
    func openRoutes() async throws {
        try await withServer { server in
            #expect(try await server.get("/v1/projects/p/models").status == 200)
            _ = try await server.token("a", .read)
            for path in ["/healthz", "/readyz", "/sign-in", "/assets/lightbox.css"] {
                #expect(try await server.get(path).status == 200, "\(path)")
            }
            #expect(try await server.get("/v1/projects/p/models").status == 401)
        }
    }

    @Test("Google's clients send a token in three ways")
    func waysToSend() async throws {
        try await withServer { server in
            let secret = try await server.token("a", .read)
            let path = "/v1/projects/p/models"
            #expect(try await server.get(path + "?access_token=\(secret)").status == 200)
            #expect(try await server.ask("GET", path, headers: ["access_token": secret]).status == 200)
            #expect(
                try await server.ask("GET", path, headers: ["Authorization": "bearer \(secret)"]).status == 200)
            #expect(try await server.ask("GET", path, headers: ["Authorization": "Basic \(secret)"]).status == 401)
            #expect(try await server.get(path + "?access_token=").status == 401)
        }
    }

    @Test("A token that is over or taken back opens nothing, and the home stays closed")
    func endsOfTokens() async throws {
        try await withServer { server in
            let catalog = server.server.context.catalog
            let (_, short) = try catalog.createToken("short", role: .admin, lifetime: 0.001)
            let (_, gone) = try catalog.createToken("gone", role: .admin)
            try catalog.revokeToken("gone")
            for secret in [short, gone] { try await server.untilClosed(to: secret) }
            for secret in [short, gone] {
                let answer = try await server.ask(
                    "GET", "/v1/projects/p/models", headers: ["Authorization": "Bearer \(secret)"])
                #expect(answer.status == 401)
            }
            #expect(try await server.get("/v1/projects/p/models").status == 401)
            #expect(throws: CatalogError.self) { try catalog.revokeToken("gone") }
            #expect(throws: CatalogError.self) { try catalog.createToken("gone", role: .read) }
            #expect(throws: CatalogError.self) { try catalog.createToken("local", role: .read) }
        }
    }

    @Test("Only the hash of a secret is kept, in a file for its owner")
    func keepsNoSecret() async throws {
        try await withServer { server in
            let secret = try await server.token("a", .read)
            #expect(secret.utf8.count == 68)
            let file = server.folder + "/home/catalog.db"
            for path in [file, file + "-wal"] where FileManager.default.fileExists(atPath: path) {
                let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
                #expect(bytes.range(of: Data(secret.utf8)) == nil)
                let rights = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
                #expect(rights == 0o600)
            }
        }
    }

    @Test(
        "Who is no administrator names objects in buckets only",
        arguments: [
            "/etc/passwd", "file:///etc", "model", "gs://../x", "gs://b/../../x", "http://a/b", "s3://",
            "GS://b/x",
        ])
    func bucketsOnly(place: String) async throws {
        try await withServer { server in
            let writer = ["Authorization": "Bearer \(try await server.token("writer", .write))"]
            let models = "/v1/projects/p/models"
            #expect(try await server.ask("POST", models, #"{"name": "m"}"#, headers: writer).status == 200)
            let version = try await server.ask(
                "POST", models + "/m/versions", #"{"name": "v", "deploymentUri": "\#(place)"}"#, headers: writer)
            #expect(version.status == 403, "\(version.text)")
            #expect(version.text.contains("gs://"))
            for (input, output) in [(place, "gs://b/out"), ("gs://b/in", place)] {
                let job = try await server.ask(
                    "POST", "/v1/projects/p/jobs", Self.job(input, output), headers: writer)
                #expect(job.status == 403, "\(job.text)")
            }
        }
    }

    @Test("Versions and jobs in buckets are everybody's who may write, and keep who made them")
    func keepsCreators() async throws {
        try await withServer(doubling: true) { server in
            let writer = ["Authorization": "Bearer \(try await server.token("writer", .write))"]
            _ = try await server.ask("POST", "/v1/projects/p/models", #"{"name": "m"}"#, headers: writer)
            let version = try await server.ask(
                "POST", "/v1/projects/p/models/m/versions", #"{"name": "v", "deploymentUri": "gs://b/none"}"#,
                headers: writer)
            #expect(version.status == 200, "\(version.text)")
            #expect(try server.server.context.catalog.version("v", of: "m").creator == "writer")
            let job = try await server.ask(
                "POST", "/v1/projects/p/jobs", Self.job("gs://b/in", "s3://b/out", model: "doubling"),
                headers: writer)
            #expect(job.status == 200, "\(job.text)")
            let training = #"{"jobId": "t", "trainingInput": {"pythonModule": "trainer.task", "region": "r"}}"#
            #expect(try await server.ask("POST", "/v1/projects/p/jobs", training, headers: writer).status == 403)
        }
    }

    private static func job(_ input: String, _ output: String, model: String = "m") -> String {
        """
        {"jobId": "j", "predictionInput": {"dataFormat": "JSON", "inputPaths": ["\(input)"], \
        "outputPath": "\(output)", "region": "r", "modelName": "projects/p/models/\(model)"}}
        """
    }

    @Test("Elsewhere than on loopback a server needs a certificate and a token")
    func listensElsewhere() throws {
        try withTemporaryHome { home in
            var settings = ServerSettings()
            settings.host = "0.0.0.0"
            #expect(throws: ServerError.self) { try LightboxServer(home: home, settings: settings) }
            settings.allowsUnprotected = true
            _ = try LightboxServer(home: home, settings: settings)
        }
    }
}

@Suite("Signing in") struct SignInTests {
    static let form = ["Content-Type": "application/x-www-form-urlencoded"]

    @Test("A token begins a session, whose cookie no script reads and no foreign page sends")
    func signsIn() async throws {
        try await withServer { server in
            let secret = try await server.token("reader", .read)
            let refused = try await server.ask("POST", "/sign-in", "token=wrong&next=/models", headers: Self.form)
            #expect(refused.status == 401 && refused.headers["set-cookie"] == nil)
            #expect(refused.text.contains("This token is not known."))
            let answer = try await server.ask(
                "POST", "/sign-in", "token=\(secret)&next=%2Fmodels", headers: Self.form)
            #expect(answer.status == 303)
            #expect(answer.headers["location"] == "/models")
            let cookie = try #require(answer.headers["set-cookie"])
            for flag in ["HttpOnly", "SameSite=Strict", "Path=/"] {
                #expect(cookie.contains("; " + flag), "\(flag)")
            }
            #expect(!cookie.contains("Secure") && !cookie.contains(secret))
            let held = ["Cookie": "a=b; " + String(cookie.prefix { $0 != ";" })]
            let page = try await server.ask("GET", "/models", headers: held)
            #expect(page.status == 200 && page.text.contains("/sign-out"))
            #expect(try await server.ask("POST", "/v1/projects/p/models", "{}", headers: held).status == 403)
            let out = try await server.ask("POST", "/sign-out", headers: held)
            #expect(out.status == 303 && out.headers["set-cookie"]?.contains("Max-Age=0") == true)
            #expect(try await server.ask("GET", "/models", headers: held).status == 401)
        }
    }

    @Test(
        "Nobody is led to another server",
        arguments: [
            "//evil.example", "https://evil.example", "/\\evil.example", "/%09/evil.example", "\\\\evil.example",
            "javascript:alert(1)", "/a%0d%0aSet-Cookie:x", "", "models",
        ])
    func staysHere(next: String) async throws {
        try await withServer { server in
            let secret = try await server.token("reader", .read)
            let answer = try await server.ask(
                "POST", "/sign-in", "token=\(secret)&next=\(next)", headers: Self.form)
            #expect(answer.headers["location"] == "/")
        }
    }

    @Test("Who comes to a page is asked, and then led back to it; buttons that a role may not press are not there")
    func pages() async throws {
        try await withServer { server in
            try await server.post("/v1/projects/p/models", #"{"name": "empty"}"#)
            #expect(try await server.get("/models/empty").text.contains("data-method=\"DELETE\""))
            let reader = try await server.token("reader", .read)
            let writer = try await server.token("writer", .write)
            let asked = try await server.get("/models/empty?a=1")
            #expect(asked.status == 401)
            #expect(asked.text.contains("name=\"next\" value=\"/models/empty?a=1\""))
            for (secret, isThere) in [(reader, false), (writer, true)] {
                let page = try await server.ask(
                    "GET", "/models/empty", headers: ["Authorization": "Bearer \(secret)"])
                #expect(page.text.contains("data-method=\"DELETE\"") == isThere)
            }
            let low = try await server.ask("GET", "/predict", headers: ["Authorization": "Bearer \(reader)"])
            #expect(low.status == 403 && low.text.contains("Not allowed"))
        }
    }
}

extension TestServer {
    /// A token that the server knows of: it looks for new ones only once in a while.
    func token(_ name: String, _ role: AccessRole) async throws -> String {
        let secret = try server.context.catalog.createToken(name, role: role).secret
        try await until { try await server.context.door.signIn(secret) != nil }
        return secret
    }

    /// Waits until the server has seen that there are tokens, and that this one opens nothing.
    func untilClosed(to secret: String) async throws {
        let door = server.context.door
        try await until {
            let asks = try await door.asks()
            let knows = try await door.signIn(secret) != nil
            return asks && !knows
        }
    }

    private func until(_ isTrue: () async throws -> Bool) async throws {
        for _ in 0..<400 {
            if try await isTrue() { return }
            try await Task.sleep(for: .milliseconds(10))
        }
    }
}

func withTemporaryHome(_ body: (Home) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.path + "/lightbox-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try body(Home(path: folder))
}
