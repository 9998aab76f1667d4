import Foundation
public import LightboxCore
import WireFormats

/// A data set as a command line names it, with the layout told from what is there.
public enum DatasetSource: Sendable, Hashable {
    /// A folder with `mimic-cxr-2.y.z-….csv` tables.
    case mimicCXR(folder: String)
    /// A folder with `train.csv` or `valid.csv` that have a column `Path`.
    case cheXpert(folder: String)
    case imageTable(csv: String)
    /// Paths, folders and patterns of TFRecords, separated by commas.
    case records(String)
    /// A folder with `X_heatmap.png` files.
    case heatmapPairs(String)

    /// - Throws: ``DatasetError`` when nothing there is a data set.
    public init(_ text: String, home: Home? = nil) throws {
        let local = try ReadOptions(home: home).localPath(text)
        guard RemoteFiles.isFolder(local) else {
            guard local.hasSuffix(".csv") || local.hasSuffix(".csv.gz") else {
                self = .records(text)
                return
            }
            self = Self.header(local).contains("heatmap") ? .heatmapPairs(local) : .imageTable(csv: local)
            return
        }
        let names = try RemoteFiles.names(in: local)
        if names.contains(where: { $0.hasPrefix("mimic-cxr-2.") && $0.contains("-metadata.csv") }) {
            self = .mimicCXR(folder: local)
        } else if ["train.csv", "valid.csv"].contains(where: { Self.isCheXpert(local + "/" + $0) }) {
            self = .cheXpert(folder: local)
        } else if names.contains("labels.csv") {
            self = .imageTable(csv: local + "/labels.csv")
        } else if names.contains(where: { $0.contains(".tfrecord") }) {
            self = .records(text)
        } else if names.contains(where: { $0.contains("_heatmap.") }) {
            self = .heatmapPairs(local)
        } else {
            throw DatasetError(
                .missingFile, text,
                remedy:
                    "Nothing in this folder is a data set: no tables of MIMIC-CXR-JPG or CheXpert, no labels.csv, "
                    + "no .tfrecord files, no pairs with _heatmap.")
        }
    }

    private static func header(_ path: String) -> [String] { (try? CSVReader(path: path).header) ?? [] }

    private static func isCheXpert(_ path: String) -> Bool {
        Set(header(path)).isSuperset(of: ["Path", "Frontal/Lateral"])
    }

    /// Reads the data set.
    ///
    /// - Parameter labels: nil means `chexpert14` for the two data sets that have it, and the file's own classes
    ///   elsewhere.
    public func read(
        labels: LabelSet? = nil, columns: TableColumns = TableColumns(),
        labeler: LabelledDataset.MIMICLabeler = .chexpert, options: ReadOptions = ReadOptions()
    ) throws -> LabelledDataset {
        switch self {
        case .mimicCXR(let folder):
            try .mimicCXR(folder, labels: labels ?? .chexpert14, labeler: labeler, options: options)
        case .cheXpert(let folder): try .cheXpert(folder, labels: labels ?? .chexpert14, options: options)
        case .imageTable(let csv): try .imageTable(csv, labels: labels, columns: columns, options: options)
        case .records(let pattern):
            try .records(
                matching: pattern, labels: labels, labelFeature: columns.label ?? "label", options: options)
        case .heatmapPairs(let place): try .heatmapPairs(place, options: options)
        }
    }
}
