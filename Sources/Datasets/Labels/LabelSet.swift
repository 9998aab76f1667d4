/// What is to be told of an image: several findings with four states each, or one of several classes.
///
/// The order of the labels is the order of a model's outputs.
public struct LabelSet: Sendable, Hashable, Codable {
    public enum Kind: String, Sendable, Codable, CaseIterable {
        /// Each label is not mentioned, negative, uncertain or positive on its own (sigmoid).
        case states
        /// Exactly one label applies, or none is known (softmax).
        case classes
    }

    public struct Label: Sendable, Hashable, Codable {
        /// As in workflow tables and TFRecords: `pleural_effusion`.
        public let name: String
        /// Other names of its column: "Lung Opacity".
        public let aliases: [String]

        public init(_ name: String, aliases: [String] = []) {
            self.name = name
            self.aliases = aliases
        }
    }

    public let name: String
    public let kind: Kind
    public let labels: [Label]

    public var names: [String] { labels.map(\.name) }
    public var count: Int { labels.count }

    /// - Throws: ``DatasetError`` when there is no label, one without a name, or two that share a name.
    public init(name: String, kind: Kind, labels: [Label]) throws {
        self.name = name
        self.kind = kind
        self.labels = labels
        if let problem = Self.problem(labels) { throw DatasetError(.invalidLabels, name, remedy: problem.text) }
    }

    public init(name: String, kind: Kind, names: [String]) throws {
        try self.init(name: name, kind: kind, labels: names.map { Label($0) })
    }

    /// Labels that are known to be good.
    init(unchecked name: String, _ kind: Kind, _ labels: [Label]) {
        self.name = name
        self.kind = kind
        self.labels = labels
    }

    /// The label of that name or alias; case, spaces, `-`, `_` and `/` do not count.
    public func index(of column: String) -> Int? {
        let folded = Self.folded(column)
        return labels.firstIndex { Self.folded($0.name) == folded }
            ?? labels.firstIndex { $0.aliases.contains { Self.folded($0) == folded } }
    }

    /// The column of each label among those of a file; nil for a label that has none.
    func columns(among header: [String]) -> [Int?] {
        let folded = header.map(Self.folded)
        return labels.map { label in
            ([label.name] + label.aliases).lazy.compactMap { folded.firstIndex(of: Self.folded($0)) }.first
        }
    }

    /// `Pleural Effusion` and `pleural_effusion` are the same name.
    static func folded(_ name: String) -> String {
        String(name.lowercased().unicodeScalars.filter { !" _-/\t".unicodeScalars.contains($0) })
    }

    /// What is wrong with a list of labels, and with which of them.
    static func problem(_ labels: [Label]) -> (index: Int, text: String)? {
        guard !labels.isEmpty else { return (0, "There is no label: list at least one.") }
        var owner: [String: Int] = [:]
        for (index, label) in labels.enumerated() {
            for name in [label.name] + label.aliases {
                let folded = folded(name)
                guard !folded.isEmpty else { return (index, "Label \(index + 1) has an empty name or alias.") }
                if let other = owner[folded], other != index {
                    return (index, "Labels \(other + 1) and \(index + 1) share the name \(name).")
                }
                owner[folded] = index
            }
        }
        return nil
    }
}

extension LabelSet {
    /// The fourteen findings of CheXpert (Irvin et al. 2019, arXiv:1901.07031) and MIMIC-CXR, in the order and
    /// under the names of the TFRecords made from MIMIC-CXR.
    public static let chexpert14 = LabelSet(
        unchecked: "chexpert14", .states,
        [
            Label("no_finding"),
            Label("enlarged_cardiomediastinum", aliases: ["Enlarged Cardiom."]),
            Label("cardiomegaly"),
            Label("airspace_opacity", aliases: ["Lung Opacity"]),
            Label("lung_lesion"),
            Label("edema"),
            Label("consolidation"),
            Label("pneumonia"),
            Label("atelectasis"),
            Label("pneumothorax"),
            Label("pleural_effusion"),
            Label("pleural_other"),
            Label("fracture"),
            Label("support_devices"),
        ])

    /// A set by its name (`chexpert14`), or from a file: `.yaml`, `.yml`, or a list of names such as `dict.txt`.
    public static func named(_ text: String) throws -> LabelSet {
        if text == chexpert14.name { return chexpert14 }
        let ending = text.split(separator: ".").last?.lowercased()
        switch ending {
        case "yaml", "yml": return try LabelSet(yaml: text)
        case "txt": return try LabelSet(dictionary: text)
        default:
            throw DatasetError(
                .invalidLabels, text,
                remedy: "Give chexpert14, a YAML file of labels, or a dict.txt with one a line.")
        }
    }
}
