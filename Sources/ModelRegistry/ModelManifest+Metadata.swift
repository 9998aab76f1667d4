import Foundation
import LightboxCore
import Networks
import WireFormats

extension ModelManifest {
    /// What travels inside exported files, so that they can be used without their folder.
    func metadata() throws -> [String: String] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        func text(_ value: some Encodable) throws -> String {
            String(decoding: try encoder.encode(value), as: UTF8.self)
        }
        var result = [
            "name": name, "labels": try text(output.labels), "preprocessing": try text(preprocessing),
            "kind": output.kind.rawValue, "activation": output.activation.rawValue,
            "extra_slot": output.hasExtraSlot ? "true" : "false", "lightbox": provenance.lightbox,
        ]
        if let temperature = output.temperature { result["temperature"] = String(temperature) }
        if !output.thresholds.isEmpty { result["thresholds"] = try text(output.thresholds) }
        return result
    }
}
