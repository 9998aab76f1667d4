import DICOM
import DICOMPixels
public import DICOMStore
import Foundation
import Imaging
public import LightboxCore

/// Writes the images of a DICOM store as files in `study/series/instance.png`; the frames of a multi-frame
/// image become `instance_0001.png` and so on.
public struct ExportStage: Sendable, Codable, Equatable {
    public enum Format: String, Sendable, Codable, CaseIterable {
        case png, jpeg, dicom
        /// The bytes of each frame, without anything around them.
        case frames

        var ending: String {
            switch self {
            case .png: ".png"
            case .jpeg: ".jpg"
            case .dicom: ".dcm"
            case .frames: ""
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
    /// Call frames of a multi-frame image `instance/1.png` and so on, as Google's API does.
    public var hasFrameFolders = false
    /// Of DICOM files and bytes of frames: one without compression; nil leaves them as they are stored.
    public var transferSyntaxUID: String?

    public init() {}

    /// Unless told to overwrite, leaves files that are there alone: a second run only adds what is missing.
    ///
    /// - Parameter filters: instances that match any; none twice.
    public func run(
        _ store: DICOMStore, matchingAny filters: [InstanceFilter] = [.all], to output: String,
        _ context: StageContext
    ) throws -> StageReport {
        let folder = try context.home.localPath(of: output)
        let total = try filters.reduce(0) { try $0 + store.counts(of: $1).instances }
        var report = StageReport(stage: "export")
        report.outputs = [folder]
        var cursor = InstanceCursor(store, matchingAny: filters, readsFiles: context.distribution == nil)
        if let distribution = context.distribution {
            return try distribute(
                { try cursor.next().map { ExportItem($0).travelling } }, count: total, to: folder,
                over: distribution,
                context)
        }
        var (completed, failed) = (0, 0)
        try mapInOrder(
            // Requests wait for the network most of the time.
            threads: RemoteFiles.isRemote(folder) ? max(16, context.threads) : context.threads,
            next: { try cursor.next() },
            transform: { instance in export(ExportItem(instance), to: folder) },
            consume: { outcome in
                completed += 1
                report.written += outcome.written
                report.unchanged += outcome.unchanged
                report.problems += outcome.problems
                if stopsAtFirstError, let problem = outcome.problems.first {
                    throw InputError(.invalidInput, "\(problem.source): \(problem.reason)")
                }
                if !outcome.problems.isEmpty { failed += 1 }
                context.progress(
                    ProgressUpdate(stage: "export", completed: completed, total: total, failed: failed))
                if context.isCancelled() { throw Cancelled(stage: "export", continues: true) }
                return true
            })
        return report
    }

    struct Outcome: Sendable {
        var written = 0
        var unchanged = 0
        var problems: [StageReport.Problem] = []
        /// What was written, where that is asked for.
        var files: [HashedFile] = []
        /// Files from this moment on, in nanoseconds since 1970, are this run's own: an attempt before this one was cut
        /// short. nil: no attempt was, and the files need not be listed.
        var begin: Int?
    }

    func export(_ instance: ExportItem, to folder: String, since begin: Int? = nil) -> Outcome {
        var outcome = Outcome(begin: begin)
        let source = instance.path
        do {
            let series = "\(folder)/\(instance.study)/\(instance.series)"
            try FileManager.default.createDirectory(atPath: series, withIntermediateDirectories: true)
            let stem = "\(series)/\(instance.instance)"
            if format == .dicom {
                try write(to: stem + format.ending, &outcome) { try file(of: instance) }
                return outcome
            }
            let image = try DICOMImage(DICOMFile(path: source))
            for frame in frames.indices(of: image.frameCount) {
                try write(to: stem + name(of: frame, image.frameCount) + format.ending, &outcome) {
                    guard format != .frames else { return try bytes(of: frame, image) }
                    return try encode(image.rendered(frame: frame, window: display.window, bits: bits))
                }
            }
        } catch {
            // The file's own name is a hash; people know the instance by its UID.
            var problem = StageReport.Problem(source: source, error: error)
            problem = .init(source: instance.instance, reason: problem.reason)
            outcome.problems.append(problem)
        }
        return outcome
    }

    /// What stands behind the instance's name.
    private func name(of frame: Int, _ count: Int) -> String {
        guard count > 1 else { return "" }
        return hasFrameFolders ? "/\(frame + 1)" : "_" + String(format: "%04d", frame + 1)
    }

    private func file(of instance: ExportItem) throws -> [UInt8] {
        guard let uid = transferSyntaxUID, uid != instance.transferSyntaxUID else {
            return try Bytes(MappedFile(path: instance.path)).array
        }
        guard let syntax = TransferSyntax(uid: uid), !syntax.isEncapsulated else {
            throw InputError(
                .unsupported,
                "Files are not compressed anew. Ask for \(TransferSyntax.explicitVRLittleEndian.uid).")
        }
        return try DICOMFile(path: instance.path).withNativePixels().serialized(as: syntax)
    }

    private func bytes(of frame: Int, _ image: DICOMImage) throws -> [UInt8] {
        if transferSyntaxUID == nil, let encoded = image.encodedFrame(frame) { return encoded.array }
        return try image.storedFrame(frame).samples.withUnsafeBytes { Array($0) }
    }

    private func encode(_ image: Image) throws -> [UInt8] {
        format == .jpeg ? try JPEG.encode(image, quality: jpegQuality) : PNG.encode(image)
    }

    private func write(to path: String, _ outcome: inout Outcome, _ bytes: () throws -> [UInt8]) throws {
        if !overwrites, isThere(path, before: outcome.begin) {
            outcome.unchanged += 1
            return
        }
        let content = try bytes()
        let folder = (path as NSString).deletingLastPathComponent
        if hasFrameFolders {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        }
        try AtomicFile.write(content, to: path)
        outcome.written += 1
        if outcome.begin != nil {
            outcome.files.append(HashedFile(name: path, bytes: content.count, sha256: ContentHash(of: content)))
        }
    }

    private func isThere(_ path: String, before begin: Int?) -> Bool {
        if RemoteFiles.isRemote(path) { return RemoteFiles.exists(path) }
        var status = stat()
        guard stat(path, &status) == 0 else { return false }
        return begin.map { status.modifiedNanoseconds < $0 } ?? true
    }
}

/// What an export needs to know of an instance.
struct ExportItem: Codable, Sendable {
    /// Of the file, or its address on the way to a worker of another home.
    var path: String
    let study: String
    let series: String
    let instance: String
    let transferSyntaxUID: String?

    init(_ stored: StoredInstance) {
        path = stored.path
        let record = stored.record
        (study, series) = (record.study.studyInstanceUID, record.series.seriesInstanceUID)
        (instance, transferSyntaxUID) = (record.instance.sopInstanceUID, record.instance.transferSyntaxUID)
    }

    /// As other homes find the file.
    var travelling: ExportItem {
        var item = self
        item.path = RemoteFiles.address(of: path) ?? path
        return item
    }
}

extension stat {
    /// Since 1970.
    var modifiedNanoseconds: Int { Int(st_mtim.tv_sec) * 1_000_000_000 + Int(st_mtim.tv_nsec) }
}
