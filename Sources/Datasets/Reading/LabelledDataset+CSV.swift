import Foundation
import LightboxCore
import WireFormats

extension LabelledDataset {
    /// Reads a CSV of images: `path,label` with or without a header, or a column per label of a set of states.
    ///
    /// A relative path is looked for beside the CSV, then in the working folder; images that are not there are
    /// left out and reported.
    /// - Parameters:
    ///   - labels: nil takes the classes from the file: those of ``TableColumns/classes``, or the different values
    ///     of its label column in alphabetical order. An empty label means that none is known.
    ///   - columns: which column means what, and which rows count.
    public static func imageTable(
        _ csv: String, labels: LabelSet? = nil, columns: TableColumns = TableColumns(),
        options: ReadOptions = ReadOptions()
    ) throws -> LabelledDataset {
        let local = try options.localPath(csv)
        var reader = try ImageTableReader(local, columns)
        let kept = try reader.keptRows()
        let labels = try labels ?? reader.classes(of: kept)
        var table = SampleTable(labelCount: labels.count)
        try reader.appendLabels(of: kept, labels, to: &table)
        return try reader.dataset(table, labels, options)
    }
}

/// One CSV of images on its way to becoming a data set.
private struct ImageTableReader {
    let path: String
    let columns: TableColumns
    let images: LabelledImages
    var report = DatasetReport()
    /// Rows of the CSV whose samples are in the table, in its order.
    private var used: [Int] = []
    private let label, split, patient, study, view: Int?

    init(_ path: String, _ columns: TableColumns) throws {
        self.path = path
        self.columns = columns
        let images = try LabelledImages(csv: path, pathColumn: columns.path)
        self.images = images
        func find(_ name: String?, _ usual: [String]) throws -> Int? {
            guard let name else { return usual.lazy.compactMap(images.column).first }
            guard !name.isEmpty else { return nil }
            if let index = images.column(name) { return index }
            throw Self.noColumn(name, path, images)
        }
        label = try find(columns.label, ["label", "class"])
        split = try find(columns.split, ["split", "dataset"])
        patient = try find(columns.patient, LabelledImages.patientNames)
        study = try find(columns.study, ["study", "study_id"])
        view = try find(columns.view, ["view", "view_position", "viewposition"])
    }

    private static func noColumn(_ name: String, _ path: String, _ images: LabelledImages) -> DatasetError {
        DatasetError(
            .missingColumn, path,
            remedy: "There is no column \(name); the columns are \(images.header.joined(separator: ", ")). "
                + "Name it with --columns label=…; for a column per finding give --labels, such as chexpert14.")
    }

    /// The row's place in the file, for messages.
    private func place(_ row: Int, _ column: Int) -> String {
        "\(path) row \(row + (images.hasHeader ? 2 : 1)) column \(images.header[column])"
    }

    /// Rows that pass `only`, and whose label `classes` names when there are classes.
    mutating func keptRows() throws -> [Int] {
        let filters = try columns.only.map { choice in
            guard let column = images.column(choice.name) else { throw Self.noColumn(choice.name, path, images) }
            return (column, Set(choice.values))
        }
        var values: Set<String> = []
        if !columns.classes.isEmpty {
            guard label != nil else { throw Self.noColumn(columns.label ?? "label", path, images) }
            values = Set(columns.classes.flatMap(\.values))
        }
        let kept = images.rows.indices.filter { row in
            filters.allSatisfy { $0.1.contains(images.rows[row][$0.0]) }
                && (values.isEmpty || values.contains(images.rows[row][label!]))
        }
        report.leftOut = images.rows.count - kept.count
        guard !kept.isEmpty else {
            throw DatasetError(
                .empty, path,
                remedy: "None of its \(images.rows.count) rows has the values asked for; case counts.")
        }
        return kept
    }

    /// The classes that the file itself has.
    func classes(of rows: [Int]) throws -> LabelSet {
        let name = ((path as NSString).lastPathComponent as NSString).deletingPathExtension
        guard columns.classes.isEmpty else {
            return try LabelSet(name: name, kind: .classes, names: columns.classes.map(\.name))
        }
        guard let label else { throw Self.noColumn(columns.label ?? "label", path, images) }
        let values = Set(rows.map { images.rows[$0][label] }).subtracting([""]).sorted()
        guard values.count <= 10_000 else {
            throw DatasetError(
                .invalidLabels, "\(path) column \(images.header[label])",
                remedy: "\(values.count) different values are no classes: choose another column with label=.")
        }
        return try LabelSet(name: name, kind: .classes, names: values)
    }

    mutating func appendLabels(of rows: [Int], _ labels: LabelSet, to table: inout SampleTable) throws {
        used = rows
        switch labels.kind {
        case .classes: table.classes = try rows.map { try classIndex($0, labels) }
        case .states:
            let found = labels.columns(among: images.header)
            if found.allSatisfy({ $0 == nil }), let label {
                for row in rows { table.states += try listedStates(row, label, labels) }
            } else {
                table.states = try states(rows, labels, found)
            }
        }
    }

