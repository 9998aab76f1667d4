import DICOMStore
import Deidentification
import Foundation
import LightboxCore

/// Puts results where they belong, in the order of the inputs.
struct DeidentifyWriter {
    var result: DeidentifyStage.Result
    private let destination: DeidentifyStage.Destination
    private let total: Int
    private let scratch: String
    /// Folders with new files in them.
    private var folders: Set<String> = []
    /// Files for a store, until there are enough for a batch.
    private var staged: [(number: Int, path: String)] = []
    private var written: [String: ContentHash] = [:]
    private var warnings: [WarningLine] = []

    private struct WarningLine: Encodable {
        let instance: String
        let warnings: [String]
    }

    init(_ destination: DeidentifyStage.Destination, total: Int) throws {
        self.destination = destination
        self.total = total
        var report = StageReport(stage: "deidentify")
        switch destination {
        case .folder(let folder): report.outputs = [folder]
        case .store(let store): report.outputs = ["dicom:\(store.name)"]
        }
        result = DeidentifyStage.Result(report: report)
        // On the file system of the output, so that a finished file only has to be renamed.
        let parent =
            switch destination {
            case .folder(let folder): folder
            case .store(let store): store.root
            }
        scratch = parent + "/.deidentify-" + UUID().uuidString
    }

    /// Makes the folder for results on their way.
    func scratchFolder() throws -> String {
        try FileManager.default.createDirectory(
            atPath: scratch, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        return scratch
    }

    private func source(_ number: Int) -> String { "input \(number) of \(total)" }

    mutating func take(_ outcome: DeidentifyJob.Outcome) throws {
        guard let name = outcome.name else {
            let reason = outcome.reason ?? "Nothing came of it."
            result.report.problems.append(.init(source: source(outcome.number), reason: reason))
            return
        }
        if let earlier = written[name] {
            unlink(outcome.scratchFile)
            if earlier == outcome.hash {
                result.report.unchanged += 1
            } else {
                let reason = "Another input has the same SOP Instance UID and other content; that one was written."
                result.report.problems.append(.init(source: source(outcome.number), reason: reason))
            }
            return
        }
        written[name] = outcome.hash
        note(outcome.findings, name)
        switch destination {
        case .folder(let folder): try place(outcome, at: folder + "/" + name)
        case .store(let store):
            staged.append((outcome.number, outcome.scratchFile))
            if staged.count >= 256 { try ingest(store) }
        }
    }

    private mutating func note(_ findings: [Finding], _ name: String) {
        for finding in findings { result.findings[finding.code, default: 0] += 1 }
        let warned = findings.filter(\.isWarning)
        guard !warned.isEmpty else { return }
        let instance = ((name as NSString).lastPathComponent as NSString).deletingPathExtension
        warnings.append(WarningLine(instance: instance, warnings: warned.map(\.description)))
    }

    private mutating func place(_ outcome: DeidentifyJob.Outcome, at path: String) throws {
        if outcome.isThere {
            result.report.unchanged += 1
            return
        }
        let folder = (path as NSString).deletingLastPathComponent
        if folders.insert(folder).inserted {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        }
        try RemoteFiles.commit(outcome.scratchFile, as: path)
        result.report.written += 1
    }

    private mutating func ingest(_ store: DICOMStore) throws {
        let report = try store.ingest(staged.map(\.path), isCancelled: { false })
        result.report.written += report.written
        result.report.unchanged += report.unchanged
        let numbers = Dictionary(uniqueKeysWithValues: staged.map { ($0.path, $0.number) })
        result.report.problems += report.problems.map { problem in
            .init(source: source(numbers[problem.source] ?? 0), reason: problem.reason)
        }
        for file in staged { unlink(file.path) }
        staged = []
    }

    mutating func finish() throws {
        let folder: String
        switch destination {
        case .folder(let path): folder = path
        case .store(let store):
            folder = store.root
            if !staged.isEmpty { try ingest(store) }
        }
        for folder in folders { try AtomicFile.syncFolder(folder) }
        guard !warnings.isEmpty else { return }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let lines = try warnings.map { try encoder.encode($0) }
        let path = folder + "/warnings.jsonl"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try AtomicFile.write(Data(lines.joined(separator: [UInt8(ascii: "\n")]) + [UInt8(ascii: "\n")]), to: path)
        result.report.outputs.append(path)
    }
}
