package import Foundation
package import LightboxCore

/// A stage's report as text for people and as one line of JSON for scripts.
package struct ReportPrinter {
    package var report: StageReport
    /// Where every problem is written down.
    package var errorsFile: String?
    /// Seconds the stage took.
    package var elapsed: Double
    /// More than these are only counted.
    private static let listedProblems = 20

    package init(_ report: StageReport, errorsFile: String?, elapsed: Double) {
        self.report = report
        self.errorsFile = errorsFile
        self.elapsed = elapsed
    }

    /// Counts, then outputs, then what was left out and why.
    package var text: String {
        let count = ProgressText.count
        var counts = ["\(count(report.written)) written"]
        if report.unchanged > 0 { counts.append("\(count(report.unchanged)) already there") }
        if !report.problems.isEmpty { counts.append("\(count(report.problems.count)) left out") }
        var lines = ["\(report.stage): \(counts.joined(separator: ", ")) (\(ProgressText.duration(elapsed)))"]
        lines += report.outputs.map { "  → \(Terminal.printable($0))" }
        if !report.problems.isEmpty {
            lines.append("Left out:")
            lines += report.problems.prefix(Self.listedProblems).map {
                "  \(Terminal.printable($0.source)): \(Terminal.printable($0.reason))"
            }
            let more = report.problems.count - Self.listedProblems
            if more > 0 {
                lines.append("  … and \(count(more)) more in \(errorsFile ?? "the report (--json)")")
            } else if let errorsFile {
                lines.append("  also in \(errorsFile)")
            }
        }
        return lines.joined(separator: "\n")
    }

    private struct Document: Encodable {
        let stage: String
        let written: Int
        let unchanged: Int
        let skipped: Int
        let problems: [StageReport.Problem]
        let outputs: [String]
        let errorsFile: String?
        let seconds: Double
        let exitCode: Int32
    }

    /// The same on one line: counts, all problems, outputs, seconds, `exitCode`.
    package func json() throws -> Data {
        try jsonLine(
            Document(
                stage: report.stage, written: report.written, unchanged: report.unchanged,
                skipped: report.problems.count, problems: report.problems, outputs: report.outputs,
                errorsFile: errorsFile, seconds: (elapsed * 1000).rounded() / 1000, exitCode: ExitStatus.of(report)
            ))
    }
}
