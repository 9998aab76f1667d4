import Foundation
public import LightboxCore
import WireFormats

/// Cuts a labelled CSV into a training and an evaluation set: seeded, every label in about the same share on
/// both sides, and no patient (or other group) on both.
///
/// Writes `train.csv` and `eval.csv` with the columns of the input, and `dict.txt` with the labels, one a line,
/// in alphabetical order: line number = class index.
public struct SplitStage: Sendable, Codable {
    /// Share of the images that goes to evaluation, 0..<1.
    public var evaluationShare = 0.1
    public var seed: UInt64 = 0
    public var labelColumn = "label"
    /// The column that keeps images together; by default the first of `patient`, `patient_id`, `PatientID`,
    /// `subject_id` that exists, otherwise every image stands alone.
    public var groupColumn: String?

    public init() {}

    /// - Parameter csv: a file of image paths and labels; see ``ImageInput/csv(path:)`` for the columns.
    public func run(_ csv: String, output: String, _ context: StageContext) throws -> StageReport {
        let local = try context.home.localPath(of: csv)
        let folder = try context.home.localPath(of: output)
        let table = try LabelledImages(csv: local)
        guard let label = table.column(labelColumn) else {
            let columns = table.header.joined(separator: ", ")
            throw InputError(.invalidInput, "\(csv) has no column \(labelColumn); it has \(columns).")
        }
        let group = try groupIndex(in: table, csv)
        let sides = assign(table.rows.map { row in (label: row[label], group: group.map { row[$0] }) })
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        var report = StageReport(stage: "split")
        for (name, side) in [("train.csv", false), ("eval.csv", true)] {
            let writer = try CSVWriter(path: "\(folder)/\(name)", header: table.header)
            for (row, isEvaluation) in zip(table.rows, sides) where isEvaluation == side {
                try writer.append(absolute(row, table, beside: local))
            }
            try writer.finish()
            report.outputs.append("\(folder)/\(name)")
        }
        let labels = Set(table.rows.map { $0[label] }).sorted()
        try AtomicFile.write(Array((labels.joined(separator: "\n") + "\n").utf8), to: "\(folder)/dict.txt")
        report.outputs.append("\(folder)/dict.txt")
        report.written = table.rows.count
        return report
    }

    private func groupIndex(in table: LabelledImages, _ csv: String) throws -> Int? {
        guard let groupColumn else { return LabelledImages.patientNames.lazy.compactMap(table.column).first }
        guard let index = table.column(groupColumn) else {
            let columns = table.header.joined(separator: ", ")
            throw InputError(.invalidInput, "\(csv) has no column \(groupColumn); it has \(columns).")
        }
        return index
    }

    /// The new files may stand in another folder than the CSV, so relative paths become absolute.
    private func absolute(_ row: [String], _ table: LabelledImages, beside csv: String) -> [String] {
        var row = row
        let written = row[table.pathColumn]
        guard !written.hasPrefix("/"), !written.contains("://") else { return row }
        row[table.pathColumn] = RemoteFiles.shown(
            URL(fileURLWithPath: csv).deletingLastPathComponent()
                .appendingPathComponent(written).standardizedFileURL.path)
        return row
    }

    /// For each image whether it goes to evaluation; the rule is ``GroupedSplit``'s.
    package func assign(_ images: [(label: String, group: String?)]) -> [Bool] {
        GroupedSplit(share: evaluationShare, seed: seed).assign(
            images.map { GroupedSplit.Member(labels: [$0.label], group: $0.group) })
    }
}
