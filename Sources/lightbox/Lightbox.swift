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
            The walk (`lightbox help dicom import` and so on say more):

              lightbox demo
              lightbox dicom import scans/ --store study1
              lightbox dicom metadata --store study1 --table scans
              lightbox dicom export --store study1 --to png/
              lightbox records write --images png/ --output r --shape 299,299,3
              lightbox embed --network xception --input dicom:study1 --output v.jsonl
              lightbox load v.jsonl --table features
              lightbox query "SELECT * FROM scans LIMIT 3"
              lightbox doctor

            Everything is kept in the home folder: --home, else LIGHTBOX_HOME, else ~/.lightbox. \
            A command ends with 0 when all is done, 3 when some items were left out (errors.jsonl says which and \
            why), 2 after a mistake in its options; docs/exit-codes.md has the others. \
            Shell completion: lightbox --generate-completion-script bash (or zsh, fish).

            Not a medical device: nothing Lightbox says may guide the care of a patient.
            """,
        version: version,
        subcommands: [
            DemoCommand.self, DICOMCommands.self, RecordsCommands.self, EmbedCommand.self, LoadCommand.self,
            QueryCommand.self, DatasetsCommands.self, StoresCommands.self, LabelsCommand.self, TrainCommands.self,
            StudyCommands.self, EvaluateCommand.self, AnalyzeCommands.self, SimilarCommand.self,
            PredictCommand.self, ReproduceCommand.self, PredictSetCommand.self, RequestCommand.self,
            ExportCommand.self,
            NetworksCommand.self, ModelsCommands.self, VersionsCommands.self, JobsCommands.self, ServeCommand.self,
            TokensCommands.self, AuditCommands.self, DatabaseCommands.self, StorageCommands.self,
            WorkerCommand.self,
            WeightsCommands.self, PhantomsCommand.self, Doctor.self,
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
            let text = fullMessage(for: error)
            Terminal.writeError((text.hasPrefix("Error:") ? "e" + text.dropFirst() : text) + "\n")
            exit(withError: ExitCode(ExitStatus.usage))
        case .failure where !(error is ExitCode):
            let text = error is any Failure ? String(describing: error) : Self.describe(error)
            Terminal.writeError("error: \(Terminal.printable(RemoteFiles.shown(text)))\n")
            exit(withError: ExitCode(ExitStatus.of(error)))
        default:
            exit(withError: error)  // help, version, completion script, or a code that a command chose
        }
    }

    /// The system's words for an error of Foundation's, with the path that it hides in its details.
    private static func describe(_ error: any Error) -> String {
        let details = (error as? CocoaError)?.userInfo ?? [:]
        guard let path = details[NSFilePathErrorKey] as? String else { return error.localizedDescription }
        if let system = details[NSUnderlyingErrorKey] as? POSIXError {
            return FileFailure(path: path, errno: system.code.rawValue).description
        }
        return "\(path): \(error.localizedDescription)"
    }
}
