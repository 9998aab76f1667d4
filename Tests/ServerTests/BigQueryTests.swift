import Foundation
import LightboxCore
import Server
import TestSupport
import Testing
import Warehouse
import WireFormats

@Suite("BigQuery v2") struct BigQueryTests {
    private static let base = "/bigquery/v2/projects/p"

    /// A server with a table `d.t` of 100 rows.
    private func withTable(writes: Bool = false, _ body: (TestServer) async throws -> Void) async throws {
        var settings = ServerSettings()
        settings.tables.allowsWrites = writes
        try await withServer(settings: settings) { server in
            let rows = (0..<100).map {
                TableRow([
                    .init("n", .integer($0)), .init("name", .text("row \($0)")),
                    .init("v", .vector([0.5, Float($0)])),
                ])
            }
            try Warehouse(home: Home(path: server.folder + "/home")).load(
                rows, into: TableName("d.t"), disposition: .truncate, from: Provenance(source: "test"), at: Date())
            try await body(server)
        }
    }

    private func reason(_ answer: Answer) -> String? {
        answer.json["error"]?["errors"]?.elements?.first?["reason"]?.string
    }

    private func query(_ server: TestServer, _ sql: String, _ more: String = "") async throws -> Answer {
        try await server.post(
            Self.base + "/queries", #"{"query": "\#(sql)", "useLegacySql": false, "timeoutMs": 600000\#(more)}"#)
    }

    @Test("A query answers with its columns and first rows, and the others page by page") func pages() async throws
    {
        try await withTable { server in
            let first = try await query(server, "SELECT n, v FROM d.t ORDER BY n", #", "maxResults": 3"#)
            #expect(
                first.status == 200 && first.json["jobComplete"]?.bool == true
                    && first.json["totalRows"]?.string == "100")
            let fields = first.json["schema"]?["fields"]?.elements ?? []
            #expect(fields.compactMap { $0["type"]?.string } == ["INTEGER", "FLOAT"])
            #expect(fields.compactMap { $0["mode"]?.string } == ["NULLABLE", "REPEATED"])
            let row = #"{"f": [{"v": "2"}, {"v": [{"v": "0.5"}, {"v": "2.0"}]}]}"#
            #expect(first.json["rows"]?.elements?.last == (try JSONValue(parsing: row)))
            let job = try #require(first.json["jobReference"]?["jobId"]?.string)
            var (seen, token) = (3, first.json["pageToken"]?.string)
            while let next = token {
                let page = try await server.get(Self.base + "/queries/\(job)?maxResults=40&pageToken=\(next)")
                let rows = page.json["rows"]?.elements ?? []
                #expect(rows.first?["f"]?.elements?.first?["v"]?.string == "\(seen)")
                seen += rows.count
                token = page.json["pageToken"]?.string
            }
            #expect(seen == 100)
            #expect(
                try await server.get("/projects/p/queries/\(job)?maxResults=0").json["totalRows"]?.string == "100")
            #expect(reason(try await server.get(Self.base + "/queries/\(job)?pageToken=x")) == "invalid")
            #expect(reason(try await server.get(Self.base + "/queries/none")) == "notFound")
        }
    }

    @Test(
        "Errors have the reasons that clients go by",
        arguments: [
            ("SELECT nothing FROM d.t", 400, "invalidQuery"), ("SELECT 1 FROM d.none", 404, "notFound"),
            ("SELECT * FROM sqlite_master", 404, "notFound"), ("DROP TABLE d.t", 400, "invalidQuery"),
            ("SELECT 1 / 0", 400, "invalidQuery"), ("SELECT n, n FROM d.t", 400, "invalidQuery"),
            ("#legacySQL\\nSELECT 1", 400, "invalidQuery"), ("", 400, "required"),
        ])
    func errors(sql: String, status: Int, wanted: String) async throws {
        try await withTable { server in
            let answer = try await query(server, sql)
            #expect(answer.status == status && reason(answer) == wanted, "\(answer.text)")
        }
    }

