import AnswerCards
public import Catalog
public import Evaluation
import Foundation
import LightboxCore
public import ModelRegistry
public import Serving
import WireFormats

/// A version, and all that is known of it besides.
public struct VersionFacts: Sendable {
    public var version: ModelVersion
    /// Of folders that have a `model.json`.
    public var manifest: ModelManifest?
    /// As the version is called; without them the manifest's one is shown.
    public var signatures: [ServedSignature]
    /// Of the test set, where there is one beside the model or in the manifest's metrics.
    public var evaluation: ModelEvaluation?

    public init(
        _ version: ModelVersion, manifest: ModelManifest? = nil, signatures: [ServedSignature] = [],
        evaluation: ModelEvaluation? = nil
    ) {
        self.version = version
        self.manifest = manifest
        self.signatures = signatures
        self.evaluation = evaluation ?? manifest?.evaluation
    }

    /// All files together.
    var bytes: Int { version.files.reduce(0) { $0 + $1.bytes } }

    /// Metrics as names and texts; empty where ``evaluation`` says it all.
    var metrics: [(name: String, value: String)] {
        guard evaluation == nil, let metrics = manifest?.metrics else { return [] }
        return FlatJSON.rows(metrics, labels: manifest?.output.labels ?? [])
    }
}

/// A JSON document as rows of a table.
enum FlatJSON {
    private static let limit = 300

    /// - Parameter labels: a list as long as these has one value for each.
    static func rows(_ value: JSONValue, labels: [String] = []) -> [(name: String, value: String)] {
        var rows: [(String, String)] = []
        append(value, "", labels, to: &rows)
        return rows
    }

    private static func append(
        _ value: JSONValue, _ name: String, _ labels: [String], to rows: inout [(String, String)]
    ) {
        guard rows.count < limit else { return }
        func inner(_ part: String) -> String { name.isEmpty ? words(part) : "\(name), \(words(part))" }
        switch value {
        case .null: break
        case .bool(let flag): rows.append((name, flag ? "yes" : "no"))
        case .integer(let number): rows.append((name, String(number)))
        case .number(let number): rows.append((name, PageText.number(number)))
        case .string(let text): rows.append((name, text))
        case .object(let members):
            for member in members { append(member.value, inner(member.name), labels, to: &rows) }
        case .array, .numbers:
            let elements = value.elements ?? []
            if !labels.isEmpty, elements.count == labels.count {
                for (label, element) in zip(labels, elements) {
                    append(element, name.isEmpty ? label : "\(name), \(label)", labels, to: &rows)
                }
            } else if elements.count > 12 {
                rows.append((name, "\(elements.count) values"))
            } else if elements.allSatisfy({ $0.elements == nil && $0.members == nil }) {
                rows.append((name, elements.map { self.rows($0).first?.value ?? "–" }.joined(separator: ", ")))
            } else {
                for (number, element) in elements.enumerated() {
                    append(element, inner("\(number + 1)"), labels, to: &rows)
                }
            }
        }
    }

    /// `learningRate` and `learning_rate` as `learning rate`, `meanAUC` as `mean AUC`; names that are not so built stay.
    private static func words(_ name: String) -> String {
        var text = ""
        var wasSmall = false
        let characters = Array(name)
        for (index, character) in characters.enumerated() {
            if character == "_" {
                text.append(" ")
            } else if character.isUppercase && wasSmall {
                // The first letter of a word becomes small, an abbreviation stays.
                let isShort = index + 1 < characters.count && characters[index + 1].isUppercase
                text += " " + (isShort ? String(character) : character.lowercased())
            } else {
                text.append(character)
            }
            wasSmall = character.isLowercase
        }
        return text
    }
}
