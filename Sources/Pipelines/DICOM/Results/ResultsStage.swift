import DICOMResults
public import DICOMStore
public import Datasets
public import Foundation
public import LightboxCore
import ModelRegistry

/// Runs a model over DICOM images and writes what it says as DICOM objects: a structured report for each image, and
/// heat maps where they are wanted.
///
/// What is there already is left alone, so that a second run costs little; images that a run wrote are passed over.
public struct ResultsStage: Sendable {
    /// How heat maps are written.
    public enum Heatmaps: String, Sendable, CaseIterable {
        case none
        /// A picture of the image with the map over it, for each label.
        case capture = "sc"
        /// A segmentation for each image, with a segment for each label.
        case segmentation = "seg"
    }

    public enum Destination: Sendable {
        /// `study/series/instance.dcm`.
        case folder(String)
        case store(DICOMStore)
    }

    /// A model's folder, a run's, or one of the registry.
    public var model: String
    /// What a Keras file does not say.
    public var facts = KerasModelFacts()
    /// Of the labels found, and where none is, of the one with the highest score.
    public var heatmaps = Heatmaps.none
    /// Only films of this view; nil for all images.
    public var view: ViewKind?
    public var frames = FrameChoice.first
    /// Lightbox's own.
    public var version: String
    /// What stands in the objects as the time of their making.
    public var time: Date
    /// For dates of images that do not say in which zone theirs are.
    public var timeZone = TimeZone.current

    public init(model: String, version: String, time: Date) {
        self.model = model
        self.version = version
        self.time = time
    }

    /// - Parameter store: all of its images, in the order of their UIDs.
    public func run(
        _ store: DICOMStore, to destination: Destination, _ context: StageContext
    ) throws -> StageReport {
        var paths: [String] = []
        try store.forEachInstance { if $0.record.instance.rows != nil { paths.append($0.path) } }
        return try run(files: paths, to: destination, context)
    }

    /// - Parameter sources: DICOM files, folders, patterns.
    public func run(
        _ sources: [String], to destination: Destination, _ context: StageContext
    ) throws -> StageReport {
        try run(files: sources.flatMap { try context.home.dicomFiles(at: $0) }, to: destination, context)
    }

    private func run(
        files paths: [String], to destination: Destination, _ context: StageContext
    ) throws -> StageReport {
        let folder = try ModelPlace.open(model, context, facts: facts)
        let target = ResultsTarget(destination)
        let job = try ResultsJob(
            judge: ResultsJudge(folder, heatmaps: heatmaps, context), authorship: authorship(folder, context.home),
            heatmaps: heatmaps, view: view, frames: frames, target: target)
        var report = StageReport(stage: "results")
        report.outputs = [target.name]
        var (remaining, done) = (paths.makeIterator(), 0)
        try mapInOrder(
            threads: context.threads, next: { context.isCancelled() ? nil : remaining.next() },
            transform: { job.run($0) },
            consume: { outcome in
                done += 1
                report.written += outcome.written
                report.unchanged += outcome.unchanged
                if let problem = outcome.problem { report.problems.append(problem) }
                context.progress(ProgressUpdate(stage: "results", completed: done, total: paths.count))
                return true
            })
        if context.isCancelled() { throw Cancelled(stage: "results", continues: true) }
        return report
    }

    private func authorship(_ folder: ModelFolder, _ home: Home) -> Authorship {
        let output = folder.manifest.output
        var parameters = output.thresholds.sorted { $0.key < $1.key }.map { "threshold of \($0.key): \($0.value)" }
        if let temperature = output.temperature { parameters.append("temperature: \(temperature)") }
        let hash = folder.contentHash
        // The registry keeps a version in a folder of its name.
        let isRegistered = [home.models, home.versions].contains { folder.path.hasPrefix($0 + "/") }
        let name = isRegistered ? (folder.path as NSString).lastPathComponent : String(hash.description.prefix(12))
        return Authorship(
            version: version,
            algorithm: .init(
                name: folder.manifest.name, version: name, contentHash: hash, parameters: parameters),
            time: time, timeZone: timeZone)
    }
}
