import Foundation
import LightboxCore
import TestSupport
import Testing
import lightbox

@Suite("Report printer") struct ReportPrinterTests {
    private func report(problems: Int) -> StageReport {
        var report = StageReport(stage: "import")
        report.written = 1234
        report.unchanged = 12
        report.outputs = ["/home/dicom/d/s"]
        report.problems = (0..<problems).map { .init(source: "f\($0).dcm", reason: "no pixel data") }
        return report
    }

    @Test("Counts, outputs, and what was left out") func text() {
        let printer = ReportPrinter(report(problems: 2), errorsFile: "/home/errors.jsonl", elapsed: 3)
        #expect(
            printer.text == """
                import: 1,234 written, 12 already there, 2 left out (0:03)
                  → /home/dicom/d/s
                Left out:
                  f0.dcm: no pixel data
                  f1.dcm: no pixel data
                  also in /home/errors.jsonl
                """)
    }

    @Test("Lists twenty, counts the rest") func many() {
        let text = ReportPrinter(report(problems: 45), errorsFile: "e/errors.jsonl", elapsed: 3).text
        #expect(text.contains("f19.dcm") && !text.contains("f20.dcm"))
        #expect(text.hasSuffix("  … and 25 more in e/errors.jsonl"))
    }

    @Test("A file's name cannot steer the terminal") func steering() {
        var report = StageReport(stage: "import")
        report.problems = [.init(source: "a\u{1B}[2J\rb", reason: "bad")]
        let text = ReportPrinter(report, errorsFile: nil, elapsed: 0).text
        #expect(!text.unicodeScalars.contains { $0 == "\u{1B}" || $0 == "\r" })
    }

    @Test("JSON is one line with every problem and the exit code") func json() throws {
        let bytes = try ReportPrinter(report(problems: 45), errorsFile: nil, elapsed: 1.23456).json()
        #expect(!bytes.contains(UInt8(ascii: "\n")))
        let object = try #require(try JSONSerialization.jsonObject(with: bytes) as? [String: Any])
        #expect(object["written"] as? Int == 1234)
        #expect(object["skipped"] as? Int == 45)
        #expect((object["problems"] as? [Any])?.count == 45)
        #expect(object["exitCode"] as? Int == 3)
        #expect(object["seconds"] as? Double == 1.235)
    }
}

@Suite("errors.jsonl") struct ErrorsFileTests {
    private func lines(_ folder: String) throws -> [String] {
        try String(contentsOfFile: folder + "/errors.jsonl", encoding: .utf8).split(separator: "\n").map(
            String.init)
    }

    @Test("Replaces the stage's own lines, keeps another's, ends with the last problem") func replaces() throws {
        try withTemporaryFolder { folder in
            var first = StageReport(stage: "import")
            first.problems = [.init(source: "a/b.dcm", reason: "1"), .init(source: "c", reason: "2")]
            #expect(try ErrorsFile.save(first, in: folder) == folder + "/errors.jsonl")
            var other = StageReport(stage: "export")
            other.problems = [.init(source: "d", reason: "3")]
            _ = try ErrorsFile.save(other, in: folder)
            #expect(
                try lines(folder) == [
                    #"{"reason":"1","source":"a/b.dcm","stage":"import"}"#,
                    #"{"reason":"2","source":"c","stage":"import"}"#,
                    #"{"reason":"3","source":"d","stage":"export"}"#,
                ])
            first.problems = []
            #expect(try ErrorsFile.save(first, in: folder) == nil)
            #expect(try lines(folder) == [#"{"reason":"3","source":"d","stage":"export"}"#])
            other.problems = []
            _ = try ErrorsFile.save(other, in: folder)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty)
        }
    }
}

@Suite("Exit codes") struct ExitStatusTests {
    @Test(
        "One code for each kind of failure",
        arguments: [
            (FailureKind.environment, Int32(1)), (.invalidInput, 2), (.notFound, 4), (.conflict, 5), (.corrupt, 6),
            (.unsupported, 7), (.limitExceeded, 8),
        ])
    func kinds(kind: FailureKind, code: Int32) { #expect(ExitStatus.of(kind) == code) }

    @Test("A missing file is not found, whoever says so") func missing() {
        #expect(ExitStatus.of(FileFailure(path: "x", errno: ENOENT)) == ExitStatus.notFound)
        #expect(ExitStatus.of(CocoaError(.fileReadNoSuchFile)) == ExitStatus.notFound)
        #expect(ExitStatus.of(CocoaError(.fileWriteOutOfSpace)) == ExitStatus.environment)
    }

    @Test("A report with problems is partial") func partial() {
        var report = StageReport(stage: "s")
        #expect(ExitStatus.of(report) == 0)
        report.problems = [.init(source: "a", reason: "b")]
        #expect(ExitStatus.of(report) == 3)
    }
}
