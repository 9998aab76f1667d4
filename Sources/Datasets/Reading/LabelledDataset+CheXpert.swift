import Foundation
import LightboxCore
import WireFormats

extension LabelledDataset {
    /// Reads the layout of CheXpert (Irvin et al. 2019, arXiv:1901.07031), in either size.
    ///
    /// `folder` holds `train.csv` and `valid.csv` (one of them is enough; `test.csv` is read where there is one),
    /// with the columns `Path`, `Frontal/Lateral` and the fourteen findings. The paths in them begin with the
    /// data set's own name, and are looked for in `folder`, beside it, and without that name. The patient is the
    /// part of the path that begins with `patient`, the study the one behind it.
    public static func cheXpert(
        _ folder: String, labels: LabelSet = .chexpert14, options: ReadOptions = ReadOptions()
    ) throws -> LabelledDataset {
        var builder = CheXpertBuilder(folder: folder, labels: labels)
        for split in DataSplit.allCases {
            let path = "\(folder)/\(split.name).csv"
            if RemoteFiles.exists(path) { try builder.add(path, split) }
        }
        let dataset = try builder.dataset()
        return options.checksFiles ? try dataset.leavingOutMissingFiles() : dataset
    }
}

private struct CheXpertBuilder {
    let folder: String
    let labels: LabelSet
    private var table: SampleTable
    private var paths = TextColumn()
    private var names = TextColumn()
    private var roots: [UInt8] = []

    /// How many of a path's first parts are not to be found on the disk, and where the rest is looked for.
    private var root: (folder: UInt8, dropped: Int)?

    init(folder: String, labels: LabelSet) {
        self.folder = folder
        self.labels = labels
        table = SampleTable(labelCount: labels.count)
    }

    private var parent: String { (folder as NSString).deletingLastPathComponent }

    mutating func add(_ path: String, _ split: DataSplit) throws {
        let reader = try LabelTableReader(path: path)
        let (image, side) = (try reader.column("Path"), try reader.column("Frontal/Lateral"))
        let columns = try reader.columns(of: labels)
        while let row = try reader.next() {
            let written = row[image]
            let parts = written.split(separator: "/").map(String.init)
            guard !parts.isEmpty, !parts.contains("..") else {
                throw reader.invalid(row, image, "A path leads to an image below the data set's folder.")
            }
            let place = parts.firstIndex { $0.hasPrefix("patient") }
            let patient = place.map { parts[$0] }
            let study = place.flatMap { $0 + 1 < parts.count - 1 ? "\(parts[$0])/\(parts[$0 + 1])" : nil }
            let found = root ?? look(for: parts)
            root = found
            paths.append(written)
            names.append(parts.dropFirst(found.dropped).joined(separator: "/"))
            roots.append(found.folder)
            try reader.appendStates(of: row, columns, to: &table.states)
            table.append(patient: patient, study: study, view: ViewKind(row[side]) ?? .other, split: split)
        }
    }

    /// Tries the first path in each place; all others are looked for in the same.
    private func look(for parts: [String]) -> (folder: UInt8, dropped: Int) {
        let candidates: [(folder: UInt8, dropped: Int)] = [(1, 0), (0, 1), (0, 0)]
        return candidates.first { candidate in
            let root = candidate.folder == 0 ? folder : parent
            let path = ([root] + parts.dropFirst(candidate.dropped)).joined(separator: "/")
            return access(root.isEmpty ? String(path.dropFirst()) : path, R_OK) == 0
        } ?? (0, parts.count > 1 ? 1 : 0)
    }

    mutating func dataset() throws -> LabelledDataset {
        guard table.count > 0 else {
            throw DatasetError(
                .missingFile, folder, remedy: "There is no train.csv or valid.csv with images in this folder.")
        }
        table.sources = .files(folders: [folder, parent], folder: roots, names: names)
        table.keys = [("path", paths)]
        table.finish()
        return LabelledDataset(labels: labels, content: .images, table: table)
    }
}
