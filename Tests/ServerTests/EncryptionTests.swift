import Catalog
import Foundation
import LightboxCore
import Server
import Testing

@Suite("TLS") struct EncryptionTests {
    @Test("Speaks TLS 1.2 and newer with the certificate that it is given, and nothing else")
    func shakesHands() async throws {
        try await withCertificate { certificate, key in
            var settings = ServerSettings()
            settings.encryption = (certificate, key)
            try await withServer(settings: settings) { server in
                try await server.running { port in
                    for (options, isAnswered) in [
                        (["--cacert", certificate], true), (["--cacert", certificate, "--tls-max", "1.2"], true),
                        ([], false), (["--cacert", certificate, "--tls-max", "1.1"], false),
                    ] {
                        let (status, text) = try await tool(
                            "curl", options + ["-s", "https://localhost:\(port)/healthz"])
                        #expect((status == 0 && text == "ok\n") == isAnswered, "\(options): \(status)")
                    }
                    let plain = try await tool("curl", ["-s", "http://localhost:\(port)/healthz"])
                    #expect(plain.text != "ok\n")
                }
            }
        }
    }

    @Test("With a token and a certificate it listens elsewhere")
    func listensElsewhere() async throws {
        try await withCertificate { certificate, key in
            try withTemporaryHome { home in
                var settings = ServerSettings()
                settings.host = "0.0.0.0"
                settings.encryption = (certificate, key)
                #expect(throws: ServerError.self) { try LightboxServer(home: home, settings: settings) }
                settings.allowsUnprotected = true
                let server = try LightboxServer(home: home, settings: settings)
                _ = try server.context.catalog.createToken("a", role: .read)
                settings.allowsUnprotected = false
                _ = try LightboxServer(home: home, settings: settings)
                settings.encryption = (certificate, certificate)
                #expect(throws: (any Error).self) { try LightboxServer(home: home, settings: settings) }
                settings.encryption = (home.path + "/none.pem", key)
                #expect(throws: (any Error).self) { try LightboxServer(home: home, settings: settings) }
            }
        }
    }

    @Test("Under TLS the cookie is for TLS only")
    func secureCookie() async throws {
        try await withCertificate { certificate, key in
            var settings = ServerSettings()
            settings.encryption = (certificate, key)
            try await withServer(settings: settings) { server in
                let secret = try await server.token("reader", .read)
                let answer = try await server.ask("POST", "/sign-in", "token=\(secret)", headers: SignInTests.form)
                #expect(answer.headers["set-cookie"]?.contains("; Secure") == true)
                #expect(answer.headers["location"] == "/")
            }
        }
    }

    private func withCertificate(_ body: (String, String) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.path + "/lightbox-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let (certificate, key) = (folder + "/certificate.pem", folder + "/key.pem")
        let made = try await tool(
            "openssl",
            [
                "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext",
                "subjectAltName=DNS:localhost", "-keyout", key, "-out", certificate,
            ])
        try #require(made.status == 0)
        try await body(certificate, key)
    }

    private func tool(_ name: String, _ arguments: [String]) async throws -> (status: Int32, text: String) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [name] + arguments
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        let status = try await withCheckedThrowingContinuation { continuation in
            process.terminationHandler = { continuation.resume(returning: $0.terminationStatus) }
            do { try process.run() } catch { continuation.resume(throwing: error) }
        }
        return (status, String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self))
    }
}
