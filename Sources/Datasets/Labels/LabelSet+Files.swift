import Foundation
import LightboxCore
import Yams

extension LabelSet {
    /// Reads a `dict.txt`: one class a line, the line number being its index.
    ///
    /// Empty lines at the end are passed over; `name` is the file's.
    public init(dictionary path: String, kind: Kind = .classes) throws {
        var lines = try Self.text(path).split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
            .map { $0.trimmingCharacters(in: .whitespaces) }
        while lines.last == "" { lines.removeLast() }
        let labels = lines.map { Label($0) }
        if let problem = Self.problem(labels) {
            throw DatasetError(.invalidLabels, "\(path) line \(problem.index + 1)", remedy: problem.text)
        }
        self.init(
            unchecked: ((path as NSString).lastPathComponent as NSString).deletingPathExtension, kind, labels)
    }

    /// Reads a YAML file:
    /// ```yaml
    /// name: opacities
    /// kind: states            # or classes
    /// labels:
    ///   - edema
    ///   - name: airspace_opacity
    ///     aliases: [Lung Opacity, Airspace Opacity]
    /// ```
    /// `column` may stand for a single alias. Unknown fields are refused, so that a slip of the pen is not passed over.
    public init(yaml path: String) throws {
        try self.init(yamlText: Self.text(path), file: path)
    }

    /// The same from memory; `file` is for messages.
    public init(yamlText text: String, file: String) throws {
        let root: Node?
        do {
            root = try Yams.compose(yaml: text)
        } catch {
            throw DatasetError(.invalidLabels, "\(file)\(Self.line(of: error))", remedy: "This is not valid YAML.")
        }
        let file = LabelFile(path: file)
        guard let root, case .mapping(let fields) = root else {
            throw file.error(root, "The file is a mapping with name, kind and labels.")
        }
        try file.check(fields, known: ["name", "kind", "labels"])
        let name = try file.text(fields["name"], "name", of: root)
        let kindText = try file.text(fields["kind"], "kind", of: root)
        guard let kind = Kind(rawValue: kindText) else {
            throw file.error(fields["kind"], "kind: write states or classes.")
        }
        guard let list = fields["labels"], case .sequence(let nodes) = list else {
            throw file.error(fields["labels"] ?? root, "labels: write a list of names.")
        }
        let labels = try nodes.map(file.label)
        if let problem = Self.problem(labels) {
            let node = nodes.isEmpty ? list : nodes[problem.index]
            throw file.error(node, problem.text)
        }
        self.init(unchecked: name, kind, labels)
    }

    private static func text(_ path: String) throws -> String {
        let bytes = Bytes(try MappedFile(path: path))
        guard bytes.count <= 1 << 20 else {
            throw DatasetError(
                .invalidLabels, path, remedy: "A file of labels has at most 1 MiB; this is another one.")
        }
        guard let text = String(validating: bytes.array, as: UTF8.self) else {
            throw DatasetError(.invalidLabels, path, remedy: "The file is not UTF-8 text: convert it.")
        }
        return text
    }

    private static func line(of error: any Error) -> String {
        switch error as? YamlError {
        case .scanner(_, _, let mark, _), .parser(_, _, let mark, _), .composer(_, _, let mark, _):
            " line \(mark.line)"
        default: ""
        }
    }
}

/// A YAML file of labels, for reading its fields with the line in every error.
private struct LabelFile {
    let path: String

    func error(_ node: Node?, _ remedy: String) -> DatasetError {
        let line = node?.mark.map { " line \($0.line)" } ?? ""
        return DatasetError(.invalidLabels, path + line, remedy: remedy)
    }

    func check(_ fields: Node.Mapping, known: Set<String>) throws {
        for (key, _) in fields where !known.contains(key.scalar?.string ?? "") {
            throw error(key, "Unknown field; the known ones are \(known.sorted().joined(separator: ", ")).")
        }
    }

    func text(_ node: Node?, _ field: String, of parent: Node) throws -> String {
        guard let text = node?.scalar?.string, !text.isEmpty else {
            throw error(node ?? parent, "\(field): write a text.")
        }
        return text
    }

    func label(_ node: Node) throws -> LabelSet.Label {
        switch node {
        case .scalar: return LabelSet.Label(try text(node, "label", of: node))
        case .mapping(let fields):
            try check(fields, known: ["name", "column", "aliases"])
            let name = try text(fields["name"], "name", of: node)
            var aliases: [String] = []
            if let column = fields["column"] { aliases.append(try text(column, "column", of: node)) }
            if let list = fields["aliases"] {
                guard case .sequence(let names) = list else {
                    throw error(list, "aliases: write a list of names.")
                }
                aliases += try names.map { try text($0, "aliases", of: list) }
            }
            return LabelSet.Label(name, aliases: aliases)
        default: throw error(node, "A label is a name, or a mapping with name and aliases.")
        }
    }
}
