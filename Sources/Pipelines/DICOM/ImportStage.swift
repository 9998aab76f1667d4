public import DICOMStore
public import LightboxCore

/// Takes DICOM files into a store: each SOP Instance UID once, a different file under a known UID reported.
public struct ImportStage: Sendable {
    public var stopsAtFirstError = false

    public init() {}

    /// - Parameter sources: files, folders, globs and `gs://` patterns.
    public func run(_ sources: [String], into store: DICOMStore, _ context: StageContext) throws -> StageReport {
        let paths = try sources.flatMap(context.home.files(at:))
        let report = try store.ingest(paths, progress: context.progress, isCancelled: context.isCancelled)
        if stopsAtFirstError, let problem = report.problems.first {
            throw InputError(.invalidInput, "\(problem.source): \(problem.reason)")
        }
        return report
    }
}
