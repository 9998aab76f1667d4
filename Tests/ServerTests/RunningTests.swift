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
            let found = Mutex(0)
            try await server.running { port in
                found.withLock { $0 = port }
                try await expectPrediction(port: port)
            }
            #expect(server.server.context.isStopping)
            await #expect(throws: RawConnection.Failed.self) {
                try await expectPrediction(port: found.withLock { $0 })
            }
            #expect(server.log.text.contains("\"listening\""))
        }
    }

    @Test("A server that drains answers, but is not ready and keeps no connection") func drains() async throws {
        var settings = ServerSettings()
        settings.drainTime = .seconds(600)
        try await withServer(doubling: true, settings: settings) { server in
            try await server.running { _ in
                let ready = try await server.get("/readyz")
                #expect(ready.status == 200 && ready.headers["connection"] == nil)
            } draining: { port in
                while !server.server.context.isStopping { try await Task.sleep(for: .milliseconds(1)) }
                #expect(try await server.get("/readyz").status == 503)
                try await expectPrediction(port: port)
                #expect(try await server.get("/healthz").headers["connection"] == "close")
            }
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
    private func expectPrediction(port: Int) async throws {
        let body = #"{"instances": [[1, 2, 3, 4]]}"#
        let answer = try await RawConnection.exchange(
            port: port,
            "POST /v1/models/doubling:predict HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                + "Content-Length: \(body.utf8.count)\r\n\r\n" + body)
        #expect(answer.hasPrefix("HTTP/1.1 200"))
        #expect(answer.hasSuffix(#"{"predictions": [[2.0, 4.0, 6.0, 8.0]]}"#))
    }
}
