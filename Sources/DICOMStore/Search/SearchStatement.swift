import DICOM
import GRDB
import LightboxCore

/// A query as SQL over the index: `s` studies, `e` series, `i` instances.
///
/// The join starts at the table and index that narrow most; left alone SQLite takes whatever index has the order of
/// the result, and walks a million rows for one patient. The order is the one that index gives, and the same for
/// every page.
struct SearchStatement {
    let query: AttributeQuery
    let store: Int64
    private(set) var conditions: [String] = []
    private(set) var arguments: StatementArguments = []
    /// What only data sets can tell.
    private(set) var rest: [AttributeQuery.Term] = []
    private var start = Start.study("", order: "s.study_uid, s.id")

    private enum Start {
        /// From the studies, with a hint which index to take.
        case study(String, order: String)
        case series(String, order: String)
        case instance
    }

    init(_ query: AttributeQuery, store: Int64, _ database: Database) throws {
        self.query = query
        self.store = store
        var below: [(column: IndexColumn, match: ValueMatch)] = []
        var candidates: [IndexColumn] = []
        for term in query.terms {
            guard term.path.count == 1, let column = Self.column(of: term.path[0]) else {
                rest.append(term)
                continue
            }
            let match = ValueMatch(term.value, vr: column.vr)
            guard match != .everything else { continue }
            if column.level > query.level || term.path[0] == .modalitiesInStudy {
                below.append((column, match))
                continue
            }
            if column.kind == .person {
                addPerson(column, match, term.value)
                start = .study("NOT INDEXED", order: "s.id")
            } else {
                (conditions, arguments) = try Self.add(column, match, to: (conditions, arguments))
                if match.isNarrow { candidates.append(column) }
            }
        }
        conditions.append("s.store_id = ?")
        arguments += [store]
        choose(candidates)
        try preferModality(query.terms, candidates, database)
        try addBelow(below, database)
        // A walk along the order wanted, unless something narrows the search.
        if query.level == .study, query.order != .any, case .study("", _) = start {
            start = .study("INDEXED BY dicom_study_\(query.order == .newest ? "date" : "patient")", order: "")
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
            start = .study("INDEXED BY \(index)", order: "\(first.sql), s.id")
        }
    }

    /// How many rows a walk from a lower level may begin with, so that it is shorter than one from above.
    private static let few = 2000

    /// A rare modality is where a search for series begins that has nothing better.
    private mutating func preferModality(
        _ terms: [AttributeQuery.Term], _ candidates: [IndexColumn], _ database: Database
    ) throws {
        guard case .study("", _) = start, candidates.contains(where: { $0.tag == .modality }) else { return }
        var own: Terms = ([], [])
        for term in terms where term.path == [.modality] {
            own = try Self.add(IndexColumn.byTag[.modality]!, ValueMatch(term.value, vr: .CS), to: own)
        }
        let count = try Int.fetchOne(
            database,
            sql:
                "SELECT count(*) FROM (SELECT 1 FROM dicom_series e WHERE \(own.conditions.joined(separator: " AND ")) "
                + "LIMIT \(Self.few + 1))",
            arguments: own.arguments)
        if let count, count <= Self.few {
            start = .series("dicom_series_modality", order: "e.modality, e.study, e.id")
        }
    }

    private var tables: String {
        let level = query.level
        switch start {
        case .instance:
            return "dicom_instance i CROSS JOIN dicom_series e ON e.id = i.series "
                + "CROSS JOIN dicom_study s ON s.id = e.study"
        case .series(let index, _):
            return "dicom_series e INDEXED BY \(index) CROSS JOIN dicom_study s ON s.id = e.study"
                + (level == .instance ? " CROSS JOIN dicom_instance i ON i.series = e.id" : "")
        case .study(let hint, _):
            return "dicom_study s \(hint)"
                + (level >= .series ? " CROSS JOIN dicom_series e ON e.study = s.id" : "")
                + (level == .instance ? " CROSS JOIN dicom_instance i ON i.series = e.id" : "")
        }
    }

