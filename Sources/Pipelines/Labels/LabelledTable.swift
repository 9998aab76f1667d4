public import Datasets
import LightboxCore
public import Warehouse

/// Which columns of a table say what: the label states, the view, the data set, the patient, the image.
///
/// The names are those that the field's tables use, so that a label table of a published data set, the one that
/// `lightbox phantoms` writes and the notebook's own all read without options.
public struct LabelledTable: Sendable {
    public let table: TableName
    /// The labels that were asked for, in that order.
    public let labels: [String]
    /// The column of each label.
    public let columns: [String]
    /// `path`, or the instance's UID: one image each.
    public let key: String
    /// All columns that name the image, the key among them: together they tell rows apart.
    let keys: [String]
    public let view: String?
    public let dataset: String?
    public let patient: String?
    public let study: String?
    let coding: Coding
    let types: [String: ColumnType]

    /// How a column's numbers say a state.
    enum Coding: Sendable {
        /// 0 not mentioned, 1 negative, 2 uncertain, 3 positive: `LabelState`.
        case states
        /// NULL not mentioned, 0 negative, -1 uncertain, 1 positive: CheXpert and MIMIC-CXR-JPG.
        case findings
    }

    static let keyNames = ["path", "instance", "sopinstanceuid", "dicom_id", "image", "file"]
    private static let viewNames = ["view", "frontal/lateral", "viewposition", "view_position"]
    private static let datasetNames = ["dataset", "split"]
    private static let patientNames = ["patient_id", "patient", "patientid", "subject_id", "subject"]
    private static let studyNames = ["study", "study_id", "studyinstanceuid"]

    /// Looks at the columns of a table of labels.
    ///
    /// - Parameter labels: nil takes those of ``Datasets/LabelSet/chexpert14`` that the table has. A column
    ///   `Pleural Effusion` counts as `pleural_effusion`, and a label's aliases count.
    /// - Throws: ``InputError`` when a column is missing, with those that are there.
    public init(_ table: TableName, labels: LabelSet?, in warehouse: Warehouse) throws {
        let header = try Self.header(of: table, in: warehouse)
        func column(_ names: [String]) -> String? {
            names.lazy.compactMap { name in header.first { $0.lowercased() == name } }.first
        }
        guard let key = column(Self.keyNames) else {
            throw InputError(
                .invalidInput,
                "The table \(table) has no column that names the image: \(Self.keyNames.joined(separator: ", ")).")
        }
        let found = try Self.columns(of: labels, among: header, table)
        self.table = table
        self.labels = found.map(\.label)
        self.columns = found.map(\.column)
        self.key = key
        keys = header.filter { Self.keyNames.contains($0.lowercased()) }
        view = column(Self.viewNames)
        dataset = column(Self.datasetNames)
        patient = column(Self.patientNames)
        study = column(Self.studyNames)
        types = try Self.types(of: table, in: warehouse)
        coding = try Self.coding(of: columns.map { [types] in Self.value(of: $0, types[$0]) }, table, warehouse)
    }

    static func header(of table: TableName, in warehouse: Warehouse) throws -> [String] {
        try columns(of: table, in: warehouse).map(\.name)
    }

    static func types(of table: TableName, in warehouse: Warehouse) throws -> [String: ColumnType] {
        Dictionary(try columns(of: table, in: warehouse).map { ($0.name, $0.type) }) { first, _ in first }
    }

    /// A column's value as SQL that can be compared.
    private static func value(of column: String, _ type: ColumnType?) -> String {
        let name = SQLText.name(column)
        return switch type {
        case .boolean?: "CAST(\(name) AS INTEGER)"
        case .json?, .vector?: SQLText.word(name)
        default: name
        }
    }

    private static func columns(of table: TableName, in warehouse: Warehouse) throws -> [TableSchema.Column] {
        guard let schema = try warehouse.schema(of: table) else {
            throw InputError(
                .notFound, "There is no table \(table). `lightbox query` lists those that are there.")
        }
        return schema.columns
    }

