import ArgumentParser
import Foundation
import LightboxCore
import Server
import WireFormats

/// `lightbox audit …`
struct AuditCommands: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit", abstract: "Look at who did what on the server.",
        subcommands: [AuditVerify.self, AuditList.self])
}

struct AuditVerify: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Find lines of the audit log that were changed, removed or moved.",
        discussion: """
            Prints where the chain ends. Whoever may write the home folder can write the whole log anew, and only a \
            head that was noted elsewhere shows that: give it with --head.

            Example:
              lightbox audit verify --head '1041 9f86d081…'
            """)

    @Option(help: ArgumentHelp("A number and a hash that this command printed before.", valueName: "head"))
    var head: String?
    @OptionGroup var global: GlobalOptions

    func validate() throws {
        guard head.map({ AuditHead($0) != nil }) ?? true else {
            throw ValidationError("--head is a number and 64 hexadecimal digits.")
        }
    }

    func run() throws {
        let report = try AuditReport(home: global.home, expected: head.flatMap { AuditHead($0) })
        for remark in report.remarks { global.note(remark) }
        for problem in report.problems { print(problem) }
        if report.hasExpected == false { print("the head that was noted is not in this log: it is another one") }
        guard report.isWhole else { throw ExitCode(ExitStatus.corrupt) }
        print("\(report.lines) lines, none changed. Head: \(report.head)")
    }
}

struct AuditList: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Print lines of the audit log.",
        discussion: """
            Example:
              lightbox audit list --since 2026-01-31 --json
            """)

    @Option(help: "Lines from then on: 2026-01-31 or 2026-01-31T08:00:00, in UTC.") var since = ""
    @OptionGroup var global: GlobalOptions

    func validate() throws {
        guard since.isEmpty || since.wholeMatch(of: /\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?Z?)?/) != nil else {
            throw ValidationError("--since is a day, or a day and a time.")
        }
    }

    func run() throws {
        try AuditLines.each(in: global.home) { _, line, isComplete in
            guard isComplete else { return }
            let text = String(decoding: line, as: UTF8.self)
            guard let value = try? JSONValue(parsing: text), let time = value["time"]?.string else { return }
            // Times of one form are in the order of their letters.
            guard time >= since else { return }
            print(global.json ? text : Terminal.printable(Self.shortened(value, time)))
        }
    }

    private static func shortened(_ value: JSONValue, _ time: String) -> String {
        var words = [time, value["who"]?.string ?? "", value["what"]?.string ?? ""]
        if case .integer(let status)? = value["status"] { words.append("\(status)") }
        for resource in value["resources"]?.members ?? [] {
            words.append("\(resource.name)=\(resource.value.string ?? "")")
        }
        if case .integer(let count)? = value["instances"] { words.append("instances=\(count)") }
        return words.joined(separator: " ")
    }
}
