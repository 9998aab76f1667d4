public import LightboxCore
public import Warehouse

/// How many images carry each state of each label, by view and data set.
public struct LabelTally: Sendable, Codable, Equatable {
    /// One group's count.
    public struct Entry: Sendable, Codable, Equatable {
        /// `train`, `valid`, `test`; nil where nothing says.
        public let dataset: String?
        /// `frontal`, `lateral`, `other`; nil where nothing says.
        public let view: String?
        public let label: String
        public let state: LabelState
        public let images: Int
    }

    public let labels: [String]
    /// Whether an image has one label only, its class: it then counts as positive of that, and nowhere else.
    public let isExclusive: Bool
    public let entries: [Entry]
    /// Values that are no state (a 7, say), by label: they count nowhere.
    public let unreadable: [String: Int]

    init(labels: [String], isExclusive: Bool, entries: [Entry], unreadable: [String: Int] = [:]) {
        self.labels = labels
        self.isExclusive = isExclusive
        self.entries = entries
        self.unreadable = unreadable
    }

    /// The statement that counts: one row for each data set, view, label and state.
    ///
    /// - Parameter view: only this one, `frontal` or `lateral`.
    public static func sql(_ table: LabelledTable, view: String? = nil) -> String {
        let condition = view.map { " WHERE \(table.viewWord) = \(SQLText.text($0))" } ?? ""
        return table.labels.map { label in
            """
            SELECT \(table.datasetWord) AS dataset, \(table.viewWord) AS view, \(SQLText.text(label)) AS label,
                   \(table.state(of: label)) AS state, count(DISTINCT \(SQLText.name(table.key))) AS images
            FROM \(SQLText.name(table.table))\(condition)
            GROUP BY 1, 2, 4
            """
        }.joined(separator: "\nUNION ALL\n")
    }

    /// Counts in SQL.
    public init(_ table: LabelledTable, view: String? = nil, in warehouse: Warehouse) throws {
        var entries: [Entry] = []
        var unreadable: [String: Int] = [:]
        let result = try warehouse.query(Self.sql(table, view: view))
        for row in result.rows {
            guard case .text(let label) = row[2], case .integer(let images) = row[4] else { continue }
            guard case .integer(let raw) = row[3], let state = LabelState(rawValue: Int(raw)) else {
                unreadable[label, default: 0] += Int(images)
                continue
            }
            entries.append(
                Entry(
                    dataset: row[0].word, view: row[1].word, label: label, state: state, images: Int(images)))
        }
        self.init(labels: table.labels, isExclusive: false, entries: entries, unreadable: unreadable)
    }

    /// Images of a group with one state of a label.
    ///
    /// - Parameter view: nil for all.
    public func images(_ label: String, _ state: LabelState, dataset: String?, view: String? = nil) -> Int {
        entries.reduce(0) { sum, entry in
            let isIn =
                entry.label == label && entry.state == state && entry.dataset == dataset
                && (view == nil || entry.view == view)
            return isIn ? sum + entry.images : sum
        }
    }

    /// In the order train, valid, test, then others by name.
    public var datasets: [String?] {
        let order = ["train", "valid", "test"]
        return Set(entries.map(\.dataset)).sorted { left, right in
            let (a, b) = (left ?? "", right ?? "")
            return (order.firstIndex(of: a) ?? order.count, a) < (order.firstIndex(of: b) ?? order.count, b)
        }
    }

    /// The states that some image has.
    public var states: [LabelState] {
        LabelState.allCases.filter { state in entries.contains { $0.state == state && $0.images > 0 } }
    }

    /// Images of a data set, of all views; for states without those whose first label is unreadable.
    public func total(dataset: String?) -> Int {
        let counted = isExclusive ? labels : Array(labels.prefix(1))
        return counted.reduce(0) { sum, label in
            LabelState.allCases.reduce(sum) { $0 + images(label, $1, dataset: dataset) }
        }
    }
}

extension SQLValue {
    /// A text; nil for NULL and anything else.
    var word: String? {
        if case .text(let text) = self { text } else { nil }
    }
}
