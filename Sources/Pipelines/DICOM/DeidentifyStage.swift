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
        if case .store(let store) = destination {
            for source in sources where source.hasPrefix("dicom:") {
                try Self.check(DICOMStoreName(String(source.dropFirst(6))), to: store.name)
            }
        }
        return try run(files: sources.flatMap { try inputs(of: $0, context.home) }, to: destination, context)
    }

    /// Refuses to put de-identified files among those that they were made of.
    static func check(_ source: DICOMStoreName, to destination: DICOMStoreName) throws {
        guard source != destination else {
            throw InputError(
                .invalidInput, "\(source) is source and destination: choose another store for what is shared.")
        }
    }

    /// - Parameter paths: local files.
    public func run(files paths: [String], to destination: Destination, _ context: StageContext) throws -> Result {
        let table = try correspondencePath.map { try CorrespondenceTable(path: $0) }
        let target = try DeidentifyTarget(destination)
        var writer = DeidentifyWriter(target, total: paths.count)
        var remaining = paths.enumerated().makeIterator()
        let deidentifier = deidentifier
        let outcome = Swift.Result {
            // More threads than cores: they wait for the disk most of the time.
            try mapInOrder(
                threads: max(8, context.threads),
                next: { remaining.next().map { DeidentifyJob(number: $0.offset + 1, path: $0.element) } },
                transform: { job in job.run(deidentifier, for: target) },
                consume: { outcome in
                    try writer.take(outcome)
                    table?.add(outcome.correspondence)
                    if stopsAtFirstError, let problem = writer.result.report.problems.first {
                        throw InputError(.invalidInput, "\(problem.source): \(problem.reason)")
                    }
                    context.progress(
                        ProgressUpdate(
                            stage: "deidentify", completed: outcome.number, total: paths.count,
                            failed: writer.result.report.problems.count))
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
        guard source.hasPrefix("dicom:") else { return try home.dicomFiles(at: source) }
        let store = try DICOMCatalog(home: home).store(DICOMStoreName(String(source.dropFirst(6))))
        var paths: [String] = []
        try store.forEachInstance { paths.append($0.path) }
        return paths
    }
}
