import ArgumentParser
import DICOMStore
import LightboxCore
import Pipelines
import Warehouse

struct DICOMMetadata: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "metadata", abstract: "Write a store's attributes into an SQL table.",
        discussion: """
            One row an instance: typed columns for the usual keywords, and the whole data set as DICOM JSON in \
            the column metadata.

            Example:
              lightbox dicom metadata --store study1 --table scans --overwrite
              lightbox query "SELECT Modality, count(*) FROM scans GROUP BY 1"
            """)

    @OptionGroup var store: StoreOptions
    @Option(help: "The table, NAME or DATASET.NAME.") var table: String
    @OptionGroup var disposition: DispositionOptions
    @OptionGroup var global: GlobalOptions

    func run() throws {
        try global.report { context in
            let store = try store.open(in: context.home)
            let stage = MetadataStage(disposition: disposition.disposition)
            return (try stage.run(store, table: table, context), errorsIn: store.reports)
        }
    }
}

/// What happens to a table that exists.
struct DispositionOptions: ParsableArguments {
    @Flag(name: [.customLong("overwrite"), .customLong("truncate")], help: "Replace the table if it exists.")
    var overwrite = false
    @Flag(help: "Add to the table if it exists.") var append = false

    func validate() throws {
        if overwrite && append { throw ValidationError("--overwrite and --append exclude each other.") }
    }

    var disposition: LoadDisposition { overwrite ? .truncate : append ? .append : .failIfExists }
}
