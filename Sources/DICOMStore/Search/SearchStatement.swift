import DICOM
import Database
import LightboxCore

/// A query as SQL over the index: `s` studies, `e` series, `i` instances.
///
/// The join starts at the table and index that narrow most, to which ``IndexDialect`` keeps SQLite. The order is the one
/// that index gives, and the same for every page.
struct SearchStatement {
    let query: AttributeQuery
    let store: Int64
    private(set) var conditions: [String] = []
    private(set) var arguments: SQLArguments = []
    /// What only data sets can tell.
    private(set) var rest: [AttributeQuery.Term] = []
    private let dialect: IndexDialect
    private var start = Start.study(.any, order: "s.study_uid, s.id")

    /// How the studies are walked.
    private enum Walk: Equatable {
        case any, byNumber
        case index(String)
    }

    private enum Start {
        case study(Walk, order: String)
        case series(String, order: String)
        case instance
    }

    init(_ query: AttributeQuery, store: Int64, _ database: SQLTransaction) throws {
        self.query = query
        self.store = store
        dialect = database.dialect
        var below: [(column: IndexColumn, match: ValueMatch)] = []
        var candidates: [IndexColumn] = []
        for term in query.terms {
            guard term.path.count == 1, let column = Self.column(of: term.path[0]) else {
                rest.append(term)
                continue
            }
            let match = ValueMatch(term.value.withoutNUL, vr: column.vr)
            guard match != .everything else { continue }
            if column.level > query.level || term.path[0] == .modalitiesInStudy {
                below.append((column, match))
                continue
            }
            if column.kind == .person {
                addPerson(column, match, term.value.withoutNUL)
                start = .study(.byNumber, order: "s.id")
            } else {
                (conditions, arguments) = try add(column, match, to: (conditions, arguments))
                if match.isNarrow { candidates.append(column) }
            }
        }
        conditions.append("s.store_id = ?")
        arguments += [store]
        choose(candidates)
        try preferModality(query.terms, candidates, database)
        try addBelow(below, database)
        // A walk along the order wanted, unless something narrows the search.
        if query.level == .study, query.order != .any, case .study(.any, _) = start {
            let index = query.order == .newest ? "dicom_study_date" : "dicom_study_patient"
            start = .study(.index(index), order: "")
        }
    }

    private static func column(of tag: Tag) -> IndexColumn? {
        IndexColumn.byTag[tag == .modalitiesInStudy ? .modality : tag]
    }

    // MARK: Where to start

    private mutating func choose(_ candidates: [IndexColumn]) {
        if candidates.contains(where: { $0.tag == .sopInstanceUID }) {
            start = .instance
            conditions.append("i.store_id = ?")
            arguments += [store]
        } else if candidates.contains(where: { $0.tag == .seriesInstanceUID }) {
            start = .series("dicom_series_uid", order: "e.series_uid, e.id")
        } else if let first = IndexColumn.all.first(where: { column in
            column.index != nil && column.level == .study && candidates.contains { $0.tag == column.tag }
        }), let index = first.index {
            start = .study(.index(index), order: "\(first.order), s.id")
        }
    }

    /// How many rows a walk from a lower level may begin with, so that it is shorter than one from above.
    private static let few = 2000

    /// A rare modality is where a search for series begins that has nothing better.
    private mutating func preferModality(
        _ terms: [AttributeQuery.Term], _ candidates: [IndexColumn], _ database: SQLTransaction
    ) throws {
        guard case .study(.any, _) = start, candidates.contains(where: { $0.tag == .modality }) else { return }
        var own: Terms = ([], [])
        for term in terms where term.path == [.modality] {
            own = try add(IndexColumn.byTag[.modality]!, ValueMatch(term.value.withoutNUL, vr: .CS), to: own)
        }
        if try areFew("FROM dicom_series e WHERE \(own.conditions.joined(separator: " AND "))", own, database) {
            start = .series("dicom_series_modality", order: "e.modality NULLS FIRST, e.study, e.id")
        }
    }

