import Deidentification
import Foundation
import LightboxCore

/// `warnings.jsonl`: instances that a person should look at, one JSON object a line: `{"instance": …, "warnings": …}`.
///
/// It stands beside the output. A run replaces the lines of the instances that it has made, and keeps all others;
/// without any line there is no file.
struct WarningsFile {
    static let name = "warnings.jsonl"

    private struct Line: Codable {
        let instance: String
        let warnings: [String]
    }

    private var lines: [String: Line?] = [:]

    /// - Parameter instance: its new SOP Instance UID.
    mutating func note(_ findings: [Finding], of instance: String) {
        let warned = findings.filter(\.isWarning).map(\.description)
        lines[instance] = .some(warned.isEmpty ? nil : Line(instance: instance, warnings: warned))
    }

    /// - Returns: the file's path, nil when this run has warned of nothing.
    func save(in folder: String) throws -> String? {
        let path = folder + "/" + Self.name
        var all: [(instance: String, text: Data)] = []
        for text in FileManager.default.contents(atPath: path)?.split(separator: UInt8(ascii: "\n")) ?? [] {
            let instance = (try? JSONDecoder().decode(Line.self, from: text))?.instance
            if instance.map({ lines[$0] == nil }) ?? true { all.append((instance ?? "", Data(text))) }
        }
        let new = lines.values.compactMap(\.self)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        for line in new { all.append((line.instance, try encoder.encode(line))) }
        if all.isEmpty {
            unlink(path)
            return nil
        }
        // The same instances give the same bytes, in how many runs ever.
        let sorted = all.sorted { $0.instance < $1.instance }.map(\.text)
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try AtomicFile.write(
            Data(sorted.joined(separator: [UInt8(ascii: "\n")]) + [UInt8(ascii: "\n")]), to: path)
        return new.isEmpty ? nil : path
    }
}
