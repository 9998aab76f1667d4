import DICOMStore
import Deidentification
import Foundation
import LightboxCore

/// Puts results where they belong, in the order of the inputs.
struct DeidentifyWriter {
    var result: DeidentifyStage.Result
    private let target: DeidentifyTarget
    private let total: Int
    /// Folders with new files in them.
    private var folders: Set<String> = []
    /// Instances for a store, until there are enough for a batch.
    private var received: [(number: Int, instance: ReceivedInstance)] = []
    private var written: [String: ContentHash] = [:]
    private var warnings = WarningsFile()

    init(_ target: DeidentifyTarget, total: Int) {
        self.target = target
        self.total = total
        var report = StageReport(stage: "deidentify")
        report.outputs = [target.name]
        result = DeidentifyStage.Result(report: report)
    }

    private mutating func note(_ reason: String, number: Int) {
        result.report.problems.append(.init(source: "input \(number) of \(total)", reason: reason))
    }

    mutating func take(_ outcome: DeidentifyJob.Outcome) throws {
        guard let name = outcome.name else {
            return note(outcome.reason ?? "Nothing came of it.", number: outcome.number)
        }
        if let earlier = written[name] {
            if case .file(let path)? = outcome.result { unlink(path) }
            if earlier == outcome.hash {
                result.report.unchanged += 1
            } else {
                note(
                    "Another input has the same SOP Instance UID and other content; that one was written.",
                    number: outcome.number)
            }
            return
        }
        written[name] = outcome.hash
        for finding in outcome.findings { result.findings[finding.code, default: 0] += 1 }
        let file = (name as NSString).lastPathComponent as NSString
        warnings.note(outcome.findings, of: file.deletingPathExtension)
        switch outcome.result {
        case nil: result.report.unchanged += 1
        case .file(let path)?: try place(path, at: target.folder + "/" + name)
        case .received(let instance)?:
            received.append((outcome.number, instance))
            if received.count >= 256 { try addReceived() }
        }
    }

    private mutating func place(_ scratchFile: String, at path: String) throws {
        let folder = (path as NSString).deletingLastPathComponent
        if folders.insert(folder).inserted {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        }
        try RemoteFiles.commit(scratchFile, as: path)
        result.report.written += 1
    }

    private mutating func addReceived() throws {
        guard case .store(let store) = target else { return }
        let outcomes = try store.add(received.map(\.instance))
        for ((number, _), outcome) in zip(received, outcomes) {
            if outcome.isNew { result.report.written += 1 }
            if outcome == .unchanged { result.report.unchanged += 1 }
            if let problem = outcome.problem { note(problem, number: number) }
        }
        received = []
    }

    mutating func finish() throws {
        try addReceived()
        for folder in folders { try AtomicFile.syncFolder(folder) }
        if let path = try warnings.save(in: target.folder) { result.report.outputs.append(path) }
    }
}
