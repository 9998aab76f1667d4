import ArgumentParser
import DICOMStore
import LightboxCore
import Pipelines

struct DICOMImport: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import", abstract: "Take DICOM files into a store.",
        discussion: """
            Each SOP Instance UID is taken once; a file that is there already changes nothing, and a different file \
            under a known UID is reported and left out. Files that cannot be read are listed in errors.jsonl.

            Examples:
              lightbox dicom import scans/ --store study1
              lightbox dicom import 'gs://my_bucket/**.dcm' --store my_dataset/my_store
            """)

    @Argument(
        help: ArgumentHelp(
            "Files, folders, quoted patterns, or gs://BUCKET/… in the home's buckets.", valueName: "src"))
    var sources: [String]
    @OptionGroup var store: StoreOptions
    @Flag(help: "End at the first file that cannot be taken.") var stopAtFirstError = false
    @OptionGroup var global: GlobalOptions

    func run() throws {
        try global.report { context in
            var stage = ImportStage()
            stage.stopsAtFirstError = stopAtFirstError
            let report = try stage.run(sources, into: { try store.open(in: $0, creating: true) }, context)
            return (report, errorsIn: try store.open(in: context.home).reports)
        }
    }
}
