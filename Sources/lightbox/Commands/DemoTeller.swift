import Foundation
import LightboxCore
import Pipelines
import Warehouse

/// Tells the demo's reader what is going on, each step with the command that does the same.
final class DemoTeller {
    private let home: String
    /// One line of JSON a report and a query instead of the story.
    private let asJSON: Bool
    private let start = ContinuousClock.now
    private(set) var leftOut = 0

    init(home: String, asJSON: Bool) {
        self.home = home
        self.asJSON = asJSON
    }

    func tell(_ event: DemoStage.Event) {
        if case .report(let report) = event { leftOut += report.problems.count }
        if asJSON { return tellAsJSON(event) }
        switch event {
        case .step(let number, let count, let title, let command):
            if number == 1 {
                print("Each step says the command that does the same by hand, after: export LIGHTBOX_HOME=\(home)")
            }
            print("\n[\(number)/\(count)] \(title)")
            for line in command.split(separator: "\n") { print("      $ \(line)") }
        case .note(let text):
            print("      " + text)
        case .report(let report):
            tell(report)
        case .query(let title, let sql, let result):
            print("\n      \(title)\n")
            for line in sql.split(separator: "\n") { print("        " + line) }
            print("")
            var table = TextTable(header: result.columns.map(\.name))
            for row in result.rows { table.add(row) }
            for line in table.lines() { print("        " + line) }
        case .evaluation(let evaluation):
            print("")
            for line in EvaluationText.lines(evaluation) { print("        " + line) }
            print("")
        }
    }

    private func tell(_ report: StageReport) {
        var line = "      → \(report.written) written"
        if report.unchanged > 0 { line += ", \(report.unchanged) already there" }
        if !report.problems.isEmpty { line += ", \(report.problems.count) left out" }
        print(line)
        for problem in report.problems.prefix(30) {
            print("        left out: \(Terminal.printable("\(problem.source): \(problem.reason)"))")
        }
        if report.problems.count > 30 { print("        … and \(report.problems.count - 30) more") }
        if let file = try? ErrorsFile.save(report, in: home + "/demo"), !report.problems.isEmpty {
            print("        all of them: \(file)")
        }
    }

    private func tellAsJSON(_ event: DemoStage.Event) {
        switch event {
        case .report(let report): try? printJSON(report)
        case .query(_, let sql, let result):
            var writer = QueryWriter(.jsonLines) { print($0, terminator: "") }
            print(#"{"query": "# + String(reflecting: sql) + "}")
            try? writer.begin(result.columns)
            for row in result.rows { try? writer.write(row) }
            try? writer.end()
        case .evaluation(let evaluation):
            print(String(decoding: (try? jsonLine(evaluation)) ?? Data(), as: UTF8.self))
        case .step, .note: break
        }
    }

    func finish() {
        if asJSON { return }
        let seconds = (ContinuousClock.now - start).components.seconds
        print(
            """

            Done in \(seconds) s. Everything is in \(home)/demo, the tables in \(home)/warehouse.db. Ask on:
              lightbox query "SELECT * FROM demo.metadata LIMIT 3" --home \(home)
              lightbox serve --home \(home)      and the images are at http://127.0.0.1:8080/stores/demo/images

            Lightbox is not a medical device: nothing it says may guide the care of a patient.
            """)
    }
}
