import DICOM
public import DICOMStore
public import Deidentification
import Foundation
public import LightboxCore

/// De-identifies DICOM files into a folder (`study/series/instance.dcm`, all names new) or into a store.
///
/// Neither the report nor anything else in the output names an input: names of files may be names of patients. A
/// file is known by its place in the sorted list of inputs, and the table of correspondences says which it is.
public struct DeidentifyStage: Sendable {
    public enum Destination: Sendable {
        /// Files that are there with the same bytes are left alone, others written anew.
        case folder(String)
        case store(DICOMStore)
    }

    public var deidentifier: Deidentifier
    /// A CSV file for old and new names; nil writes none.
    public var correspondencePath: String?
    public var stopsAtFirstError = false

    public init(_ deidentifier: Deidentifier) {
        self.deidentifier = deidentifier
        self.deidentifier.decoder = { try $0.withNativePixels() }
    }

    /// What was found in the files that were written.
    public struct Result: Sendable {
        public var report: StageReport
        /// Files with each finding.
        public var findings: [Finding.Code: Int] = [:]
    }

    /// - Parameter sources: files, folders, globs, `gs://` patterns, and `dicom:STORE` for all of a store.
    public func run(_ sources: [String], to destination: Destination, _ context: StageContext) throws -> Result {
        let paths = try sources.flatMap { try inputs(of: $0, context.home) }
        let table = try correspondencePath.map { try CorrespondenceTable(path: $0) }
        var writer = try Writer(destination, total: paths.count)
        var remaining = paths.enumerated().makeIterator()
        let deidentifier = deidentifier
        let scratch = try writer.scratchFolder()
        defer { try? FileManager.default.removeItem(atPath: scratch) }
        let outcome = Swift.Result {
            // More threads than cores: they wait for the disk most of the time.
            try mapInOrder(
                threads: max(8, context.threads),
                next: { remaining.next().map { Job(number: $0.offset + 1, path: $0.element) } },
                transform: { job in job.run(deidentifier, in: scratch) },
                consume: { outcome in
                    try writer.take(outcome)
                    table?.add(outcome.correspondence)
                    if stopsAtFirstError, let problem = writer.result.report.problems.first {
                        throw InputError(.invalidInput, "\(problem.source): \(problem.reason)")
                    }
                    context.progress(
                        ProgressUpdate(stage: "deidentify", completed: outcome.number, total: paths.count))
                    if context.isCancelled() { throw Cancelled(stage: "deidentify", continues: true) }
                    return true
                })
        }
        // What was written before an error is complete, its names included.
        try writer.finish()
        try table?.save()
        try outcome.get()
        if let correspondencePath { writer.result.report.outputs.append(correspondencePath) }
        return writer.result
    }

    private func inputs(of source: String, _ home: Home) throws -> [String] {
        guard source.hasPrefix("dicom:") else { return try ImportStage().files(at: source, home) }
        let store = try DICOMCatalog(home: home).store(DICOMStoreName(String(source.dropFirst(6))))
        var paths: [String] = []
        try store.forEachInstance { paths.append($0.path) }
        return paths
    }
}

/// One input on its way.
private struct Job: Sendable {
    let number: Int
    let path: String

    struct Outcome: Sendable {
        let number: Int
        /// The result, on the disk under a name of its own.
        var scratchFile = ""
        var hash: ContentHash?
        /// `study/series/instance.dcm`; nil when nothing came of the input.
        var name: String?
        var findings: [Finding] = []
        var correspondence: [Correspondence] = []
        var reason: String?
    }

    func run(_ deidentifier: Deidentifier, in scratch: String) -> Outcome {
        var outcome = Outcome(number: number)
        do {
            let result = try deidentifier.apply(to: DICOMFile(path: path))
            let name = try Self.name(of: result.file)
            let bytes = try result.file.serialized()
            outcome.scratchFile = "\(scratch)/\(number).dcm"
            outcome.hash = ContentHash(of: bytes.withUnsafeBytes { $0 })
            try Self.write(bytes, to: outcome.scratchFile)
            outcome.name = name
            outcome.findings = result.findings
            outcome.correspondence = result.correspondence
        } catch {
            outcome.reason = Self.text(of: error, without: path)
        }
        outcome.correspondence.append(
            Correspondence(.file, old: path, new: outcome.name ?? "input \(number)"))
        return outcome
    }

    private static func write(_ bytes: [UInt8], to path: String) throws {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw FileFailure(path: path, errno: errno) }
        defer { close(descriptor) }
        try bytes.withUnsafeBytes { try FileDescriptorIO.writeAll($0, to: descriptor) }
        guard fsync(descriptor) == 0 else { throw FileFailure(path: path, errno: errno) }
    }

    private static func name(of file: DICOMFile) throws -> String {
        let names = try [Tag.studyInstanceUID, .seriesInstanceUID, .sopInstanceUID].map { tag in
            guard let uid = file.dataSet.string(tag), uid.utf8.count <= 64,
                uid.utf8.allSatisfy({ (0x30...0x39).contains($0) || $0 == 0x2e }), uid.utf8.first != 0x2e
            else { throw DICOMError(.missingAttribute, tag: tag, "An instance needs this UID.") }
            return uid
        }
        return names.joined(separator: "/") + ".dcm"
    }

    /// Without the path, which errors of every module begin with.
    private static func text(of error: any Error, without path: String) -> String {
        switch error {
        case var error as DICOMError:
            error.file = nil
            return error.description
        case var error as DeidentificationError:
            error.place = nil
            return error.description
        case let error as FileFailure: return String(cString: strerror(error.errno))
        case let error as any Failure where !error.description.contains(path): return error.description
        default: return "This file could not be read."
        }
    }
}

/// Puts results where they belong, in the order of the inputs.
private struct Writer {
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

    mutating func take(_ outcome: Job.Outcome) throws {
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

    private mutating func place(_ outcome: Job.Outcome, at path: String) throws {
        if let hash = outcome.hash, (try? ContentHash(ofFile: path)) == hash {
            unlink(outcome.scratchFile)
            result.report.unchanged += 1
            return
        }
        let folder = (path as NSString).deletingLastPathComponent
        if folders.insert(folder).inserted {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        }
        guard rename(outcome.scratchFile, path) == 0 else { throw FileFailure(path: path, errno: errno) }
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