    private static func columns(
        of labels: LabelSet?, among header: [String], _ table: TableName
    ) throws -> [(label: String, column: String)] {
        let set = labels ?? .chexpert14
        guard set.kind == .states else {
            throw InputError(
                .invalidInput,
                "\(set.name) holds classes; a table has a column of states for each label. Count classes from the "
                    + "images' own list with --input.")
        }
        var found: [Int: String] = [:]
        for column in header {
            if let index = set.index(of: column), found[index] == nil { found[index] = column }
        }
        let missing = set.names.indices.filter { found[$0] == nil }.map { set.names[$0] }
        guard missing.isEmpty || (labels == nil && !found.isEmpty) else {
            throw InputError(
                .invalidInput,
                "The table \(table) has no column for \(missing.joined(separator: ", ")); it has "
                    + "\(header.joined(separator: ", ")). Name the labels with --labels FILE.yaml.")
        }
        return found.sorted { $0.key < $1.key }.map { (set.names[$0.key], $0.value) }
    }

    /// As on reading a CSV: a 2 or a 3 anywhere means states, otherwise the numbers are findings.
    private static func coding(of columns: [String], _ table: TableName, _ warehouse: Warehouse) throws -> Coding {
        let highest = columns.map { "max(\($0))" }
        let result = try warehouse.query("SELECT \(highest.joined(separator: ", ")) FROM \(SQLText.name(table))")
        let hasState = result.rows.first?.contains { value in
            switch value {
            case .integer(let number): number >= 2
            case .real(let number): number >= 2
            default: false
            }
        }
        return hasState ?? false ? .states : .findings
    }

    /// The state of a label as SQL: 0 not mentioned, 1 negative, 2 uncertain, 3 positive; NULL for anything else.
    func state(of label: String) -> String {
        guard let index = labels.firstIndex(of: label) else { preconditionFailure("\(label) is no label") }
        let type = types[columns[index]]
        let column = Self.value(of: columns[index], type)
        let isText = [.text, .json, .vector, nil].contains(type)
        func number(_ value: Int) -> String { isText ? "'\(value)'" : "\(value)" }
        return switch coding {
        case .states:
            "CASE WHEN \(column) IS NULL THEN 0 WHEN \(column) IN (\((0...3).map(number).joined(separator: ", "))) "
                + "THEN CAST(\(column) AS INTEGER) END"
        case .findings:
            "CASE WHEN \(column) IS NULL THEN 0 WHEN \(column) = \(number(0)) THEN 1 "
                + "WHEN \(column) = \(number(-1)) THEN 2 WHEN \(column) = \(number(1)) THEN 3 END"
        }
    }

    /// The view as SQL: the notebook's numbers and the scanners' positions in words.
    var viewWord: String {
        guard let view else { return "NULL" }
        let column = SQLText.word(SQLText.name(view))
        return """
            CASE WHEN upper(\(column)) IN ('0', 'PA', 'AP', 'FRONTAL') THEN 'frontal' \
            WHEN upper(\(column)) IN ('1', 'LL', 'RL', 'LATERAL') THEN 'lateral' \
            WHEN \(column) IS NULL OR \(column) = '' THEN NULL ELSE 'other' END
            """
    }

    /// The data set as SQL: the notebook's numbers and the other names in use in words.
    var datasetWord: String {
        guard let dataset else { return "NULL" }
        let word = "lower(CAST(\(SQLText.name(dataset)) AS TEXT))"
        return """
            CASE WHEN \(word) IN ('0', 'training') THEN 'train' \
            WHEN \(word) IN ('1', 'validate', 'validation', 'val', 'eval', 'evaluation', 'dev') THEN 'valid' \
            WHEN \(word) IN ('2', 'testing') THEN 'test' ELSE nullif(\(word), '') END
            """
    }
}
