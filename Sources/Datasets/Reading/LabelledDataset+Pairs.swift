import Foundation
import LightboxCore
import WireFormats

extension LabelledDataset {
    /// Reads images with their heat maps: a folder of `X.png` and `X_heatmap.png` (or `.jpg`), or a CSV with the
    /// columns `image` and `heatmap`, whose relative paths are looked for beside it.
    public static func heatmapPairs(_ place: String, options: ReadOptions = ReadOptions()) throws
        -> LabelledDataset
    {
        let local = try options.localPath(place)
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: local, isDirectory: &isFolder) else {
            throw DatasetError(.missingFile, place, remedy: "There is no such file or folder.")
        }
        let (pairs, report) = isFolder.boolValue ? try inFolder(local) : try inTable(local, options)
        guard !pairs.isEmpty else {
            throw DatasetError(
                .empty, place,
                remedy: "There are no pairs: an image X.png or .jpg has its map in X_heatmap.png or .jpg.")
        }
        return dataset(of: pairs, report)
    }

    private typealias Pair = (name: String, image: String, heatmap: String, split: DataSplit?)

    private static func dataset(of pairs: [Pair], _ report: DatasetReport) -> LabelledDataset {
        var table = SampleTable(labelCount: 1)
        var (names, images, heatmaps) = (TextColumn(), TextColumn(), TextColumn())
        for pair in pairs {
            names.append(pair.name)
            images.append(pair.image)
            heatmaps.append(pair.heatmap)
            table.append(patient: nil, study: nil, view: nil, split: pair.split)
        }
        table.keys = [("path", names)]
        table.sources = .pairs(images: images, heatmaps: heatmaps)
        return LabelledDataset(labels: .brightness, content: .heatmaps, table: table, report: report)
    }

    private static func inFolder(_ folder: String) throws -> ([Pair], DatasetReport) {
        let files = try FileTree.files(below: folder)
        let endings = [".png", ".jpg", ".jpeg"]
        var byStem: [String: String] = [:]
        for file in files {
            guard let ending = endings.first(where: { file.lowercased().hasSuffix($0) }) else { continue }
            byStem[String(file.dropLast(ending.count))] = file
        }
        var report = DatasetReport()
        var pairs: [Pair] = []
        for (stem, heatmap) in byStem.sorted(by: { $0.key < $1.key }) where stem.hasSuffix("_heatmap") {
            if let image = byStem[String(stem.dropLast("_heatmap".count))] {
                pairs.append((String(image.dropFirst(folder.count + 1)), image, heatmap, nil))
            } else {
                report.missing += 1
                report.note(heatmap, "There is no image of this name without _heatmap.")
            }
        }
        return (pairs, report)
    }

    private static func inTable(_ path: String, _ options: ReadOptions) throws -> ([Pair], DatasetReport) {
        let reader = try LabelTableReader(path: path)
        let (image, heatmap) = (try reader.column("image"), try reader.column("heatmap"))
        let split = try? reader.column("split")
        let folder = (path as NSString).deletingLastPathComponent
        var report = DatasetReport()
        var pairs: [Pair] = []
        while let row = try reader.next() {
            let files = try [image, heatmap].map { column in
                let local = try options.localPath(row[column])
                let beside = local.hasPrefix("/") || folder.isEmpty ? local : folder + "/" + local
                return access(beside, R_OK) == 0 ? beside : local
            }
            if options.checksFiles, let missing = files.first(where: { access($0, R_OK) != 0 }) {
                report.missing += 1
                report.note(missing, "The file is not there.")
                continue
            }
            pairs.append((row[image], files[0], files[1], split.flatMap { DataSplit(row[$0]) }))
        }
        return (pairs, report)
    }
}
