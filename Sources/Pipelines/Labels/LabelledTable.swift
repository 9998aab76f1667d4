import LightboxCore
public import Warehouse

/// Which columns of a table say what: the label states, the view, the data set, the patient, the image.
///
/// The names are those that the field's tables use, so that a label table of a published data set, the one that
/// `lightbox phantoms` writes and the notebook's own all read without options.
public struct LabelledTable: Sendable {
    public let table: TableName
    /// The label columns, in the order they were asked for.
    public let labels: [String]
    /// `path`, or the instance's UID: one image each.
    public let key: String
    public let view: String?
    public let dataset: String?
    public let patient: String?
    let coding: Coding

    /// How a column's numbers say a state.
    enum Coding: Sendable {
        /// 0 not mentioned, 1 negative, 2 uncertain, 3 positive: `LabelState`.
        case states
        /// NULL not mentioned, 0 negative, -1 uncertain, 1 positive: CheXpert and MIMIC-CXR-JPG.
        case chexpert
    }

    static let keyNames = ["path", "instance", "dicom_id", "image", "file"]
    private static let viewNames = ["view", "frontal/lateral", "viewposition", "view_position"]
    private static let datasetNames = ["dataset", "split"]
    private static let patientNames = ["patient_id", "patient", "patientid", "subject_id", "subject"]

    /// Looks at the columns of a table of labels.
    ///
    /// - Parameter labels: names as written in code, `pleural_effusion`; a column `Pleural Effusion` counts.
    /// - Throws: ``InputError`` when a column is missing, with those that are there.
    public init(_ table: TableName, labels: [String], in warehouse: Warehouse) throws {
        guard let schema = try warehouse.schema(of: table) else {
            throw InputError(
                .notFound, "There is no table \(table). `lightbox query` lists those that are there.")
        }
        let columns = schema.columns.map(\.name)
        func column(_ names: [String]) -> String? {
            names.lazy.compactMap { name in columns.first { $0.lowercased() == name } }.first
        }
        self.table = table
        self.labels = try labels.map { label in
            guard let found = columns.first(where: { Self.simplified($0) == Self.simplified(label) }) else {
                throw InputError(
                    .invalidInput,
                    "The table \(table) has no column \(label); it has \(columns.joined(separator: ", ")).")
            }
            return found
        }
        guard let key = column(Self.keyNames) else {
            throw InputError(
                .invalidInput,
                "The table \(table) has no column that names the image: \(Self.keyNames.joined(separator: ", ")).")
        }
        self.key = key
        view = column(Self.viewNames)
        dataset = column(Self.datasetNames)
        patient = column(Self.patientNames)
        coding = try Self.coding(of: self.labels, table, warehouse)
    }

    /// `Pleural Effusion` and `pleural_effusion` are one label.
    static func simplified(_ name: String) -> String {
        String(name.lowercased().filter { $0.isLetter || $0.isNumber })
    }

    private static func coding(of labels: [String], _ table: TableName, _ warehouse: Warehouse) throws -> Coding {
        let signs = labels.map { "max(\(SQLText.name($0)) IS NULL OR \(SQLText.name($0)) < 0)" }
        let result = try warehouse.query("SELECT \(signs.joined(separator: ", ")) FROM \(SQLText.name(table))")
        let hasBlankOrMinus = result.rows.first?.contains { $0 == .integer(1) || $0 == .boolean(true) } ?? false
        return hasBlankOrMinus ? .chexpert : .states
    }

    /// The state of a label as SQL: 0 not mentioned, 1 negative, 2 uncertain, 3 positive; NULL for anything else.
    func state(of label: String) -> String {
        let column = SQLText.name(label)
        return switch coding {
        case .states: "CASE WHEN \(column) IN (0, 1, 2, 3) THEN CAST(\(column) AS INTEGER) END"
        case .chexpert:
            "CASE WHEN \(column) IS NULL THEN 0 WHEN \(column) = 0 THEN 1 WHEN \(column) = -1 THEN 2 "
                + "WHEN \(column) = 1 THEN 3 END"
        }
    }

    /// The view as SQL: the notebook's numbers and the scanners' positions in words.
    var viewWord: String {
        guard let view else { return "NULL" }
        let column = SQLText.name(view)
        return """
            CASE upper(\(column)) WHEN '0' THEN 'frontal' WHEN '1' THEN 'lateral' WHEN '2' THEN 'other' \
            WHEN 'PA' THEN 'frontal' WHEN 'AP' THEN 'frontal' WHEN 'LL' THEN 'lateral' \
            ELSE lower(\(column)) END
            """
    }

    /// The data set as SQL: the notebook's numbers in words.
    var datasetWord: String {
        guard let dataset else { return "NULL" }
        let column = SQLText.name(dataset)
        return """
            CASE CAST(\(column) AS TEXT) WHEN '0' THEN 'train' WHEN '1' THEN 'valid' \
            WHEN 'validate' THEN 'valid' ELSE lower(\(column)) END
            """
    }
}

/// Names and texts as SQL takes them whatever their characters.
enum SQLText {
    static func name(_ name: some CustomStringConvertible) -> String {
        "\"" + name.description.replacing("\"", with: "\"\"") + "\""
    }

    static func text(_ text: String) -> String { "'" + text.replacing("'", with: "''") + "'" }
}