    private func areFew(_ selection: String, _ terms: Terms, _ database: SQLTransaction) throws -> Bool {
        let count: Int? = try database.scalar(
            "SELECT count(*) FROM (SELECT 1 \(selection) LIMIT \(Self.few + 1)) AS found", terms.arguments)
        return count ?? 0 <= Self.few
    }

    private var tables: String {
        let (level, join) = (query.level, dialect.join)
        let instances = level == .instance ? " \(join) dicom_instance i ON i.series = e.id" : ""
        switch start {
        case .instance:
            return "dicom_instance i \(join) dicom_series e ON e.id = i.series "
                + "\(join) dicom_study s ON s.id = e.study"
        case .series(let index, _):
            return "dicom_series e \(dialect.indexed(by: index)) \(join) dicom_study s ON s.id = e.study" + instances
        case .study(let walk, _):
            let hint =
                switch walk {
                case .any: ""
                case .byNumber: dialect.notIndexed
                case .index(let index): dialect.indexed(by: index)
                }
            return "dicom_study s \(hint)"
                + (level >= .series ? " \(join) dicom_series e ON e.study = s.id" : "") + instances
        }
    }

    private var order: String {
        switch query.level == .study ? query.order : .any {
        case .any: break
        case .newest: return "s.study_date DESC NULLS LAST, s.id DESC"
        case .patient: return "s.patient_id NULLS FIRST, s.id"
        }
        let below = [
            AttributeQuery.Level.study: "", .series: ", e.series_uid", .instance: ", e.series_uid, i.sop_uid",
        ]
        return switch start {
        case .instance: "i.sop_uid"
        case .series(_, let order): order + (query.level == .instance ? ", i.sop_uid" : "")
        case .study(_, let order): order + (below[query.level] ?? "")
        }
    }

    /// - Parameter limited: whether SQL cuts the page, which it cannot while `rest` is to be asked.
    func sql(selecting columns: String, limited: Bool) -> String {
        "SELECT \(columns) FROM \(tables) WHERE \(conditions.joined(separator: " AND ")) ORDER BY \(order)"
            + (limited ? " LIMIT ? OFFSET ?" : "")
    }

    // MARK: Conditions

    private typealias Terms = (conditions: [String], arguments: SQLArguments)

    private func add(_ column: IndexColumn, _ match: ValueMatch, to terms: Terms) throws -> Terms {
        var (conditions, arguments) = terms
        switch match {
        case .everything: break
        case .equal(let value) where column.kind == .time:
            conditions.append("\(column.sql) >= ? AND \(column.sql) < ?")
            arguments += [value, value + ":"]
        case .equal(let value):
            conditions.append("\(column.sql) = ?")
            arguments.append(
                column.kind == .integer ? try Self.integer(value, column).columnValue : .text(value))
        case .oneOf(let values):
            conditions.append("\(column.sql) IN (\(values.map { _ in "?" }.joined(separator: ",")))")
            arguments += SQLArguments(values: values.map { .text($0) })
        case .pattern(let pattern):
            if column.kind == .integer { _ = try Self.integer(pattern, column) }
            let prefix = pattern.prefix { $0 != "*" && $0 != "?" }
            if !prefix.isEmpty {
                conditions.append("\(column.sql) >= ? AND \(column.sql) < ?")
                arguments += [String(prefix), prefix + "\u{10FFFF}"]
            }
            conditions.append(dialect.matches(column.sql))
            arguments += [dialect.pattern(pattern)]
        case .range(let lower, let upper):
            if let lower {
                conditions.append("\(column.sql) >= ?")
                arguments += [lower]
            } else {
                conditions.append("\(column.sql) > ''")
            }
            if let upper {
                conditions.append("\(column.sql) < ?")
                arguments += [upper + ":"]
            }
        }
        return (conditions, arguments)
    }

    private static func integer(_ value: String, _ column: IndexColumn) throws -> Int {
        guard let number = Int(value) else {
            throw DICOMStoreError(.invalidQuery, "\(column.tag): a whole number is needed to search by it.")
        }
        return number
    }

