import DICOM
import DICOMPixels
public import DICOMStore
import Foundation
import Imaging
public import LightboxCore

/// Writes the images of a DICOM store as files in `study/series/instance.png`; the frames of a multi-frame
/// image become `instance_0001.png` and so on.
public struct ExportStage: Sendable, Codable {
    public enum Format: String, Sendable, Codable, CaseIterable {
        case png, jpeg, dicom

        var fileExtension: String {
            switch self {
            case .png: "png"
            case .jpeg: "jpg"
            case .dicom: "dcm"
            }
        }
    }

    public var format = Format.png
    public var display = DisplayOptions()
    /// 8 or 16; 16 is for grey PNG.
    public var bits = 8
    public var frames = FrameChoice.all
    /// 1...100, for JPEG.
    public var jpegQuality = 90
    public var stopsAtFirstError = false
    /// Write files that are there already anew, as other settings ask for.
    public var overwrites = false

    public init() {}

    /// Unless told to overwrite, leaves files that are there alone: a second run only adds what is missing.
    public func run(_ store: DICOMStore, to output: String, _ context: StageContext) throws -> StageReport {
        let folder = try context.home.localPath(of: output)
        let total = try store.counts().instances
        var report = StageReport(stage: "export")
        report.outputs = [folder]
        var cursor = InstanceCursor(store)
        var completed = 0
        try mapInOrder(
            threads: context.threads, next: { try cursor.next() },
            transform: { instance in export(instance, to: folder) },
            consume: { outcome in
                completed += 1
                report.written += outcome.written
                report.unchanged += outcome.unchanged
                report.problems += outcome.problems
                if stopsAtFirstError, let problem = outcome.problems.first {
                    throw InputError(.invalidInput, "\(problem.source): \(problem.reason)")
                }
                context.progress(ProgressUpdate(stage: "export", completed: completed, total: total))
                if context.isCancelled() { throw Cancelled(stage: "export", continues: true) }
                return true
            })
        return report
    }

    private struct Outcome: Sendable {
        var written = 0
        var unchanged = 0
        var problems: [StageReport.Problem] = []
    }

    private func export(_ instance: StoredInstance, to folder: String) -> Outcome {
        var outcome = Outcome()
        let source = instance.path
        do {
            let record = instance.record
            let series = "\(folder)/\(record.study.studyInstanceUID)/\(record.series.seriesInstanceUID)"
            try FileManager.default.createDirectory(atPath: series, withIntermediateDirectories: true)
            let stem = "\(series)/\(record.instance.sopInstanceUID)"
            if format == .dicom {
                try write(to: stem + ".dcm", &outcome) {
                    Array(try Data(contentsOf: URL(fileURLWithPath: source)))
                }
                return outcome
            }
            let image = try DICOMImage(DICOMFile(path: source))
            for frame in frames.indices(of: image.frameCount) {
                let number = image.frameCount > 1 ? "_" + String(format: "%04d", frame + 1) : ""
                try write(to: "\(stem)\(number).\(format.fileExtension)", &outcome) {
                    try encode(image.rendered(frame: frame, window: display.window, bits: bits))
                }
            }
        } catch {
            // The file's own name is a hash; people know the instance by its UID.
            var problem = StageReport.Problem(source: source, error: error)
            problem = .init(source: instance.record.instance.sopInstanceUID, reason: problem.reason)
            outcome.problems.append(problem)
        }
        return outcome
    }

    private func encode(_ image: Image) throws -> [UInt8] {
        format == .jpeg ? try JPEG.encode(image, quality: jpegQuality) : PNG.encode(image)
    }

    private func write(to path: String, _ outcome: inout Outcome, _ bytes: () throws -> [UInt8]) throws {
        if !overwrites, FileManager.default.fileExists(atPath: path) {
            outcome.unchanged += 1
            return
        }
        try AtomicFile.write(bytes(), to: path)
        outcome.written += 1
    }
}