    private func classIndex(_ row: Int, _ labels: LabelSet) throws -> Int32 {
        guard let label else { throw Self.noColumn(columns.label ?? "label", path, images) }
        var value = images.rows[row][label]
        if let choice = columns.classes.first(where: { $0.values.contains(value) }) { value = choice.name }
        guard !value.isEmpty else { return -1 }
        guard let index = labels.index(of: value) else {
            throw DatasetError(
                .invalidValue, place(row, label),
                remedy: "This is none of the labels \(labels.names.joined(separator: ", ")). "
                    + "Leave such rows out with only=, or name their value with classes=.")
        }
        return Int32(index)
    }

    /// `Cardiomegaly|Effusion`: the findings that are named are positive, the others not mentioned.
    private func listedStates(_ row: Int, _ column: Int, _ labels: LabelSet) throws -> [UInt8] {
        var states = Array(repeating: UInt8(LabelState.notMentioned.rawValue), count: labels.count)
        for name in images.rows[row][column].split(whereSeparator: { "|;".contains($0) }) {
            guard let index = labels.index(of: String(name)) else {
                throw DatasetError(
                    .invalidValue, place(row, column),
                    remedy: "One of the findings here is not in the label set \(labels.name).")
            }
            states[index] = UInt8(LabelState.positive.rawValue)
        }
        return states
    }

    /// A column per label.
    private func states(_ rows: [Int], _ labels: LabelSet, _ found: [Int?]) throws -> [UInt8] {
        let missing = zip(labels.names, found).filter { $0.1 == nil }.map(\.0)
        guard missing.isEmpty else { throw Self.noColumn("for " + missing.joined(separator: ", "), path, images) }
        var cells: [LabelCell] = []
        for row in rows {
            for column in found {
                guard let cell = LabelCell(images.rows[row][column!]) else {
                    throw DatasetError(.invalidValue, place(row, column!), remedy: columns.coding.rule)
                }
                cells.append(cell)
            }
        }
        var coding = columns.coding
        if coding == .auto {
            coding = cells.contains(.number(2)) || cells.contains(.number(3)) ? .states : .findings
        }
        return try cells.enumerated().map { index, cell in
            guard let state = coding.state(cell) else {
                let (row, column) = (rows[index / found.count], found[index % found.count]!)
                throw DatasetError(.invalidValue, place(row, column), remedy: coding.rule)
            }
            return UInt8(state.rawValue)
        }
    }

    mutating func dataset(
        _ labelled: SampleTable, _ labels: LabelSet, _ options: ReadOptions
    ) throws -> LabelledDataset {
        var table = labelled
        for row in used {
            let cells = images.rows[row]
            let part = try split.map { column in
                guard let part = DataSplit(cells[column]) else {
                    throw DatasetError(
                        .invalidValue, place(row, column),
                        remedy: "A split is train, valid or test. Pass split= to do without this column.")
                }
                return part
            }
            table.append(
                patient: patient.map { cells[$0] }, study: study.map { cells[$0] },
                view: view.flatMap { ViewKind(cells[$0]) }, split: part)
        }
        table.finish()
        table.keys = keyColumns()
        let (names, isThere) = try files(options)
        table.sources = .files(folders: [""], folder: Array(repeating: 0, count: used.count), names: names)
        let all = LabelledDataset(labels: labels, content: .images, table: table, report: report)
        return try all.keeping(isThere)
    }

    private func keyColumns() -> [(name: String, texts: TextColumn)] {
        let others = ["study", "series", "instance"].compactMap { name in
            images.column(name).map { (name: name, column: $0) }
        }
        return ([(name: "path", column: images.pathColumn)] + others).map { field in
            var texts = TextColumn()
            for row in used { texts.append(images.rows[row][field.column]) }
            return (field.name, texts)
        }
    }

    /// Where each image file is, and whether it is there.
    private func files(_ options: ReadOptions) throws -> (TextColumn, [Bool]) {
        let folder = (path as NSString).deletingLastPathComponent
        let written = try used.map { try options.localPath(images.rows[$0][images.pathColumn]) }
        var paths = written.map { $0.hasPrefix("/") || folder.isEmpty ? $0 : folder + "/" + $0 }
        var isThere = Array(repeating: true, count: paths.count)
        if options.checksFiles {
            let beside = paths
            isThere = FileCheck.exist(paths.count) { beside[$0] }
            for index in isThere.indices where !isThere[index] && access(written[index], R_OK) == 0 {
                (paths[index], isThere[index]) = (written[index], true)
            }
        }
        var names = TextColumn()
        for path in paths { names.append(path) }
        return (names, isThere)
    }
}
