import Foundation
import LightboxCore

/// DICOM JSON as the lines of text that `make_json_reference.py` describes, read by Foundation's JSON parser.
package enum CanonicalJSON {
    package static func lines(of json: [UInt8], skipping failures: String) throws -> [String] {
        let root = try JSONDecoder().decode(JSONTree.self, from: Data(json))
        let skipped = Set(failures.split(separator: " ").map(String.init))
        return lines(of: root.object, at: "").filter { line in
            !skipped.contains(String(line.prefix { $0 != "|" }))
        }
    }

    private static func lines(of dataSet: [String: JSONTree], at place: String) -> [String] {
        dataSet.sorted { $0.key < $1.key }.flatMap { key, tree -> [String] in
            let element = tree.object
            if key == "00080005" { return [] }
            let vr = element["vr"]?.string ?? ""
            let values = element["Value"]?.array ?? []
            let name = "\(place)\(key)|\(vr)"
            if vr == "SQ" {
                return [name]
                    + values.enumerated().flatMap { index, item in
                        lines(of: item.object, at: "\(place)\(key)/\(index)/")
                    }
            }
            if let binary = element["InlineBinary"]?.string {
                return ["\(name)|\(ContentHash(of: Data(base64Encoded: binary) ?? Data()))"]
            }
            let texts = values.map { text($0, key, vr) }
            return ["\(name)|" + (texts.allSatisfy(\.isEmpty) ? "" : texts.joined(separator: "\\"))]
        }
    }

    private static let descriptors: Set = ["00281101", "00281102", "00281103", "00283002"]

    private static func text(_ value: JSONTree, _ tag: String, _ vr: String) -> String {
        switch value {
        case .number(var number):
            if descriptors.contains(tag) && number < 0 { number += 65536 }
            if vr == "IS" { number.round(.towardZero) }
            let digits = String(number.bitPattern, radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        case .object(let name):
            var groups = ["Alphabetic", "Ideographic", "Phonetic"].map { name[$0]?.string ?? "" }
            while groups.last?.isEmpty == true { groups.removeLast() }
            return groups.joined(separator: "=")
        default: return value.string ?? ""
        }
    }
}

/// Any JSON.
private enum JSONTree: Decodable {
    case null
    case number(Double)
    case string(String)
    case array([JSONTree])
    case object([String: JSONTree])

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Double.self) {
            self = .number(value)
        } else if let value = try? container.decode(String.self) {
            self = .string(value)
        } else if let value = try? container.decode([JSONTree].self) {
            self = .array(value)
        } else {
            self = .object(try container.decode([String: JSONTree].self))
        }
    }

    var string: String? { if case .string(let value) = self { value } else { nil } }
    var array: [JSONTree]? { if case .array(let value) = self { value } else { nil } }
    var object: [String: JSONTree] { if case .object(let value) = self { value } else { [:] } }
}
