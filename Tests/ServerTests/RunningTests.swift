import Catalog
import Foundation
import LightboxCore
import Server
import Synchronization
import Testing
import WireFormats

@Suite("A server that runs") struct RunningTests {
    @Test("Works on jobs, tells of them as they go, and ends when it is asked")
    func runsJobs() async throws {
        try await withServer(doubling: true) { server in
            let bucket = server.folder + "/home/buckets/data"
            try FileManager.default.createDirectory(atPath: bucket, withIntermediateDirectories: true)
            let rows = (0..<300).map { "[\($0), 0, 0, 0]\n" }.joined() + "[1]\n"
            try Data(rows.utf8).write(to: URL(fileURLWithPath: bucket + "/rows.json"))
            try await server.running { _ in
                let made = try await server.post("/v1/projects/p/jobs", job("batch"))
                #expect(made.json["state"]?.string == "QUEUED")
                #expect(made.json["predictionInput"]?["batchSize"]?.string == "16")
                #expect(try await server.post("/v1/projects/p/jobs", job("batch")).errorStatus == "ALREADY_EXISTS")
                // The stream ends with the job.
                let events = try await server.get("/v1/jobs/batch/events").text
                #expect(events.hasPrefix("event: progress\ndata: {\"state\": "))
                #expect(events.contains("event: log\nid: 1\n"))
                #expect(events.contains("event: end\ndata: {\"state\": \"SUCCEEDED\""))
                let ended = try await server.get("/v1/projects/p/jobs/batch").json
                #expect(ended["predictionOutput"]?["predictionCount"]?.string == "300")
                #expect(ended["predictionOutput"]?["errorCount"]?.string == "1")
                #expect(
                    try await server.post("/v1/projects/p/jobs/batch:cancel", "{}").errorStatus
                        == "FAILED_PRECONDITION")
                let later = try await server.ask(
                    "GET", "/v1/jobs/batch/events", headers: ["Last-Event-ID": "2"])
                #expect(!later.text.contains("id: 1\n") && !later.text.contains("id: 2\n"))
                let found = try await server.get("/v1/projects/p/jobs?filter=state:SUCCEEDED").json
                #expect(found["jobs"]?.elements?.count == 1)
            }
            let results = try String(
                contentsOfFile: bucket + "/out/prediction.results-00000-of-00001", encoding: .utf8)
            #expect(results.split(separator: "\n").count == 300)
        }
    }

    @Test(
        "What a job must have",
        arguments: [
            #""region": "r", "modelName": "projects/p/models/doubling", "inputPaths": ["gs://a/b"], "outputPath": "gs://a/c""#,
            #""dataFormat": "JSON", "modelName": "projects/p/models/doubling", "inputPaths": ["gs://a/b"], "outputPath": "gs://a/c""#,
            #""dataFormat": "JSON", "region": "r", "inputPaths": ["gs://a/b"], "outputPath": "gs://a/c""#,
            #""dataFormat": "JSON", "region": "r", "modelName": "doubling", "inputPaths": ["gs://a/b"], "outputPath": "gs://a/c""#,
            #""dataFormat": "XML", "region": "r", "modelName": "projects/p/models/doubling", "inputPaths": ["gs://a/b"], "outputPath": "gs://a/c""#,
            #""dataFormat": "JSON", "region": "r", "modelName": "projects/p/models/doubling", "uri": "gs://a", "inputPaths": ["gs://a/b"], "outputPath": "gs://a/c""#,
            #""dataFormat": "JSON", "region": "r", "modelName": "projects/p/models/doubling", "outputPath": "gs://a/c""#,
        ])
    func refusesJobs(input: String) async throws {
        try await withServer(doubling: true) { server in
            let answer = try await server.post(
                "/v1/projects/p/jobs", #"{"jobId": "j", "predictionInput": {\#(input)}}"#)
            #expect(answer.errorStatus == "INVALID_ARGUMENT", "\(answer.text)")
        }
    }

    @Test("A request that was taken is answered when the server is asked to end; others find nobody")
    func endsGracefully() async throws {
        try await withServer(doubling: true) { server in
            let port = Mutex(0)
            try await server.running { found in
                port.withLock { $0 = found }
                let body = #"{"instances": [[1, 2, 3, 4]]}"#
                let answer = try exchange(port: found, body: body)
                #expect(answer.hasPrefix("HTTP/1.1 200"))
                #expect(answer.hasSuffix(#"{"predictions": [[2.0, 4.0, 6.0, 8.0]]}"#))
            }
            #expect(server.server.context.isStopping)
            #expect(throws: (any Error).self) { try exchange(port: port.withLock { $0 }, body: "{}") }
            #expect(server.log.text.contains("\"listening\""))
        }
    }

    // MARK: Help

    private func job(_ name: String) -> String {
        """
        {"jobId": "\(name)", "predictionInput": {"dataFormat": "JSON", "inputPaths": ["gs://data/*.json"], \
        "outputPath": "gs://data/out", "region": "us-central1", "batch_size": 16, \
        "modelName": "projects/p/models/doubling"}}
        """
    }

    /// One request over a connection of its own.
    private func exchange(port: Int, body: String) throws -> String {
        struct NoConnection: Error {}
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let connected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard connected == 0 else { throw NoConnection() }
        let request = """
            POST /v1/models/doubling:predict HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
            Content-Length: \(body.utf8.count)\r\n\r\n\(body)
            """
        let bytes = Array(request.utf8)
        guard send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count else {
            throw NoConnection()
        }
        var answer: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 4096)
        while case let count = recv(descriptor, &piece, piece.count, 0), count > 0 { answer += piece[..<count] }
        return String(decoding: answer, as: UTF8.self)
    }
}
