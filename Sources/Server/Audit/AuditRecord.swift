import Foundation
import LightboxCore
import WireFormats

/// One thing that was done: a line of the audit log.
struct AuditRecord: Sendable {
    /// Seconds since 1970.
    var time: Double
    /// The token's name; `local` or `anonymous` where none is needed, `unknown` for who was not let in.
    var who: String
    /// Method and template: `POST /v1/models/{model}:predict`; or a command: `tokens create`.
    var what: String
    /// What the names in the template stood for.
    var resources: [(name: String, value: String)] = []
    /// Of HTTP; nil for a command.
    var status: Int?
    /// Of the request.
    var id = ""
    /// That were predicted for.
    var instances: Int?

    /// Names that the registry gives; anything else may come from a patient's file and is hashed.
    private static let registryNames: Set<String> = [
        "project", "model", "version", "job", "operation", "location", "token", "role", "dataset", "store",
        "bucket",
        "table",
    ]

    /// The line without its number and its link.
    func append(to line: inout [UInt8]) {
        line += "\"who\": ".utf8
        JSONWriter.append(who, to: &line)
        line += ", \"what\": ".utf8
        JSONWriter.append(what, to: &line)
        if !resources.isEmpty {
            line += ", \"resources\": {".utf8
            for (index, resource) in resources.enumerated() {
                line += index == 0 ? "\"".utf8 : ", \"".utf8
                line += resource.name.utf8
                line += "\": \"".utf8
                // What failed may name anything, and not something that is there.
                if status ?? 200 < 400, Self.registryNames.contains(resource.name), Self.isName(resource.value) {
                    line += resource.value.utf8
                } else {
                    line += "sha256:".utf8
                    line += ContentHash(of: resource.value.utf8).description.utf8
                }
                line.append(UInt8(ascii: "\""))
            }
            line.append(UInt8(ascii: "}"))
        }
        if let instances { line += ", \"instances\": \(instances)".utf8 }
        if let status { line += ", \"status\": \(status)".utf8 }
        if !id.isEmpty {
            line += ", \"request\": ".utf8
            JSONWriter.append(id, to: &line)
        }
    }

    private static func isName(_ text: String) -> Bool {
        text.utf8.count <= 222
            && text.utf8.allSatisfy {
                switch $0 {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
                case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"): true
                default: false
                }
            }
    }
}
