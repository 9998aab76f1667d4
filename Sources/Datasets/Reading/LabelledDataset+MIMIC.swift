import Foundation
import LightboxCore
import WireFormats

extension LabelledDataset {
    /// Who read the labels out of the reports of MIMIC-CXR.
    public enum MIMICLabeler: String, Sendable, Codable, CaseIterable {
        case chexpert
        case negbio
        /// Radiologists, for the studies of the test set alone.
        case radiologist = "test-set-labeled"
    }

    /// Reads the layout of MIMIC-CXR-JPG (Johnson et al. 2019, arXiv:1901.07042), any version 2.
    ///
    /// `folder` holds `files/p10/p10000032/s50414267/….jpg` and the tables `mimic-cxr-2.y.z-split.csv`,
    /// `-metadata.csv` and that of the labeler, each plain or `.gz`. Columns are found by name. Images of
    /// studies without labels are left out; `validate` becomes ``DataSplit/valid``; PA and AP are frontal,
    /// LATERAL and LL lateral, all else other.
    public static func mimicCXR(
        _ folder: String, labels: LabelSet = .chexpert14, labeler: MIMICLabeler = .chexpert,
        options: ReadOptions = ReadOptions()
    ) throws -> LabelledDataset {
        let layout = MIMICLayout(folder: folder, labels: labels)
        let said = try layout.labels(labeler)
        let splits = try layout.splits()
        let dataset = try layout.images(said, splits)
        return options.checksFiles ? try dataset.leavingOutMissingFiles() : dataset
    }
}

/// The tables of MIMIC-CXR-JPG.
private struct MIMICLayout {
    let folder: String
    let labels: LabelSet

    /// What is said of each study: its row among `states`.
    struct StudyLabels {
        var rows: [Int: Int] = [:]
        var states: [UInt8] = []
    }

    func labels(_ labeler: LabelledDataset.MIMICLabeler) throws -> StudyLabels {
        let reader = try LabelTableReader(path: table(labeler.rawValue))
        let study = try reader.column("study_id")
        let columns = try reader.columns(of: labels)
        var said = StudyLabels()
        while let row = try reader.next() {
            guard let number = Int(row[study]) else { throw reader.invalid(row, study, "A study is a number.") }
            guard said.rows.updateValue(said.rows.count, forKey: number) == nil else {
                throw reader.invalid(row, study, "The study stands here for the second time.")
            }
            try reader.appendStates(of: row, columns, to: &said.states)
        }
        return said
    }

    func splits() throws -> [String: UInt8] {
        let reader = try LabelTableReader(path: table("split"))
        let (image, split) = (try reader.column("dicom_id"), try reader.column("split"))
        var splits: [String: UInt8] = [:]
        while let row = try reader.next() {
            guard let part = DataSplit(row[split]) else {
                throw reader.invalid(row, split, "A split is train, validate or test.")
            }
            splits[row[image]] = UInt8(part.rawValue)
        }
        return splits
    }

    func images(_ said: StudyLabels, _ splits: [String: UInt8]) throws -> LabelledDataset {
        let reader = try LabelTableReader(path: table("metadata"))
        let (image, subject) = (try reader.column("dicom_id"), try reader.column("subject_id"))
        let (study, view) = (try reader.column("study_id"), try reader.column("ViewPosition"))
        var table = SampleTable(labelCount: labels.count)
        var (paths, studies, instances) = (TextColumn(), TextColumn(), TextColumn())
        var report = DatasetReport()
        while let row = try reader.next() {
            guard let number = Int(row[study]) else { throw reader.invalid(row, study, "A study is a number.") }
            guard let labelled = said.rows[number] else {
                report.leftOut += 1
                continue
            }
            let patient = try reader.name(row, subject)
            let name = try reader.name(row, image)
            paths.append("files/p\(patient.prefix(2))/p\(patient)/s\(number)/\(name).jpg")
            studies.append(String(number))
            instances.append(name)
            let (first, end) = (labelled * labels.count, (labelled + 1) * labels.count)
            table.states.append(contentsOf: said.states[first..<end])
            table.append(
                patient: patient, study: String(number), view: ViewKind(row[view]) ?? .other,
                split: splits[name].flatMap { DataSplit(rawValue: Int($0)) })
        }
        table.sources = .files(
            folders: [folder], folder: Array(repeating: 0, count: table.count), names: paths)
        table.keys = [("path", paths), ("study", studies), ("instance", instances)]
        table.finish()
        if report.leftOut > 0 {
            report.note(reader.path, "\(report.leftOut) images belong to studies without labels.")
        }
        guard table.count > 0 else {
            throw DatasetError(.empty, reader.path, remedy: "No image belongs to a study with labels.")
        }
        return LabelledDataset(labels: labels, content: .images, table: table, report: report)
    }

    /// `mimic-cxr-2.y.z-TOPIC.csv`, or `.csv.gz`: the newest version, plain before gzip.
    private func table(_ topic: String) throws -> String {
        let names = (try? RemoteFiles.names(in: folder)) ?? []
        let found = names.compactMap { name -> (version: [Int], isPlain: Bool, name: String)? in
            for (ending, isPlain) in [("-\(topic).csv", true), ("-\(topic).csv.gz", false)] {
                guard name.hasPrefix("mimic-cxr-2."), name.hasSuffix(ending) else { continue }
                let version = name.dropFirst("mimic-cxr-".count).dropLast(ending.count).split(separator: ".")
                let numbers = version.compactMap { Int($0) }
                if numbers.count == version.count { return (numbers, isPlain, name) }
            }
            return nil
        }
        let best = found.max { left, right in
            left.version == right.version
                ? !left.isPlain && right.isPlain : left.version.lexicographicallyPrecedes(right.version)
        }
        guard let best else {
            throw DatasetError(
                .missingFile, folder, remedy: "There is no mimic-cxr-2.y.z-\(topic).csv or .csv.gz in this folder."
            )
        }
        return folder + "/" + best.name
    }
}
