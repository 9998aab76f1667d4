/// Which columns of an image CSV mean what, and which of its rows count.
///
/// Every name may stay nil: the usual ones are then looked for. An empty name means that the column is not used.
/// ```swift
/// // chest-xrays/metadata.csv: normal against pneumonia of either kind
/// try TableColumns(
///     columns: "label=finding", classes: "normal,pneumonia=bacterial pneumonia|viral pneumonia", only: "view=AP")
/// ```
public struct TableColumns: Sendable, Codable, Hashable {
    /// Paths of images; `path`, `image`, `file`, … unless told.
    public var path: String?
    /// The class, or findings separated by `|` or `;`; `label` or `class` unless told.
    public var label: String?
    /// `train`, `valid`, `test`; `split` or `dataset` unless told.
    public var split: String?
    /// `patient`, `patient_id`, `subject_id`, … unless told.
    public var patient: String?
    /// `study` or `study_id` unless told.
    public var study: String?
    /// `view` or `view_position` unless told.
    public var view: String?
    /// Classes with the values of the label column that they stand for; rows with another value are left out.
    /// Without any, the values themselves are the classes.
    public var classes: [Choice] = []
    /// Columns with the values that a row must have; other rows are left out.
    public var only: [Choice] = []
    /// What the numbers of label columns mean.
    public var coding = LabelCoding.auto

    /// A name and the values that belong to it.
    public struct Choice: Sendable, Codable, Hashable {
        public var name: String
        public var values: [String]

        public init(_ name: String, _ values: [String]) {
            self.name = name
            self.values = values
        }
    }

    public init() {}

    /// From the texts of a command line.
    ///
    /// - Parameters:
    ///   - columns: `label=finding,patient=patient_id`.
    ///   - classes: `normal,pneumonia=bacterial pneumonia|viral pneumonia`; a class without `=` stands for the
    ///     value of its own name.
    ///   - only: `view=AP|PA,source=A`.
    /// - Throws: ``DatasetError`` naming the part that cannot be read.
    public init(columns: String = "", classes: String = "", only: String = "") throws {
        let known: [(String, WritableKeyPath<TableColumns, String?>)] = [
            ("path", \.path), ("label", \.label), ("split", \.split), ("patient", \.patient), ("study", \.study),
            ("view", \.view),
        ]
        for (name, value) in try Self.pairs(columns, "columns") {
            if name == "coding", let value, let coding = LabelCoding(rawValue: value) {
                self.coding = coding
            } else if let field = known.first(where: { $0.0 == name }), let value {
                self[keyPath: field.1] = value
            } else {
                let names = known.map { $0.0 + "=" } + ["coding=auto|findings|states"]
                throw DatasetError(
                    .invalidLabels, "columns", remedy: "\(name): write \(names.joined(separator: ", ")).")
            }
        }
        self.classes = try Self.pairs(classes, "classes").map { Choice($0, Self.values($1 ?? $0)) }
        self.only = try Self.pairs(only, "only").map { name, value in
            guard let value else {
                throw DatasetError(.invalidLabels, "only", remedy: "\(name): write COLUMN=VALUE|VALUE.")
            }
            return Choice(name, Self.values(value))
        }
        if let problem = LabelSet.problem(self.classes.map { .init($0.name) }), !self.classes.isEmpty {
            throw DatasetError(.invalidLabels, "classes", remedy: problem.text)
        }
    }

    private static func pairs(_ text: String, _ what: String) throws -> [(name: String, value: String?)] {
        try text.split(separator: ",", omittingEmptySubsequences: true).map { part in
            let sides = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(trimmed)
            guard !sides[0].isEmpty else {
                throw DatasetError(.invalidLabels, what, remedy: "Part '\(part)' has no name before its '='.")
            }
            return (sides[0], sides.count > 1 ? sides[1] : nil)
        }
    }

    private static func values(_ text: String) -> [String] {
        text.split(separator: "|", omittingEmptySubsequences: false).map(trimmed)
    }

    private static func trimmed(_ text: Substring) -> String {
        var text = text
        while text.first == " " { text.removeFirst() }
        while text.last == " " { text.removeLast() }
        return String(text)
    }
}
