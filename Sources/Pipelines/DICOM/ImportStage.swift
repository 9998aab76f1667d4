public import DICOMStore
public import LightboxCore

/// Takes DICOM files into a store: each SOP Instance UID once, a different file under a known UID reported.
public struct ImportStage: Sendable {
    public var stopsAtFirstError = false

    public init() {}

    /// - Parameters:
    ///   - sources: files, folders, globs and `gs://` patterns; one that is not there is a problem like any other.
    ///   - store: opens the store, once there is something to take in.
    public func run(
        _ sources: [String], into store: (Home) throws -> DICOMStore, _ context: StageContext
    ) throws -> StageReport {
        var paths: [String] = []
        var missing: [StageReport.Problem] = []
        for source in sources {
            do {
                paths += try context.home.dicomFiles(at: source)
            } catch let error as any Failure where sources.count > 1 {
                missing.append(StageReport.Problem(source: source, error: error))
            }
        }
        if paths.isEmpty, let first = missing.first {
            throw InputError(.notFound, "\(first.source): \(first.reason)")
        }
        let store = try store(context.home)
        var report = try store.ingest(paths, progress: context.progress, isCancelled: context.isCancelled)
        report.problems = missing + report.problems
        if stopsAtFirstError, let problem = report.problems.first {
            throw InputError(.invalidInput, "\(problem.source): \(problem.reason)")
        }
        return report
    }
}