    private mutating func addPerson(_ column: IndexColumn, _ match: ValueMatch, _ value: String) {
        var words: Terms = ([], [])
        let folded = PersonWords.folded(value)
        if query.isFuzzy {
            for word in PersonWords.words(of: folded) {
                words.conditions.append("(n.word >= ? AND n.word < ?)")
                words.arguments += [word, word + "\u{10FFFF}"]
            }
            if words.conditions.isEmpty { words.conditions = ["1 = 0"] }
        } else if case .pattern(let pattern) = match {
            let whole = "=" + PersonWords.folded(pattern)
            let prefix = String(whole.prefix { $0 != "*" && $0 != "?" })
            words.conditions.append("(n.word >= ? AND n.word < ? AND \(dialect.matches("n.word")))")
            words.arguments += [prefix, prefix + "\u{10FFFF}", dialect.pattern(whole)]
        } else {
            // With several component groups each has to be one of the name's.
            for group in folded.split(separator: "=") {
                words.conditions.append("n.word = ?")
                words.arguments += ["=" + PersonWords.whole(String(group))]
            }
            if words.conditions.isEmpty { words.conditions = ["1 = 0"] }
        }
        let role = column.tag == .patientName ? 0 : 1
        conditions.append(
            dialect.isIn(
                "s.id",
                "SELECT n.study FROM dicom_name n WHERE n.store_id = ? AND n.role = \(role) "
                    + "AND (\(words.conditions.joined(separator: " OR ")))"))
        arguments += [store]
        arguments += words.arguments
    }

    /// Attributes of a lower level than the results': one child has to have all of them.
    private mutating func addBelow(
        _ below: [(column: IndexColumn, match: ValueMatch)], _ database: SQLTransaction
    ) throws {
        guard !below.isEmpty else { return }
        var terms: Terms = ([], [])
        for (column, match) in below { terms = try add(column, match, to: terms) }
        let needsInstances = below.contains { $0.column.level == .instance }
        let condition = terms.conditions.joined(separator: " AND ").replacing("e.", with: "e3.").replacing(
            "i.", with: "i3.")
        if query.level == .series {
            conditions.append("EXISTS (SELECT 1 FROM dicom_instance i3 WHERE i3.series = e.id AND \(condition))")
            arguments += terms.arguments
            return
        }
        let joined = needsInstances ? " JOIN dicom_instance i3 ON i3.series = e3.id" : ""
        let selection = "FROM dicom_series e3\(joined) WHERE \(condition)"
        // Few children: begin with them. Many: the first page fills soon however one walks.
        let isIndexed = below.contains {
            $0.match.isNarrow && [.modality, .seriesInstanceUID].contains($0.column.tag)
        }
        if isIndexed, try areFew(selection, terms, database) {
            conditions.append(dialect.isIn("s.id", "SELECT e3.study \(selection)"))
            if case .study(.any, _) = start { start = .study(.byNumber, order: "s.id") }
        } else if below.contains(where: { $0.match.isNarrow && $0.column.tag == .sopInstanceUID }) {
            conditions.append(
                dialect.isIn(
                    "s.id",
                    "SELECT e3.study FROM dicom_instance i3 \(dialect.join) dicom_series e3 ON e3.id = i3.series "
                        + "WHERE i3.store_id = \(store) AND \(condition)"))
            if case .study(.any, _) = start { start = .study(.byNumber, order: "s.id") }
        } else {
            conditions.append("EXISTS (SELECT 1 \(selection) AND e3.study = s.id)")
        }
        arguments += terms.arguments
    }
}

extension IndexColumn {
    var vr: VR {
        switch kind {
        case .uid: .UI
        case .date: .DA
        case .time: .TM
        case .person: .PN
        case .integer: .IS
        case .text: tag == .modality ? .CS : .LO
        }
    }
}

extension ValueMatch {
    /// Whether an index finds it without a walk.
    fileprivate var isNarrow: Bool {
        switch self {
        case .everything: false
        case .equal, .oneOf, .range: true
        case .pattern(let pattern): pattern.first != "*" && pattern.first != "?"
        }
    }
}
