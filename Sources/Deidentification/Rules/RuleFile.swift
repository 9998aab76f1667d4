import DICOM
import LightboxCore
import Yams

/// A YAML file that says how a project de-identifies.
///
///     profile: basic
///     options: [clean-descriptors, retain-modified-dates]
///     vocabulary: [radioembolisation]
///     rules:
///       - keep: [PatientSex, 00101010]
///       - remove: [60xx3000, "vr:UT"]
///       - keep: ["creator:SIEMENS MR HEADER/0019/0c"]
///       - replace: InstitutionName
///         with: Study site 3
///       - hash: AccessionNumber
///       - shift: [StudyDate, SeriesDate]
///     pixels:
///       - modality: US
///         manufacturer: GE*
///         rows: 768
///         columns: 1024
///         blank: [[0, 0, 1024, 60]]        # left, top, width, height
///       - modality: US
///         outside: ultrasound-regions      # keeps what Sequence of Ultrasound Regions covers
///
/// Unknown fields are refused, so that a slip of the pen is not passed over.
public struct RuleFile: Sendable {
    public var profile: ConfidentialityProfile?
    public var options: Set<ConfidentialityOption> = []
    public var rules = RuleSet()

    public init(path: String) throws {
        let bytes = Bytes(try MappedFile(path: path))
        guard bytes.count <= 1 << 20, let text = String(validating: bytes.array, as: UTF8.self) else {
            throw DeidentificationError(
                .invalidRules, path, remedy: "A rules file is UTF-8 text of at most 1 MiB.")
        }
        try self.init(yaml: text, file: path)
    }

    /// - Parameter file: for messages.
    public init(yaml text: String, file: String) throws {
        let reader = RuleReader(file: file)
        let root: Node?
        do {
            root = try Yams.compose(yaml: text)
        } catch {
            throw DeidentificationError(.invalidRules, file, remedy: "This is not valid YAML.")
        }
        guard let root else { return }
        let fields = try reader.fields(of: root, known: ["profile", "options", "vocabulary", "rules", "pixels"])
        if let node = fields["profile"] {
            guard let profile = ConfidentialityProfile(rawValue: try reader.text(node)) else {
                throw reader.error(node, "profile: basic, keep-all, keep-listed or minimal.")
            }
            self.profile = profile
        }
        for node in try reader.list(fields["options"]) {
            guard let option = ConfidentialityOption(rawValue: try reader.text(node)) else {
                let names = ConfidentialityOption.allCases.map(\.rawValue).joined(separator: ", ")
                throw reader.error(node, "options: \(names).")
            }
            options.insert(option)
        }
        rules.vocabulary = try reader.list(fields["vocabulary"]).map(reader.text)
        rules.rules = try reader.list(fields["rules"]).flatMap(reader.rules)
        rules.pixels = try reader.list(fields["pixels"]).map(reader.pixelRule)
        // Who says where the text is wants it gone.
        if !rules.pixels.isEmpty { options.insert(.cleanPixelData) }
    }
}

/// Reads the parts of a rules file, and names file and line of what it cannot read.
private struct RuleReader {
    let file: String

    func error(_ node: Node?, _ remedy: String) -> DeidentificationError {
        let line = node?.mark.map { " line \($0.line)" } ?? ""
        return DeidentificationError(.invalidRules, file + line, remedy: remedy)
    }

    func text(_ node: Node) throws -> String {
        guard case .scalar(let scalar) = node else { throw error(node, "Write one word or text here.") }
        return scalar.string
    }

    func list(_ node: Node?) throws -> [Node] {
        switch node {
        case nil: []
        case .sequence(let nodes): Array(nodes)
        default: throw error(node, "Write a list here.")
        }
    }

    func fields(of node: Node, known: Set<String>) throws -> [String: Node] {
        guard case .mapping(let mapping) = node else { throw error(node, "Write `name: value` here.") }
        var fields: [String: Node] = [:]
        for (key, value) in mapping {
            let name = try text(key)
            guard known.contains(name) else {
                throw error(key, "Unknown field; known are \(known.sorted().joined(separator: ", ")).")
            }
            guard fields.updateValue(value, forKey: name) == nil else {
                throw error(key, "This field stands twice.")
            }
        }
        return fields
    }

    private static let actions: [String: RuleSet.Action] = [
        "keep": .keep, "remove": .remove, "empty": .empty, "replace": .replace(""), "hash": .hash, "shift": .shift,
        "clean": .clean, "uid": .uid, "pseudonym": .pseudonym,
    ]

    func rules(_ node: Node) throws -> [RuleSet.Rule] {
        let fields = try fields(of: node, known: Set(Self.actions.keys).union(["with"]))
        let named = fields.keys.filter { $0 != "with" }
        guard named.count == 1, var action = Self.actions[named[0]], let value = fields[named[0]] else {
            throw error(node, "A rule has one action, such as `remove: PatientComments`.")
        }
        if case .replace = action {
            guard let with = fields["with"] else { throw error(node, "replace: needs `with:` and the new value.") }
            action = .replace(try text(with))
        } else if let with = fields["with"] {
            throw error(with, "Only replace: takes `with:`.")
        }
        let nodes = if case .sequence(let list) = value { Array(list) } else { [value] }
        return try nodes.map { node in
            guard let selector = RuleSet.Selector(try text(node)) else {
                throw error(
                    node, "Write a keyword, a tag such as 00100010 or 60xx3000, vr:PN, or creator:NAME/0019/0c.")
            }
            return RuleSet.Rule(selector, action)
        }
    }

    func pixelRule(_ node: Node) throws -> PixelRule {
        let fields = try fields(
            of: node,
            known: [
                "modality", "manufacturer", "model", "sop-class", "rows", "columns", "burned-in", "blank",
                "outside",
            ])
        var rule = PixelRule()
        rule.modality = try fields["modality"].map(text)
        rule.manufacturer = try fields["manufacturer"].map(text)
        rule.model = try fields["model"].map(text)
        rule.sopClassUID = try fields["sop-class"].map(text)
        rule.rows = try fields["rows"].map(number)
        rule.columns = try fields["columns"].map(number)
        if let node = fields["burned-in"] {
            guard
                let isBurnedIn = ["yes": true, "true": true, "no": false, "false": false][
                    try text(node).lowercased()]
            else { throw error(node, "burned-in: yes or no.") }
            rule.burnedInAnnotation = isBurnedIn
        }
        rule.blank = try list(fields["blank"]).map(region)
        switch fields["outside"] {
        case nil: break
        case .scalar(let scalar)?:
            guard scalar.string == "ultrasound-regions" else {
                throw error(fields["outside"], "outside: ultrasound-regions, or a list of regions.")
            }
            rule.isOutsideUltrasoundRegions = true
        case let regions: rule.outside = try list(regions).map(region)
        }
        guard !rule.blank.isEmpty || !rule.outside.isEmpty || rule.isOutsideUltrasoundRegions else {
            throw error(node, "Say what to blank: `blank: [[left, top, width, height]]` or `outside: …`.")
        }
        return rule
    }

    private func number(_ node: Node) throws -> Int {
        guard let number = Int(try text(node)), (0...65_535).contains(number) else {
            throw error(node, "Write a whole number from 0 to 65535.")
        }
        return number
    }

    private func region(_ node: Node) throws -> PixelRegion {
        let numbers = try list(node).map(number)
        guard numbers.count == 4 else { throw error(node, "A region is [left, top, width, height] in pixels.") }
        return PixelRegion(left: numbers[0], top: numbers[1], width: numbers[2], height: numbers[3])
    }
}
