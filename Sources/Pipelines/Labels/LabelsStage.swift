public import Datasets
public import LightboxCore
import Warehouse

/// Counts what a data set says: images per label, state, view and data set; and looks whether its parts share
/// patients or pictures.
public struct LabelsStage: Sendable {
    public enum Source: Sendable, Hashable {
        /// A table of the warehouse: counted in SQL.
        case table(String)
        /// A CSV, records, or the folder of a data set.
        case input(String)
    }

    public var source: Source
    /// nil: `chexpert14` for tables and the data sets that have it, else the file's own classes.
    public var labels: LabelSet?
    /// Only this view; nil for all.
    public var view: ViewKind?
    public var columns = TableColumns()
    /// Refuse data sets that share patients.
    public var checksLeakage = false
    /// Compare the pictures of different data sets; reads every image.
    public var findsNearDuplicates = false

    public init(_ source: Source) { self.source = source }

    public struct Report: Sendable, Codable {
        public var tally: LabelTally
        /// Images whose patient is unknown; nil unless leakage was looked for.
        public var withoutPatient: Int?
        /// Pairs of images that look the same and stand in different data sets; nil unless they were looked for.
        public var nearDuplicates: [Pair]?
        public var problems: [StageReport.Problem] = []
        /// Files that the lists name and the disk lacks.
        public var missing = 0

        public struct Pair: Sendable, Codable, Equatable {
            public let first, second: String
            /// Bits of 64 in which the pictures' hashes differ.
            public let distance: Int
        }
    }

    /// - Throws: a `Failure` of kind `conflict` when patients are shared and leakage was to be checked.
    public func run(_ context: StageContext) throws -> Report {
        switch source {
        case .table(let name): try count(table: name, context)
        case .input(let place): try count(input: place, context)
        }
    }

    private func count(table name: String, _ context: StageContext) throws -> Report {
        guard !findsNearDuplicates else {
            throw InputError(
                .invalidInput, "Near-duplicates are told from the pictures: pass the images' list with --input.")
        }
        let warehouse = try Warehouse(home: context.home)
        let table = try LabelledTable(TableName(name), labels: labels, in: warehouse)
        if view != nil, table.view == nil {
            throw InputError(.invalidInput, "The table \(name) has no column that says the view.")
        }
        var report = Report(tally: try LabelTally(table, view: view?.name, in: warehouse))
        if checksLeakage {
            let shared = try SharedPatients(table, in: warehouse)
            try shared.refuse(table.table)
            report.withoutPatient = shared.withoutPatient
        }
        return report
    }

    private func count(input place: String, _ context: StageContext) throws -> Report {
        var options = Datasets.ReadOptions(home: context.home, threads: context.threads)
        options.checksFiles = findsNearDuplicates
        let dataset = try DatasetSource(place, home: context.home).read(
            labels: labels, columns: columns, options: options)
        guard dataset.content != .heatmaps else {
            throw InputError(.unsupported, "\(place): pairs of images and heat maps have no labels to count.")
        }
        var report = Report(tally: LabelTally(dataset, view: view))
        report.problems = dataset.report.problems
        report.missing = dataset.report.missing
        guard checksLeakage || findsNearDuplicates else { return report }
        var check = LeakageCheck()
        check.threads = context.threads
        let found =
            findsNearDuplicates
            ? try check.run(dataset, decode: decodeAnyImage, progress: context.progress)
            : check.identifiers(dataset)
        if checksLeakage {
            try found.refuseShared()
            report.withoutPatient = found.withoutPatient
        }
        if findsNearDuplicates {
            report.nearDuplicates = found.nearDuplicates.map { pair in
                Report.Pair(
                    first: dataset[pair.first].source.name, second: dataset[pair.second].source.name,
                    distance: pair.distance)
            }
            report.problems += found.problems
        }
        return report
    }
}
