import ArgumentParser
import DICOMNetwork
import LightboxCore
import Pipelines

struct DICOMSend: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "send", abstract: "Send DICOM files to another application (C-STORE).",
        discussion: """
            Files go as they are stored; where the other side does not take their encoding, they are sent \
            uncompressed. What it refused is listed in errors.jsonl.

            Examples:
              lightbox dicom send scans/ --to ARCHIVE@10.0.0.5:104
              lightbox dicom send 'scans/**.dcm' --to ARCHIVE@10.0.0.5:104 --associations 4
            """)

    @Argument(help: ArgumentHelp("Files, folders, quoted patterns, or gs://BUCKET/….", valueName: "src"))
    var sources: [String]
    @OptionGroup var peer: DestinationArguments
    @Option(help: "Associations at the same time.") var associations = 1
    @OptionGroup var global: GlobalOptions

    func validate() throws {
        guard (1...64).contains(associations) else { throw ValidationError("--associations takes 1 to 64.") }
    }

    func run() throws {
        try global.report { context in
            let paths = try sources.flatMap { try context.home.dicomFiles(at: $0) }
            let report = try peer.client(in: context.home).send(
                paths, associations: associations, progress: context.progress, isCancelled: context.isCancelled)
            return (report, errorsIn: "")
        }
    }
}
