import LightboxCore
import Warehouse

/// One table of predictions joined with a table of labels in SQL: the scores and states of each image.
struct PredictionJoin {
    /// Called by the names of the label table's row, the same whichever table it is joined with.
    private(set) var cases: ScoredCases
    /// Rows of the predictions for which the label table has no image.
    var predictionsWithoutLabels = 0
    /// Images of the label table, of the data set and view asked for, without a prediction.
    var labelsWithoutPrediction = 0

    struct Filter {
        var dataset: String?
        var view: String?
    }

    /// Names under which both tables may hold the same thing, in the order in which they are tried.
    private static let keys: [[String]] = [
        ["path", "image", "file"], ["instance", "sopinstanceuid", "dicom_id"], ["dicom_id"],
    ]

    private let predictions: TableName
    /// Of the columns of the predictions.
    private let types: [String: ColumnType]
    let labels: LabelledTable

    /// - Throws: ``InputError`` when the tables have no column or no image in common.
    init(_ predictions: TableName, _ labels: LabelledTable, _ filter: Filter, in warehouse: Warehouse) throws {
        self.predictions = predictions
        self.labels = labels
        cases = ScoredCases(labels: labels.labels)
        types = try LabelledTable.types(of: predictions, in: warehouse)
        let columns = try LabelledTable.header(of: predictions, in: warehouse)
        let found = try labels.labels.map { label in
            guard let column = PredictionColumn.find(label, among: columns) else {
                throw InputError(
                    .invalidInput,
                    "The table \(predictions) has no column predicted_\(label); it has "
                        + "\(columns.joined(separator: ", ")).")
            }
            return column
        }
        let key = try joinKey(columns, in: warehouse)
        try refuseDoubles(key, in: warehouse)
        let joined = joined(key, scores: found, filter)
        try read(joined, in: warehouse)
        try count(key, filter, in: warehouse)
    }

    private typealias Key = (prediction: String, label: String)

    /// The key's columns as they are compared: as texts where one is a number and the other none.
    private func terms(_ key: Key) -> Key {
        let names = (SQLText.name(key.prediction), SQLText.name(key.label))
        func isNumber(_ type: ColumnType?) -> Bool { type == .integer || type == .real }
        let (left, right) = (types[key.prediction], labels.types[key.label])
        guard left != right, !(isNumber(left) && isNumber(right)) else { return names }
        return (SQLText.word(names.0), SQLText.word(names.1))
    }

    /// The columns that name the same images; the first pair under which there is one.
    private func joinKey(_ columns: [String], in warehouse: Warehouse) throws -> Key {
        let header = try LabelledTable.header(of: labels.table, in: warehouse)
        var pairs: [Key] = []
        for names in Self.keys {
            let left = columns.filter { names.contains($0.lowercased()) }
            let right = header.filter { names.contains($0.lowercased()) }
            for prediction in left { pairs += right.map { (prediction, $0) } }
        }
        guard !pairs.isEmpty else {
            throw InputError(
                .invalidInput,
                "The tables \(predictions) and \(labels.table) have no column in common that names the image: path or "
                    + "instance. They have \(columns.joined(separator: ", ")); and \(header.joined(separator: ", "))."
            )
        }
        for pair in pairs {
            let terms = terms(pair)
            let match = """
                SELECT 1 FROM \(SQLText.name(predictions)) WHERE \(terms.prediction) IN
                    (SELECT \(terms.label) FROM \(SQLText.name(labels.table))) LIMIT 1
                """
            if try !warehouse.query(match).rows.isEmpty { return pair }
        }
        let compared = pairs.map { pair in
            pair.prediction == pair.label ? pair.label : "\(pair.prediction) with \(pair.label)"
        }
        let rows = try (warehouse.rowCount(of: predictions), warehouse.rowCount(of: labels.table))
        throw InputError(
            .notFound,
            "None of the \(rows.0) predictions of \(predictions) is of an image among the \(rows.1) of "
                + "\(labels.table). Compared were the columns \(compared.joined(separator: ", ")): paths have to be "
                + "written alike in both, from the same folder. Look at both with `lightbox query`.")
    }

