/// Work on DICOM stores, as Google's `healthcare` v1 has it.
public struct ArchiveWork: Sendable, Codable, Equatable {
    public enum Action: Sendable, Codable, Equatable {
        /// Done when it is written down, like the two deletions: so that its operation can be read.
        case createDataset
        case deleteStudy, deleteSeries
        /// From a `gs://` address, wildcards and all.
        case importFiles(from: String)
        case exportFiles(FileExport)
        case exportTable(TableExport)
        case deidentify(Deidentification)
    }

    public struct FileExport: Sendable, Codable, Equatable {
        /// A folder as a `gs://` address.
        public var folder: String
        /// As Google's API writes it; empty for files as they were stored.
        public var mediaType: String
        /// The address of a file with resource paths; empty for everything.
        public var selection: String

        public init(folder: String, mediaType: String = "", selection: String = "") {
            (self.folder, self.mediaType, self.selection) = (folder, mediaType, selection)
        }
    }

    public struct TableExport: Sendable, Codable, Equatable {
        public enum Disposition: String, Sendable, Codable { case empty, truncate, append }

        /// In the warehouse: `DATASET.TABLE`.
        public var table: String
        public var disposition: Disposition
        /// One JSON column in place of one for each attribute.
        public var isJSON = false
        /// What `SourceDicomStore` says; empty for no such column.
        public var source = ""
        public var selection = ""

        public init(table: String, disposition: Disposition = .empty) {
            (self.table, self.disposition) = (table, disposition)
        }
    }

    public struct Deidentification: Sendable, Codable, Equatable {
        public var dataset: String
        /// nil for a whole dataset, whose stores keep their names.
        public var store: String?
        public var filterProfile: String?
        public var keepList: [String]?
        public var removeList: [String]?
        public var keepsInstanceUIDs = false
        public var textRedactionMode: String?
        public var selection = ""
        /// Only this one; nil for all.
        public var study: String?
        /// Of the basic profile, by their names; empty where Google's settings say what is kept.
        public var options: [String] = []
        /// Whether images that have text in their pixels are left out.
        public var refusesBurnedInText = false

        public init(dataset: String, store: String? = nil) { (self.dataset, self.store) = (dataset, store) }
    }

    public var dataset: String
    /// nil where the work is on the dataset.
    public var store: String?
    public var action: Action

    public init(dataset: String, store: String? = nil, _ action: Action) {
        (self.dataset, self.store, self.action) = (dataset, store, action)
    }

    /// `DATASET/STORE`, or the dataset alone.
    public var place: String { dataset + (store.map { "/" + $0 } ?? "") }

    /// The files that are read; nil for a store's own.
    public var source: String? { if case .importFiles(let source) = action { source } else { nil } }

    /// Where the result goes; nil where the work is on its place itself.
    public var target: String? {
        switch action {
        case .createDataset, .deleteStudy, .deleteSeries, .importFiles: nil
        case .exportFiles(let export): export.folder
        case .exportTable(let export): export.table
        case .deidentify(let settings): settings.dataset + (settings.store.map { "/" + $0 } ?? "")
        }
    }

    /// What the work is, for people.
    public var words: String {
        switch action {
        case .createDataset: "New dataset"
        case .deleteStudy: "Deletion of a study"
        case .deleteSeries: "Deletion of a series"
        case .importFiles: "DICOM import"
        case .exportFiles: "DICOM export"
        case .exportTable: "Table of attributes"
        case .deidentify: "De-identification"
        }
    }

    /// What the work is, in a word that can begin a job's name.
    public var verb: String {
        switch action {
        case .createDataset: "create_dataset"
        case .deleteStudy: "delete_study"
        case .deleteSeries: "delete_series"
        case .importFiles: "import"
        case .exportFiles: "export"
        case .exportTable: "export_table"
        case .deidentify: "deidentify"
        }
    }
}