    @Test("A job that failed tells so, and so does its result") func failedJob() async throws {
        try await withTable { server in
            let made = try await server.post(
                Self.base + "/jobs",
                #"{"configuration": {"query": {"query": "SELECT nothing FROM d.t"}}, "jobReference": {"jobId": "mine"}}"#
            )
            #expect(made.status == 200)
            #expect(reason(try await server.get(Self.base + "/queries/mine?timeoutMs=600000")) == "invalidQuery")
            let job = try await server.get(Self.base + "/jobs/mine").json
            #expect(job["status"]?["state"]?.string == "DONE")
            #expect(job["status"]?["errorResult"]?["reason"]?.string == "invalidQuery")
            let again = try await server.post(
                Self.base + "/jobs",
                #"{"configuration": {"query": {"query": "SELECT 1"}}, "jobReference": {"jobId": "mine"}}"#)
            #expect(again.status == 409 && reason(again) == "duplicate")
        }
    }

    @Test(
        "Without the flag nothing is changed",
        arguments: [
            ("POST", "/datasets", #"{"datasetReference": {"datasetId": "x"}}"#),
            ("DELETE", "/datasets/d?deleteContents=true", ""),
            ("POST", "/datasets/d/tables", #"{"tableReference": {"tableId": "x"}}"#),
            ("DELETE", "/datasets/d/tables/t", ""),
            ("PATCH", "/datasets/d/tables/t", "{}"),
            ("POST", "/datasets/d/tables/t/insertAll", #"{"rows": [{"json": {"n": 1}}]}"#),
            (
                "POST", "/jobs",
                #"{"configuration": {"load": {"sourceUris": ["gs://b/x"], "destinationTable": {"datasetId": "d", "tableId": "t"}}}}"#
            ),
            (
                "POST", "/jobs",
                #"{"configuration": {"extract": {"destinationUris": ["gs://b/x"], "sourceTable": {"datasetId": "d", "tableId": "t"}}}}"#
            ),
            (
                "POST", "/jobs",
                #"{"configuration": {"query": {"query": "SELECT 1 AS a", "destinationTable": {"datasetId": "d", "tableId": "x"}}}}"#
            ),
        ])
    func readOnly(method: String, path: String, body: String) async throws {
        try await withTable { server in
            let answer = try await server.ask(method, Self.base + path, body)
            #expect(
                answer.status == 403 && reason(answer) == "accessDenied"
                    && answer.text.contains("--allow-table-writes"))
            #expect(try await server.get(Self.base + "/datasets/d/tables/t").json["numRows"]?.string == "100")
        }
    }

    @Test("Rows of a table: from anywhere, some columns") func tableData() async throws {
        try await withTable { server in
            let page = try await server.get(
                Self.base + "/datasets/d/tables/t/data?maxResults=2&startIndex=97&selectedFields=name"
            ).json
            #expect(
                page["rows"] == (try JSONValue(parsing: #"[{"f": [{"v": "row 97"}]}, {"f": [{"v": "row 98"}]}]"#)))
            let last = try await server.get(
                Self.base + "/datasets/d/tables/t/data?pageToken=\(page["pageToken"]?.string ?? "")"
            ).json
            #expect(last["rows"]?.elements?.count == 1 && last["pageToken"] == nil)
            #expect(
                reason(try await server.get(Self.base + "/datasets/d/tables/t/data?selectedFields=none"))
                    == "invalid")
            #expect(
                reason(try await server.get(Self.base + "/datasets/d/tables/t/data?startIndex=-1")) == "invalid")
        }
    }

    @Test(
        "Uploads that are cut, misnamed or endless leave nothing",
        arguments: [
            ("uploadType=multipart", "multipart/related; boundary=b", "--b\r\n\r\n{}\r\n--b"),
            ("uploadType=multipart", "multipart/related", "--b\r\n\r\n{}\r\n--b--"),
            (
                "uploadType=multipart", "multipart/related; boundary=b",
                "--b\r\n\r\nno json\r\n--b\r\n\r\nx\r\n--b--"
            ),
            ("uploadType=resumable", "application/json", "no json"), ("uploadType=media", "text/csv", "a,b"),
            ("upload_id=none", "text/csv", "a,b"),
        ])
    func badUploads(query: String, type: String, body: String) async throws {
        try await withTable(writes: true) { server in
            let answer = try await server.ask(
                "POST", "/upload/bigquery/v2/projects/p/jobs?" + query, body, headers: ["Content-Type": type])
            #expect([400, 404].contains(answer.status), "\(answer.text)")
            let left =
                (try? FileManager.default.contentsOfDirectory(atPath: server.folder + "/home/cache/uploads")) ?? []
            #expect(left.isEmpty)
        }
    }

    @Test("A load reads buckets alone") func addresses() async throws {
        try await withTable(writes: true) { server in
            for address in [
                "file:///etc/passwd", "/etc/passwd", "https://example.org/x", "gs://b/../../etc/passwd",
                "gs://b/none",
            ] {
                let body =
                    #"{"configuration": {"load": {"sourceUris": ["\#(address)"], "autodetect": true, "destinationTable": {"datasetId": "d", "tableId": "x"}}}, "jobReference": {"jobId": "j\#(address.utf8.count)"}}"#
                let made = try await server.post(Self.base + "/jobs", body)
                if made.status == 200 {
                    let result = try await server.get(
                        Self.base + "/queries/j\(address.utf8.count)?timeoutMs=600000")
                    #expect(result.status >= 400, "\(address)")
                } else {
                    #expect(made.status == 400, "\(address)")
                }
            }
            #expect(try await server.get(Self.base + "/datasets/d/tables/x").status == 404)
        }
    }
}
