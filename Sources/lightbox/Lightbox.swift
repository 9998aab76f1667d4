package import ArgumentParser
import Foundation
import LightboxCore
import Pipelines

/// The root command.
@main
package struct Lightbox: ParsableCommand {
    package static let version = "0.1.0"

    package static let configuration = CommandConfiguration(
        commandName: "lightbox",
        abstract: "Turns a folder of medical images into feature vectors and SQL tables, on your own machine.",
        discussion: """
            The walk, step by step (`lightbox help COMMAND` has more):
              lightbox demo                                                    see it all work
              lightbox dicom import scans/ --store study1                      files into a store
              lightbox dicom metadata --store study1 --table scans             attributes into SQL
              lightbox dicom export --store study1 --to png/                   pictures
              lightbox records write --images png/ --output records/r --shape 299,299,3
              lightbox embed --network xception --input dicom:study1 --output vectors.jsonl
              lightbox load vectors.jsonl --table features                     vectors into SQL
              lightbox query "SELECT * FROM scans LIMIT 3"
              lightbox doctor                                                  what this machine has

            Everything is kept in the home folder: --home, else LIGHTBOX_HOME, else ~/.lightbox. Exit codes: 0 done, \
            1 the machine, 2 usage, 3 some items left out, 4 not found, 5 conflict, 6 corrupt, 7 unsupported, \
            8 over a limit, 130 interrupted. Shell completion: lightbox --generate-completion-script bash|zsh|fish.

            Not a medical device: nothing Lightbox says may guide the care of a patient.
            """,
        version: version,
        subcommands: [
            DemoCommand.self, DICOMCommands.self, RecordsCommands.self, EmbedCommand.self, LoadCommand.self,
            QueryCommand.self, NetworksCommand.self, PhantomsCommand.self, Doctor.self,
        ])

    package init() {}

    package static func main() {
        do {
            var command = try parseAsRoot()
            try command.run()
        } catch {
            leave(after: error)
        }
    }

    /// Says what went wrong on standard error and ends with the code of ``ExitStatus``.
    private static func leave(after error: any Error) -> Never {
        if let cancelled = error as? Cancelled {
            Terminal.writeError("stopped: \(cancelled)\n")
            exit(withError: ExitCode(ExitStatus.interrupted))
        }
        switch exitCode(for: error) {
        case .validationFailure:
            Terminal.writeError(fullMessage(for: error) + "\n")
            exit(withError: ExitCode(ExitStatus.usage))
        case .failure where !(error is ExitCode):
            let text = error is any Failure ? String(describing: error) : error.localizedDescription
            Terminal.writeError("error: \(Terminal.printable(text))\n")
            exit(withError: ExitCode(ExitStatus.of(error)))
        default:
            exit(withError: error)  // help, version, completion script, or a code that a command chose
        }
    }
}
