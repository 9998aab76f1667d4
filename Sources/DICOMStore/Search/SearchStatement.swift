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
    var conditions: [String] = []
    var arguments: SQLArguments = []
    /// What only data sets can tell.
    private(set) var rest: [AttributeQuery.Term] = []
    let dialect: IndexDialect
    var start = Start.study(.any, order: "s.study_uid, s.id")

    /// How the studies are walked.
    enum Walk: Equatable {
        case any, byNumber
        case index(String)
    }

    enum Start {
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
    static let few = 2000

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

    func areFew(_ selection: String, _ terms: Terms, _ database: SQLTransaction) throws -> Bool {
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
            return "dicom_series e \(dialect.indexed(by: index)) \(join) dicom_study s ON s.id = e.study"
                + instances
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
        let rows = "FROM \(tables) WHERE \(conditions.joined(separator: " AND ")) ORDER BY \(order)"
        guard limited else { return "SELECT \(columns) \(rows)" }
        guard dialect.engine == .postgres, query.offset > 0 else {
            return "SELECT \(columns) \(rows) LIMIT ? OFFSET ?"
        }
        // PostgreSQL would count the series and instances of all that is left out before the page as well.
        let key = query.level.key
        return "SELECT \(columns) FROM \(query.level.tables(dialect)) "
            + "WHERE \(dialect.isIn(key, "SELECT \(key) \(rows) LIMIT ? OFFSET ?")) ORDER BY \(order)"
    }
}