    private var order: String {
        switch query.level == .study ? query.order : .any {
        case .any: break
        case .newest: return "s.study_date DESC, s.id DESC"
        case .patient: return "s.patient_id, s.id"
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

    private typealias Terms = (conditions: [String], arguments: StatementArguments)

    private static func add(_ column: IndexColumn, _ match: ValueMatch, to terms: Terms) throws -> Terms {
        var (conditions, arguments) = terms
        switch match {
        case .everything: break
        case .equal(let value) where column.kind == .time:
            conditions.append("\(column.sql) >= ? AND \(column.sql) < ?")
            arguments += [value, value + ":"]
        case .equal(let value):
            conditions.append("\(column.sql) = ?")
            arguments += column.kind == .integer ? [try integer(value, column)] : [value]
        case .oneOf(let values):
            conditions.append("\(column.sql) IN (\(values.map { _ in "?" }.joined(separator: ",")))")
            arguments += StatementArguments(values)
        case .pattern(let pattern):
            if column.kind == .integer { _ = try integer(pattern, column) }
            let prefix = pattern.prefix { $0 != "*" && $0 != "?" }
            if !prefix.isEmpty {
                conditions.append("\(column.sql) >= ? AND \(column.sql) < ?")
                arguments += [String(prefix), prefix + "\u{10FFFF}"]
            }
            conditions.append("\(column.sql) GLOB ?")
            arguments += [glob(pattern)]
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

    /// DICOM's wildcards are GLOB's, which has brackets besides.
    private static func glob(_ pattern: String) -> String { pattern.replacing("[", with: "[[]") }

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
            if words.conditions.isEmpty { words.conditions = ["0"] }
        } else if case .pattern(let pattern) = match {
            let whole = "=" + PersonWords.folded(pattern)
            let prefix = String(whole.prefix { $0 != "*" && $0 != "?" })
            words.conditions.append("(n.word >= ? AND n.word < ? AND n.word GLOB ?)")
            words.arguments += [prefix, prefix + "\u{10FFFF}", Self.glob(whole)]
        } else {
            // With several component groups each has to be one of the name's.
            for group in folded.split(separator: "=") {
                words.conditions.append("n.word = ?")
                words.arguments += ["=" + PersonWords.whole(String(group))]
            }
            if words.conditions.isEmpty { words.conditions = ["0"] }
        }
        let role = column.tag == .patientName ? 0 : 1
        conditions.append(
            "s.id IN (SELECT n.study FROM dicom_name n WHERE n.store_id = ? AND n.role = \(role) "
                + "AND (\(words.conditions.joined(separator: " OR "))))")
        arguments += [store]
        arguments += words.arguments
    }

    /// Attributes of a lower level than the results': one child has to have all of them.
    private mutating func addBelow(
        _ below: [(column: IndexColumn, match: ValueMatch)], _ database: Database
    ) throws {
        guard !below.isEmpty else { return }
        var terms: Terms = ([], [])
        for (column, match) in below { terms = try Self.add(column, match, to: terms) }
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
        if isIndexed,
            try Int.fetchOne(
                database, sql: "SELECT count(*) FROM (SELECT 1 \(selection) LIMIT \(Self.few + 1))",
                arguments: terms.arguments) ?? 0 <= Self.few
        {
            conditions.append("s.id IN (SELECT e3.study \(selection))")
            if case .study("", _) = start { start = .study("NOT INDEXED", order: "s.id") }
        } else if below.contains(where: { $0.match.isNarrow && $0.column.tag == .sopInstanceUID }) {
            conditions.append(
                "s.id IN (SELECT e3.study FROM dicom_instance i3 CROSS JOIN dicom_series e3 ON e3.id = i3.series "
                    + "WHERE i3.store_id = \(store) AND \(condition))")
            if case .study("", _) = start { start = .study("NOT INDEXED", order: "s.id") }
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
