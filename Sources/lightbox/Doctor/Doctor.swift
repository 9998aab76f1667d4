import ArgumentParser
import Foundation

struct Doctor: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "Say what this machine has for Lightbox, and what it lacks.",
        discussion: """
            Nothing is changed. The exit code is 1 when something is missing that Lightbox cannot do without.

            Examples:
              lightbox doctor
              lightbox doctor --home /data/lightbox --json
            """)

    @OptionGroup var global: GlobalOptions

    private struct Report: Encodable {
        let version: String
        let healthy: Bool
        let checks: [Check]
    }

    func run() throws {
        let home = try global.home
        let libraries = Check.linkedLibraries(maps: Check.text(of: "/proc/self/maps"))
        let cluster = Check.cluster(path: ProcessInfo.processInfo.environment["PATH"] ?? "")
        let checks =
            Check.processor() + [Check.memory()] + Check.devices() + cluster + libraries
            + [Check.openVINO(), Check.libtorch()] + Check.home(home) + Check.database(home) + Check.storage(home)
            + Check.files(home)
        let isHealthy = !checks.contains { $0.state == .missing }
        if global.json {
            try printJSON(Report(version: Lightbox.version, healthy: isHealthy, checks: checks))
        } else {
            print("lightbox \(Lightbox.version)\n" + Terminal.printable(Check.text(checks)))
        }
        if !isHealthy { throw ExitCode(ExitStatus.environment) }
    }
}
