import Catalog
import Foundation
import LightboxCore
import Server
import TestSupport
import Testing
import Warehouse
import WireFormats

@Suite("Writing of what was chosen on a map") struct MapWritingTests {
    private func post(
        _ server: TestServer, _ path: String, _ body: String, headers: [String: String] = [:]
    ) async throws -> Answer {
        try await server.ask(
            "POST", path, body, headers: ["Content-Type": "application/json"].merging(headers) { $1 })
    }

    @Test("Labels are written beside the map, colour it, and are undone") func labels() async throws {
        try await MapSamples.withMap { server, version in
            func label(_ changes: String, table: String = "marks", version: String) async throws -> Answer {
                try await post(
                    server, "/maps/lab.map/labels",
                    #"{"version": "\#(version)", "axes": "x,y", "table": "\#(table)", "column": "kind", "changes": \#(changes)}"#
                )
            }
            let made = try await label(#"[{"value": "good", "ranges": [0, 2, 4, 1]}]"#, version: version)
            #expect(made.status == 200 && made.json["rows"]?.integer == 3 && made.json["changed"]?.integer == 3)
            let columns = try await server.get("/maps/lab.map/columns").json.elements
            #expect(columns?.contains { $0["from"]?.string == "table:marks" } == true)
            let query = "/maps/lab.map/column?version=\(version)&from=table:marks&name=kind"
            #expect(try MapSamples.parts(await server.get(query), of: UInt8.self).numbers == [0, 0, 2, 2, 0])
            let warehouse = try Warehouse(home: TestEngine.home(server.folder + "/home"))
            #expect(
                try warehouse.query("SELECT path, kind FROM marks ORDER BY path").rows == [
                    ["p0.png", "good"], ["p1.png", "good"], ["p4.png", "good"],
                ])
            let undone = try await post(
                server, "/maps/lab.map/labels",
                #"{"version": "\#(version)", "table": "marks", "column": "kind", "changes": \#(String(decoding: try made.json["previous"]!.serialized(), as: UTF8.self))}"#
            )
            #expect(undone.status == 200 && undone.json["rows"]?.integer == 0)
            #expect(try !warehouse.tables().map(\.description).contains("marks"))

            #expect(
                try await label(#"[{"value": "x", "ranges": [0, 1]}]"#, table: "labels", version: version).status
                    == 409)
            #expect(
                try await label(#"[{"value": "x", "ranges": [0, 1]}]"#, table: "lab.map", version: version).status
                    == 409)
            // Somebody loads the map anew.
            try MapSamples.load(
                [MapSamples.row(["path": "p9.png", "x": 1.0, "y": 1.0])], into: "lab.map", server.folder)
            let late = try await label(#"[{"value": "x", "ranges": [0, 1]}]"#, version: version)
            #expect(late.status == 409 && late.text.contains("changed meanwhile"))
            #expect(try warehouse.tables().map(\.description) == ["foreign", "lab.map", "labels"])
        }
    }

    @Test("A selection becomes a table or a file") func selections() async throws {
        try await MapSamples.withMap { server, version in
            let body = #"{"version": "\#(version)", "ranges": [1, 2], "name": "part"}"#
            let made = try await post(server, "/maps/lab.map/selections", body)
            #expect(made.status == 200 && made.json["rows"]?.integer == 2)
            let warehouse = try Warehouse(home: TestEngine.home(server.folder + "/home"))
            #expect(try warehouse.query("SELECT * FROM part").rows == [["p1.png"], ["p2.png"]])
            #expect(try await post(server, "/maps/lab.map/selections", body).status == 409)
            let mark = try #require(made.json["mark"]?.string)
            #expect(try await server.ask("DELETE", "/maps/lab.map/selections/part?mark=x").status == 409)
            #expect(try await server.ask("DELETE", "/maps/lab.map/selections/labels?mark=\(mark)").status == 409)
            #expect(try await server.ask("DELETE", "/maps/lab.map/selections/part?mark=\(mark)").status == 200)
            #expect(try !warehouse.tables().map(\.description).contains("part"))

            let file = try await post(
                server, "/maps/lab.map/export", #"{"version": "\#(version)", "ranges": [3, 2]}"#)
            #expect(file.text == "path,x,y\np3.png,1.0,1.0\np4.png,0.0,0.0\n")
            #expect(file.headers["content-type"] == "text/csv; charset=utf-8")
        }
    }

    @Test(
        "A wish that makes no sense changes nothing",
        arguments: [
            #"{}"#, #"[]"#, #"{"version": 1}"#, #"{"version": "V"}"#,
            #"{"version": "V", "name": "a b", "ranges": [0, 1]}"#,
            #"{"version": "V", "name": "new", "ranges": [0]}"#, #"{"version": "V", "name": "new", "ranges": []}"#,
            #"{"version": "V", "name": "new", "ranges": [-1, 2]}"#,
            #"{"version": "V", "name": "new", "ranges": [0, 6]}"#,
            #"{"version": "V", "name": "new", "ranges": [0, 0]}"#,
            #"{"version": "V", "name": "new", "ranges": [2, 1, 0, 1]}"#,
            #"{"version": "V", "name": "new", "ranges": [0.5, 1]}"#,
            #"{"version": "V", "name": "new", "ranges": ["0", 1]}"#,
            #"{"version": "V", "name": "new", "ranges": [9e18, 9e18]}"#,
            #"{"version": "V", "name": "new", "ranges": [[0, 1]]}"#,
            #"{"version": "V", "name": "sqlite_x", "ranges": [0, 1]}"#,
            #"{"version": "V", "axes": "a,b", "name": "new", "ranges": [0, 1]}"#,
        ])
    func wrong(body: String) async throws {
        try await MapSamples.withMap { server, version in
            let text = body.replacing("\"V\"", with: "\"\(version)\"")
            #expect(try await post(server, "/maps/lab.map/selections", text).status == 400, "\(text)")
            let changes = text.replacing(
                "\"ranges\"", with: #""table": "new", "column": "c", "changes": [{"value": "x"}], "r""#)
            #expect(try await post(server, "/maps/lab.map/labels", changes).status == 400, "\(changes)")
            let plain = try await post(
                server, "/maps/lab.map/selections",
                #"{"version": "\#(version)", "name": "new", "ranges": [0, 1]}"#,
                headers: ["Content-Type": "text/plain"])
            #expect(plain.status == 415)
            let tables = try Warehouse(home: TestEngine.home(server.folder + "/home")).tables()
            #expect(tables.map(\.description) == ["foreign", "lab.map", "labels"])
        }
    }

    @Test(
        "Labels are texts of a sensible length",
        arguments: [#""""#, "7", "\"\(String(repeating: "x", count: 1001))\"", #""a\u0000b""#, "[]"])
    func wrongLabels(value: String) async throws {
        try await MapSamples.withMap { server, version in
            let answer = try await post(
                server, "/maps/lab.map/labels",
                #"{"version": "\#(version)", "table": "t", "column": "c", "changes": [{"value": \#(value), "ranges": [0, 1]}]}"#
            )
            #expect(answer.status == 400, "\(answer.text)")
        }
    }

    @Test("Who may only read sees no forms and writes nothing; the log says who wrote how much") func roles()
        async throws
    {
        try await MapSamples.withMap { server, version in
            let reader = ["Authorization": "Bearer \(try await server.token("reader", .read))"]
            let writer = ["Authorization": "Bearer \(try await server.token("writer", .write))"]
            let selection = #"{"version": "\#(version)", "name": "new", "ranges": [0, 2]}"#
            let labels =
                #"{"version": "\#(version)", "table": "t", "column": "c", "changes": [{"value": "v", "ranges": [0, 2]}]}"#
            let page = try await server.ask("GET", "/maps/lab.map", headers: reader).text
            #expect(page.contains("id=\"map\"") && !page.contains("label-form") && !page.contains("table-form"))
            for (path, body) in [("selections", selection), ("labels", labels)] {
                #expect(try await post(server, "/maps/lab.map/\(path)", body).status == 401)
                #expect(try await post(server, "/maps/lab.map/\(path)", body, headers: reader).status == 403)
            }
            let drop = try await server.ask("DELETE", "/maps/lab.map/selections/labels?mark=", headers: reader)
            #expect(drop.status == 403)
            #expect(try await post(server, "/maps/lab.map/export", selection, headers: reader).status == 200)
            #expect(try await server.ask("GET", "/maps/lab.map", headers: writer).text.contains("label-form"))
            let evil = ["Origin": "https://evil.example"].merging(writer) { $1 }
            #expect(try await post(server, "/maps/lab.map/labels", labels, headers: evil).status == 403)
            #expect(try await post(server, "/maps/lab.map/labels", labels, headers: writer).status == 200)
            try server.server.context.audit.flush(now: true)
            let log = try server.auditText()
            #expect(
                log.contains(#""who": "writer", "what": "POST /maps/{table}/labels", "resources": {"table": "#))
            #expect(log.contains(#""instances": 2"#))
        }
    }
}

extension TestServer {
    /// All that the audit log holds.
    fileprivate func auditText() throws -> String {
        let folder = folder + "/home/audit"
        return try FileManager.default.contentsOfDirectory(atPath: folder).map {
            try String(contentsOfFile: folder + "/" + $0, encoding: .utf8)
        }.joined()
    }
}
