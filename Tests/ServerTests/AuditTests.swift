import Catalog
import Foundation
import LightboxCore
import Server
import Testing
import WireFormats

@Suite("The audit log") struct AuditTests {
    @Test("Says who did what with what, and nothing of what was sent")
    func lines() async throws {
        try await withServer(doubling: true) { server in
            let body = #"{"instances": [[1, 2, 3, 4], [5, 6, 7, 8]]}"#
            try await server.post("/v1/models/doubling:predict", body)
            try await server.post("/v1/models/doubling:predict", #"{"instances": [["SECRET-NAME"]]}"#)
            _ = try await server.get("/v1/models/SECRET-NAME?SECRET-NAME")
            _ = try await server.get("/healthz")
            let secret = try await server.token("alice", .read)
            try await server.post("/v1/models/doubling:predict", body).expect(401)
            let headers = ["Authorization": "Bearer \(secret)"]
            try await server.ask("POST", "/v1/models/doubling:predict", body, headers: headers).expect(403)
            try server.server.context.audit.flush(now: true)
            let text = try String(contentsOfFile: server.auditPath, encoding: .utf8)
            #expect(!text.contains("SECRET") && !text.contains(secret) && !text.contains("healthz"))
            let lines = try text.split(separator: "\n").map { try JSONValue(parsing: String($0)) }
            let predicted = try #require(lines.first { $0["instances"] != nil })
            #expect(predicted["who"]?.string == "local")
            #expect(predicted["what"]?.string == "POST /v1/models/{model}:predict")
            #expect(predicted["resources"]?["model"]?.string == "doubling")
            #expect(predicted["instances"] == .integer(2) && predicted["status"] == .integer(200))
            let refused = try #require(lines.last)
            #expect(refused["who"]?.string == "alice" && refused["status"] == .integer(403))
            #expect(lines.contains { $0["who"]?.string == "unknown" && $0["status"] == .integer(401) })
            #expect(try AuditReport(home: server.home).isWhole)
        }
    }

    @Test("Finds what was done to it, and says where")
    func findsChanges() throws {
        typealias Change = ([String]) -> [String]
        let changes: [(String, Change, String)] = [
            ("edit", { edit($0, 3) { $0.replacing("command 3", with: "command 9") } }, "line 4 was changed"),
            ("first", { edit($0, 0) { $0.replacing("local", with: "nobody") } }, "line 1 was changed"),
            ("last", { edit($0, 9) { $0.replacing("local", with: "nobody") } }, "line 10 is not the line"),
            ("deletion", { Array($0[..<4] + $0[5...]) }, "line 5 is missing"),
            ("deletion of the first", { Array($0[1...]) }, "line 1 is missing"),
            ("order", { $0[..<2] + [$0[3], $0[2]] + $0[4...] }, "line 3 is missing before line 3"),
            ("end", { Array($0[..<7]) }, "3 lines are missing at the end: there were 10"),
            ("everything", { _ in [] }, "10 lines are missing at the end"),
            ("doubled", { $0[..<3] + [$0[2]] + $0[3...] }, "line 4 of the file has the number 3"),
            ("foreign", { $0[..<3] + ["{}"] + $0[4...] }, "line 4 is no line"),
        ]
        for (name, change, problem) in changes {
            try withAuditLog(10) { home, path in
                let lines = try read(path)
                try write(change(lines), to: path)
                let report = try AuditReport(home: home)
                #expect(!report.isWhole)
                #expect(report.problems.contains { $0.hasPrefix(problem) }, "\(name): \(report.problems)")
                // It does not heal when something is added.
                try AuditLog(home: home).note("command", resources: [])
                #expect(try !AuditReport(home: home).isWhole, "\(name)")
            }
        }
    }

    @Test("A whole log that was written anew has another head")
    func noticesAnotherLog() throws {
        try withAuditLog(3) { home, path in
            let noted = try AuditReport(home: home).head
            try AuditLog(home: home).note("more", resources: [])
            #expect(try AuditReport(home: home, expected: noted).isWhole)
            try FileManager.default.removeItem(atPath: home.path + "/audit")
            for _ in 0..<5 { try AuditLog(home: home).note("other", resources: []) }
            #expect(try AuditReport(home: home).isWhole)
            #expect(try !AuditReport(home: home, expected: noted).isWhole)
        }
    }

    @Test("A process that was killed leaves a chain: its last, half line is cut, and the next line follows")
    func survivesKills() throws {
        try withAuditLog(5) { home, path in
            let whole = try Data(contentsOf: URL(fileURLWithPath: path))
            // The head is a second old, and the last line is half there.
            try withTornLine(of: path)
            let torn = try AuditReport(home: home)
            #expect(torn.isWhole && torn.lines == 5 && torn.remarks.count == 1, "\(torn)")
            try AuditLog(home: home).note("after", resources: [])
            let after = try AuditReport(home: home)
            #expect(after.isWhole && after.lines == 6 && after.remarks.isEmpty, "\(after)")
            #expect(try Data(contentsOf: URL(fileURLWithPath: path)).starts(with: whole))
        }
    }

    @Test("Several writers make one chain")
    func severalWriters() async throws {
        try await withServer { server in
            let home = server.home
            await withTaskGroup(of: Void.self) { tasks in
                for writer in 0..<4 {
                    tasks.addTask {
                        for number in 0..<25 {
                            try? AuditLog(home: home).note("write \(writer) \(number)", resources: [])
                        }
                    }
                }
            }
            let report = try AuditReport(home: home)
            #expect(report.isWhole && report.lines == 100, "\(report)")
        }
    }

    @Test("A log that cannot be written holds so much and counts the rest")
    func stuck() throws {
        try withTemporaryHome { home in
            // A file where the folder should be.
            try FileManager.default.createDirectory(atPath: home.path, withIntermediateDirectories: true)
            try Data().write(to: URL(fileURLWithPath: home.path + "/audit"))
            let log = AuditLog(home: home)
            for number in 0..<150_000 { log.add("command \(number)", resources: [], by: "tester") }
            #expect(throws: (any Error).self) { try log.flush(now: true) }
            for number in 150_000..<250_000 { log.add("command \(number)", resources: [], by: "tester") }
            #expect(throws: (any Error).self) { try log.flush(now: true) }
            try FileManager.default.removeItem(atPath: home.path + "/audit")
            try log.flush(now: true)
            let report = try AuditReport(home: home)
            #expect(report.isWhole && report.lines == 200_001, "\(report)")
            let text = try String(contentsOfFile: home.path + "/audit/audit.jsonl", encoding: .utf8)
            let last = try JSONValue(parsing: String(try #require(text.split(separator: "\n").last)))
            #expect(last["what"]?.string == "audit records lost" && last["instances"] == .integer(50_000))
        }
    }

    @Test("What is refused because the log is full does not make it fuller")
    func refusals() async throws {
        try await withServer { server in
            let audit = server.server.context.audit
            for _ in 0..<100_000 { audit.add("command", resources: [], by: "tester") }
            for _ in 0..<5 { try await server.get("/v1/projects/p/models").expect(503) }
            try audit.flush(now: true)
            #expect(try AuditReport(home: server.home).lines == 100_000)
            try await server.get("/v1/projects/p/models").expect(200)
        }
    }

    // MARK: Help

    private func withAuditLog(_ count: Int, _ body: (Home, String) throws -> Void) throws {
        try withTemporaryHome { home in
            for number in 0..<count { try AuditLog(home: home).note("command \(number)", resources: []) }
            try body(home, home.path + "/audit/audit.jsonl")
        }
    }

    private func withTornLine(of path: String) throws {
        let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
        try file.seekToEnd()
        try file.write(contentsOf: Data(#"{"n": 6, "previous": "ab"#.utf8))
        try file.close()
    }

    private func read(_ path: String) throws -> [String] {
        try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map(String.init)
    }

    private func write(_ lines: [String], to path: String) throws {
        try Data(lines.map { $0 + "\n" }.joined().utf8).write(to: URL(fileURLWithPath: path))
    }
}

private func edit(_ lines: [String], _ index: Int, _ change: (String) -> String) -> [String] {
    var lines = lines
    lines[index] = change(lines[index])
    return lines
}

extension TestServer {
    var home: Home { server.context.home }
    var auditPath: String { folder + "/home/audit/audit.jsonl" }
}

extension Answer {
    func expect(_ wanted: Int) { #expect(status == wanted, "\(text)") }
}
