import DICOMStore
public import Evaluation
import Features
import Foundation
public import LightboxCore
import Networks
import Phantoms
public import Warehouse

/// Walks one set of images through everything: DICOM files, store, metadata table, PNGs, TFRecords, feature
/// vectors, SQL. Without a folder of the user's it draws synthetic chest radiographs first, and in the end trains a
/// classifier on more of them and judges it.
public struct DemoStage: Sendable {
    /// The user's own DICOM files; nil for synthetic ones.
    public var dicomFolder: String?
    public var network = "xception"
    /// A Keras weight file; nil for the file in the home's `weights` folder, and without one untrained weights.
    public var weights: String?
    public var patients = 66
    public var seed: UInt64 = 7

    public init() {}

    /// What the demo tells its reader as it goes.
    public enum Event: Sendable {
        case step(number: Int, of: Int, title: String, command: String)
        case note(String)
        case report(StageReport)
        case query(title: String, sql: String, QueryResult)
        case evaluation(ModelEvaluation)
    }

    /// Only films whose findings are known can be learned from.
    var stepCount: Int { dicomFolder == nil ? 10 : 7 }
    static let store = "demo/images"
    static let metadataTable = "demo.metadata"
    static let labelsTable = "demo.labels"
    static let vectorsTable = "demo.vectors"

    public func run(_ context: StageContext, tell: (Event) -> Void) throws {
        try context.home.create()
        let folder = context.home.path + "/demo"
        try? FileManager.default.removeItem(atPath: folder)
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let warehouse = try Warehouse(home: context.home)
        let source = try makeSource(folder, warehouse, context, tell)
        let store = try importFiles(source, context, tell)
        try exportPixels(of: store, folder, warehouse, context, tell)
        try writeRecords(folder, context, tell)
        try embed(folder, context, tell)
        try ask(warehouse, context, tell)
        if dicomFolder == nil { try learn(folder, context, tell) }
    }

    // 1: radiographs
    private func makeSource(
        _ folder: String, _ warehouse: Warehouse, _ context: StageContext, _ tell: (Event) -> Void
    ) throws -> String {
        if let dicomFolder {
            tell(.step(number: 1, of: stepCount, title: "Your DICOM files", command: "ls \(dicomFolder)"))
            return dicomFolder
        }
        tell(
            .step(
                number: 1, of: stepCount, title: "Draw synthetic chest radiographs as DICOM files",
                command: "lightbox phantoms --output \(folder)/dicom"))
        tell(.report(try PhantomStage(patients: patients, seed: seed).run(output: folder + "/dicom", context)))
        return folder + "/dicom/**.dcm"
    }

    // 2: store
    private func importFiles(_ source: String, _ context: StageContext, _ tell: (Event) -> Void) throws
        -> DICOMStore
    {
        tell(
            .step(
                number: 2, of: stepCount, title: "Import them into a DICOM store",
                command: "lightbox dicom import '\(source)' --store \(Self.store)"))
        let store = try DICOMCatalog(home: context.home).store(DICOMStoreName(Self.store), creating: true)
        _ = try store.remove(.all)
        tell(.report(try ImportStage().run([source], into: { _ in store }, context)))
        return store
    }

    // 3 and 4: metadata and pixels
    private func exportPixels(
        of store: DICOMStore, _ folder: String, _ warehouse: Warehouse, _ context: StageContext,
        _ tell: (Event) -> Void
    ) throws {
        tell(
            .step(
                number: 3, of: stepCount, title: "Write their metadata into an SQL table",
                command: "lightbox dicom metadata --store \(Self.store) --table \(Self.metadataTable) --overwrite")
        )
        tell(.report(try MetadataStage(disposition: .truncate).run(store, table: Self.metadataTable, context)))
        if dicomFolder == nil {
            var load = LoadStage()
            load.disposition = .truncate
            tell(.report(try load.run(folder + "/dicom/labels.csv", table: Self.labelsTable, context)))
        }
        tell(
            .step(
                number: 4, of: stepCount, title: "Render their pixels to PNG",
                command: "lightbox dicom export --store \(Self.store) --to \(folder)/png --format png"))
        tell(.report(try ExportStage().run(store, to: folder + "/png", context)))
    }

    // 5: records
    private func writeRecords(_ folder: String, _ context: StageContext, _ tell: (Event) -> Void) throws {
        tell(
            .step(
                number: 5, of: stepCount, title: "Collect the PNGs, resized, in TFRecord shards",
                command: "lightbox records write --images \(folder)/png --output \(folder)/records/images "
                    + "--shape 299,299,1 --shards 2"))
        var stage = RecordsStage()
        stage.shape = ImageShape("299,299,1")
        stage.shards = 2
        tell(.report(try stage.run(.files(pattern: folder + "/png"), output: folder + "/records/images", context)))
    }

    // 6: vectors
    private func embed(_ folder: String, _ context: StageContext, _ tell: (Event) -> Void) throws {
        let weights = try chosenWeights(context.home)
        tell(
            .step(
                number: 6, of: stepCount, title: "Turn every image into a feature vector with \(network)",
                command:
                    "lightbox embed --network \(network)\(weights.map { " --weights \($0)" } ?? " --untrained") "
                    + "--input '\(folder)/records/*.tfrecord' --output \(folder)/vectors.jsonl"))
        if weights == nil {
            tell(
                .note(
                    "There is no weight file for \(network) in \(context.home.weights), so the network runs with seeded, "
                        + "untrained weights: every step is real, but the vectors know nothing of medicine. "
                        + "`lightbox weights pull \(network)` fetches the trained ones."))
        }
        var extractor = ExtractorConfiguration(
            weights == nil ? .untrained(network) : .network(network, weights: weights))
        extractor.pooling = .max
        let stage = EmbedStage(extractor: extractor)
        let report = try stage.run(
            .records(pattern: folder + "/records/*.tfrecord"), output: .jsonLines(path: folder + "/vectors.jsonl"),
            context)
        tell(.note(report.summary))
        tell(.report(report.stage))
    }

    private func chosenWeights(_ home: Home) throws -> String? {
        try weights ?? ExtractorConfiguration.pulledWeights(Network.named(network), home)
    }

    // 7: SQL
    private func ask(_ warehouse: Warehouse, _ context: StageContext, _ tell: (Event) -> Void) throws {
        let vectors = context.home.path + "/demo/vectors.jsonl"
        tell(
            .step(
                number: 7, of: stepCount, title: "Load the vectors and ask with SQL",
                command: "lightbox load \(vectors) --table \(Self.vectorsTable) --truncate"))
        var load = LoadStage()
        load.disposition = .truncate
        tell(.report(try load.run(vectors, table: Self.vectorsTable, context)))
        for (title, sql) in DemoQueries.all(hasLabels: dicomFolder == nil) {
            tell(.query(title: title, sql: sql, try warehouse.query(sql)))
        }
    }
}
