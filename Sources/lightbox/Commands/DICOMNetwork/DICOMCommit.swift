import ArgumentParser
import DICOMNetwork
import LightboxCore
import Pipelines

struct DICOMCommit: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "commit", abstract: "Ask an application whether it keeps what was sent (storage commitment).",
        discussion: """
            Only what the other side has promised to keep may be deleted here. It has to report on the same \
            association; what it does not keep is listed in errors.jsonl.

            Example:
              lightbox dicom commit scans/ --to ARCHIVE@10.0.0.5:104
            """)

    @Argument(help: ArgumentHelp("Files, folders, quoted patterns, or gs://BUCKET/….", valueName: "src"))
    var sources: [String]
    @OptionGroup var peer: DestinationArguments
    @OptionGroup var global: GlobalOptions

    func run() throws {
        try global.report { context in
            let paths = try sources.flatMap { try context.home.dicomFiles(at: $0) }
            return (try peer.client(in: context.home).commit(files: paths), errorsIn: "")
        }
    }
}
