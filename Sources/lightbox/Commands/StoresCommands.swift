import ArgumentParser
import DICOMStore
import Foundation

/// `lightbox stores …`
struct StoresCommands: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stores", abstract: "Make, list and remove DICOM stores.",
        subcommands: [StoresList.self, StoresCreate.self, StoresDescribe.self, StoresDelete.self])
}

/// A store as it is printed.
private struct StoreFacts: Encodable {
    let store: String
    let labels: [String: String]
    let counts: DICOMStoreCounts

    init(_ name: DICOMStoreName, _ settings: DICOMStoreSettings, in catalog: DICOMCatalog) throws {
        store = name.description
        labels = settings.labels
        counts = try catalog.store(name).counts()
    }
}

struct StoresList: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the DICOM stores with what they hold.",
        discussion: """
            Example:
              lightbox stores list --dataset my_dataset
            """)

    @Option(help: "Only those of one dataset.") var dataset: String?
    @OptionGroup var global: GlobalOptions

    func run() throws {
        let catalog = try DICOMCatalog(home: global.home)
        let datasets = try dataset.map { [$0] } ?? catalog.datasets().map(\.name)
        let stores = try datasets.flatMap { dataset in
            try catalog.stores(of: dataset).map { try StoreFacts($0.name, $0.settings, in: catalog) }
        }
        if global.json { return try printJSON(stores) }
        printTable(
            ["STORE", "STUDIES", "SERIES", "INSTANCES", "BYTES"],
            stores.map { facts in
                let counts = facts.counts
                return [facts.store]
                    + [counts.studies, counts.series, counts.instances, counts.bytes].map(String.init)
            })
    }
}

struct StoresCreate: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Make a DICOM store, and its dataset where there is none.",
        discussion: """
            Example:
              lightbox stores create my_dataset/my_store --label site=north
            """)

    @Argument(help: "NAME or DATASET/NAME.") var name: String
    @OptionGroup var labels: LabelOptions
    @OptionGroup var global: GlobalOptions

    func run() throws {
        let catalog = try DICOMCatalog(home: global.home)
        let (name, settings) = (try DICOMStoreName(name), DICOMStoreSettings(labels: labels.labels))
        if try !catalog.datasets().contains(where: { $0.name == name.dataset }) {
            try catalog.createDataset(name.dataset, at: Date())
        }
        _ = try catalog.createStore(name, settings)
        if global.json { return try printJSON(StoreFacts(name, settings, in: catalog)) }
        print("Created DICOM store \(name).")
    }
}

struct StoresDescribe: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "describe", abstract: "Say what a DICOM store holds.",
        discussion: """
            Example:
              lightbox stores describe my_dataset/my_store
            """)

    @Argument(help: "NAME or DATASET/NAME.") var name: String
    @OptionGroup var global: GlobalOptions

    func run() throws {
        let catalog = try DICOMCatalog(home: global.home)
        let name = try DICOMStoreName(name)
        let facts = try StoreFacts(name, catalog.settings(of: name), in: catalog)
        if global.json { return try printJSON(facts) }
        var description = Description()
        description.add("store", facts.store)
        description.add("labels", facts.labels)
        description.add("studies", String(facts.counts.studies))
        description.add("series", String(facts.counts.series))
        description.add("instances", String(facts.counts.instances))
        description.add("bytes", String(facts.counts.bytes))
        description.print()
    }
}

struct StoresDelete: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete", abstract: "Remove a DICOM store with all its instances.",
        discussion: """
            Example:
              lightbox stores delete my_dataset/my_store --force
            """)

    @Argument(help: "NAME or DATASET/NAME.") var name: String
    @Flag(help: "Also when it holds instances.") var force = false
    @OptionGroup var global: GlobalOptions

    func run() throws {
        let catalog = try DICOMCatalog(home: global.home)
        let name = try DICOMStoreName(name)
        let count = try catalog.store(name).counts().instances
        guard force || count == 0 else {
            throw ValidationError("DICOM store \(name) holds \(count) instances. Say --force to delete them.")
        }
        try catalog.delete(name)
        if global.json { return try printJSON(["deleted": [name.description]]) }
        print("Deleted DICOM store \(name), \(count) instances.")
    }
}
