import ArgumentParser
import DICOMNetwork
import LightboxCore
import Pipelines

struct DICOMMove: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "move", abstract: "Have an application send instances to another one (C-MOVE).",
        discussion: """
            The destination is an AE title that the application knows; for this machine, run `lightbox dicom listen`.

            Examples:
              lightbox dicom move ARCHIVE@10.0.0.5:104 -k StudyInstanceUID=1.2.3 --destination LIGHTBOX
              lightbox dicom move ARCHIVE@10.0.0.5:104 --level patient -k PatientID=P1 --destination WARD3
            """)

    @OptionGroup var peer: PeerArguments
    @OptionGroup var keys: KeyArguments
    @Option(help: ArgumentHelp("The AE title that the instances go to.", valueName: "title"))
    var destination: AETitle
    @OptionGroup var global: GlobalOptions

    func run() throws {
        try global.report { context in
            let result = try peer.client(in: context.home).move(
                keys.level, matching: keys.dataSet, to: destination, progress: context.progress,
                isCancelled: context.isCancelled)
            return (result.report("move"), errorsIn: "")
        }
    }
}
