import ArgumentParser
import DICOMStore
import Foundation

/// `lightbox datasets …`
struct DatasetsCommands: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "datasets", abstract: "Group DICOM stores, as Google's healthcare API does.",
        subcommands: [DatasetsList.self, DatasetsCreate.self, DatasetsDelete.self])
}

struct DatasetsList: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the datasets with what their stores hold.",
        discussion: """
            Example:
              lightbox datasets list
            """)

    @OptionGroup var global: GlobalOptions

    func run() throws {
        let catalog = try DICOMCatalog(home: global.home)
        let datasets = try catalog.datasets()
        if global.json { return try printJSON(datasets) }
        printTable(
            ["DATASET", "TIME_ZONE", "STORES"],
            try datasets.map { dataset in
                [dataset.name, dataset.settings.timeZone, "\(try catalog.stores(of: dataset.name).count)"]
            })
    }
}

struct DatasetsCreate: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Make a dataset without stores.",
        discussion: """
            Example:
              lightbox datasets create my_dataset --time-zone Europe/Berlin
            """)

    @Argument var name: String
    @Option(help: "A name of IANA's; UTC unless told.") var timeZone = ""
    @OptionGroup var global: GlobalOptions

    func validate() throws {
        guard timeZone.isEmpty || TimeZone(identifier: timeZone) != nil else {
            throw ValidationError("--time-zone is no name of IANA's, such as Europe/Berlin.")
        }
    }

    func run() throws {
        let dataset = try DICOMCatalog(home: global.home).createDataset(
            name, DICOMDataset.Settings(timeZone: timeZone), at: Date())
        if global.json { return try printJSON(dataset) }
        print("Created dataset \(name).")
    }
}

struct DatasetsDelete: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete", abstract: "Remove a dataset with its stores and all their instances.",
        discussion: """
            Example:
              lightbox datasets delete my_dataset --force
            """)

    @Argument var name: String
    @Flag(help: "Also when its stores hold instances.") var force = false
    @OptionGroup var global: GlobalOptions

    func run() throws {
        let catalog = try DICOMCatalog(home: global.home)
        let count = try catalog.stores(of: name).reduce(0) { try $0 + catalog.store($1.name).counts().instances }
        guard force || count == 0 else {
            throw ValidationError("Dataset \(name) holds \(count) instances. Say --force to delete them.")
        }
        let stores = try catalog.deleteDataset(name)
        if global.json { return try printJSON(["deleted": stores.map(\.description)]) }
        print("Deleted dataset \(name), \(stores.count) stores, \(count) instances.")
    }
}