    /// Two predictions, or two rows of labels, for one image would count it twice.
    private func refuseDoubles(_ key: Key, in warehouse: Warehouse) throws {
        for (table, column) in [(predictions, key.prediction), (labels.table, key.label)] {
            let name = SQLText.name(column)
            let doubles = try warehouse.query(
                """
                SELECT count(*) FROM (SELECT 1 FROM \(SQLText.name(table)) WHERE \(name) IS NOT NULL
                GROUP BY \(name) HAVING count(*) > 1) AS doubled
                """)
            guard case .integer(let count) = doubles.rows[0][0], count > 0 else { continue }
            throw InputError(
                .invalidInput,
                "The table \(table) has several rows for \(count) images (by \(column)), so they would count more than "
                    + "once: keep one row each, such as one model or one frame.")
        }
    }

    private func condition(_ filter: Filter) -> String {
        let dataset = filter.dataset.map { "\(labels.datasetWord) = \(SQLText.text($0))" }
        let view = filter.view.map { "\(labels.viewWord) = \(SQLText.text($0))" }
        let conditions = [dataset, view].compactMap { $0 }
        return conditions.isEmpty ? "" : " WHERE " + conditions.joined(separator: " AND ")
    }

    /// key, patient, then state and score of each label.
    private func joined(_ key: Key, scores columns: [String], _ filter: Filter) -> String {
        let states = labels.labels.enumerated().map { "\(labels.state(of: $1)) AS s\($0)" }
        let scores = columns.enumerated().map { "\(SQLText.name($1)) AS p\($0)" }
        let unit = labels.keys.map { "coalesce(\(SQLText.word(SQLText.name($0))), '')" }
            .joined(separator: " || '\u{1f}' || ")
        let both = columns.indices.map { "s\($0), p\($0)" }
        return """
            SELECT CAST(l.unit AS TEXT), CAST(l.patient AS TEXT), CAST(l.study AS TEXT), \(both.joined(separator: ", "))
            FROM (SELECT \(terms(key).label) AS k, \(unit) AS unit,
                  \(labels.patient.map(SQLText.name) ?? "NULL") AS patient,
                  \(labels.study.map(SQLText.name) ?? "NULL") AS study, \(states.joined(separator: ", "))
                  FROM \(SQLText.name(labels.table))\(condition(filter))) AS l
            JOIN (SELECT \(terms(key).prediction) AS k, \(scores.joined(separator: ", "))
                  FROM \(SQLText.name(predictions))) AS p ON p.k = l.k
            ORDER BY 1
            """
    }

    private mutating func read(_ sql: String, in warehouse: Warehouse) throws {
        var (patients, studies): ([String], [String]) = ([], [])
        var cases = cases
        let names = labels
        let table = predictions
        func take(_ row: [SQLValue]) throws {
            cases.units.append(row[0].word ?? "")
            if let patient = row[1].word, !patient.isEmpty { patients.append(patient) }
            if let study = row[2].word, !study.isEmpty { studies.append(study) }
            for label in names.labels.indices {
                guard case .integer(let raw) = row[3 + 2 * label], let state = LabelState(rawValue: Int(raw))
                else {
                    throw InputError(
                        .invalidInput,
                        "The column \(names.columns[label]) of \(names.table) holds a value that is no state: 1, 0, -1 "
                            + "and NULL, or 0 to 3.")
                }
                guard let score = row[4 + 2 * label].number else {
                    throw InputError(
                        .invalidInput,
                        "The table \(table) has an image without a score for \(names.labels[label]).")
                }
                cases.states[label].append(state)
                cases.scores[label].append(score)
            }
        }
        try warehouse.query(sql, columns: { _ in }, row: take)
        cases.patients = patients.count == cases.units.count ? patients : nil
        cases.studies = studies.count == cases.units.count ? studies : nil
        self.cases = cases
    }

    private mutating func count(_ key: Key, _ filter: Filter, in warehouse: Warehouse) throws {
        let (left, right) = terms(key)
        let (predicted, labelled) = (SQLText.name(predictions), SQLText.name(labels.table))
        let result = try warehouse.query(
            """
            SELECT (SELECT count(*) FROM \(predicted) WHERE \(left) IS NULL
                    OR \(left) NOT IN (SELECT \(right) FROM \(labelled) WHERE \(right) IS NOT NULL)),
                   (SELECT count(*) FROM \(labelled)\(condition(filter)))
            """)
        if case .integer(let count) = result.rows[0][0] { predictionsWithoutLabels = Int(count) }
        if case .integer(let count) = result.rows[0][1] {
            labelsWithoutPrediction = Int(count) - cases.units.count
        }
    }
}

extension SQLValue {
    /// A number; nil for NULL and anything else.
    var number: Double? {
        switch self {
        case .real(let number): number
        case .integer(let number): Double(number)
        default: nil
        }
    }
}
