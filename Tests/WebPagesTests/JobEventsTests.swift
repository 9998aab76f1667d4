import Foundation
import Testing
import WebPages
import WireFormats

@Suite("Events of a job") struct JobEventsTests {
    /// Names and data of a stream's events.
    private func events(_ text: String) throws -> [(name: String, id: String?, data: JSONValue)] {
        try text.components(separatedBy: "\n\n").filter { $0.contains("event: ") }.map { block in
            var fields: [String: String] = [:]
            for line in block.split(separator: "\n") {
                let parts = line.split(separator: ":", maxSplits: 1).map(String.init)
                try #require(fields.updateValue(parts[1].dropFirst().description, forKey: parts[0]) == nil)
            }
            return (
                try #require(fields["event"]), fields["id"], try JSONValue(parsing: try #require(fields["data"]))
            )
        }
    }

    @Test("Only what has changed is sent; the stream ends with the job") func changes() throws {
        let samples = Samples()
        var stream = JobEvents()
        let first = try events(stream.text(samples.job(), log: samples.lines(1...2), points: 0))
        #expect(first.map(\.name) == ["log", "log", "job"] && first.map(\.id) == ["1", "2", nil])
        #expect(stream.lastLine == 2 && !stream.isAtEnd)
        #expect(stream.text(samples.job(), log: []) == "")
        let second = try events(stream.text(samples.job(done: 2000), log: samples.lines(2...3), points: 4))
        #expect(second.map(\.name) == ["log", "curves", "job"])
        #expect(second[2].data["completed"]?.integer == 2000 && second[2].data["isFinal"]?.bool == false)
        let last = try events(stream.text(samples.job(state: "succeeded", done: 5000), log: [], points: 4))
        #expect(last.map(\.name) == ["job"] && last[0].data["isFinal"]?.bool == true && stream.isAtEnd)
    }

    @Test("Lines that the reader has are not sent again") func resuming() throws {
        let samples = Samples()
        var stream = JobEvents(afterLine: 3)
        let sent = try events(stream.text(samples.job(), log: samples.lines(1...5)))
        #expect(sent.compactMap(\.id) == ["4", "5"])
    }

    @Test(
        "Foreign texts cannot break out",
        arguments: ["a\n\nevent: job\ndata: {}", "<script>alert(1)</script>", "\r\n\u{2028}"])
    func hostile(words: String) throws {
        var stream = JobEvents()
        let sent = try events(stream.text(Samples(words: words).job(), log: Samples(words: words).lines(1...1)))
        #expect(sent.map(\.name) == ["log", "job"])
        #expect(sent[0].data["text"]?.string == "1: \(words)")
        #expect(sent[0].data["line"]?.string?.contains("<script") == false)
    }

    @Test("A quiet job is heard of now and then") func quiet() {
        var stream = JobEvents()
        _ = stream.text(Samples().job(), log: [])
        let texts = (0..<60).map { _ in stream.text(Samples().job(), log: []) }
        #expect(texts.filter { !$0.isEmpty } == [": still there\n\n", ": still there\n\n"])
    }
}
