import Foundation
package import LightboxCore

/// `errors.jsonl`: what stages left out, one JSON object a line: `{"reason": …, "source": …, "stage": …}`.
///
/// It stands beside the output. A run replaces the lines of its own stage, and keeps those of others that write
/// to the same folder; without any line there is no file.
package struct ErrorsFile {
    package static let name = "errors.jsonl"

    private struct Line: Codable {
        let stage: String
        let source: String?
        let reason: String?
    }

    /// - Returns: the file's path, nil when this stage left nothing out.
    package static func save(_ report: StageReport, in folder: String) throws -> String? {
        let path = (folder.isEmpty ? "." : folder) + "/" + name
        var lines = try kept(at: path, without: report.stage)
        for problem in report.problems {
            lines.append(
                try jsonLine(Line(stage: report.stage, source: problem.source, reason: problem.reason)))
        }
        if lines.isEmpty {
            try RemoteFiles.remove(path)
            return nil
        }
        try FileManager.default.createDirectory(
            atPath: folder.isEmpty ? "." : folder, withIntermediateDirectories: true)
        try AtomicFile.write(Data(lines.joined(separator: [UInt8(ascii: "\n")]) + [UInt8(ascii: "\n")]), to: path)
        return report.problems.isEmpty ? nil : path
    }

    /// Lines of other stages, and any that are not ours.
    private static func kept(at path: String, without stage: String) throws -> [Data] {
        guard RemoteFiles.exists(path),
            let old = try FileManager.default.contents(atPath: RemoteFiles.file(of: path))
        else { return [] }
        return old.split(separator: UInt8(ascii: "\n")).map { Data($0) }.filter {
            (try? JSONDecoder().decode(Line.self, from: $0))?.stage != stage
        }
    }
}
