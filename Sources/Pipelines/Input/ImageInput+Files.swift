import DICOM
import DICOMPixels
import Foundation
import Imaging
import LightboxCore

extension ImageInput {
    /// PNG, JPEG and DICOM files of a folder or glob, in the order of their paths.
    func fileItems(_ pattern: String, home: Home, frames: FrameChoice) throws -> ItemSource {
        let paths = try home.files(at: pattern).filter { FileKind.mayBeImage($0) }
        guard !paths.isEmpty else {
            throw InputError(.notFound, "\(pattern): no PNG, JPEG or DICOM files there.")
        }
        let root = try Self.root(of: home.localPath(of: pattern), paths)
        return ItemSource(
            parts: paths, total: frames == .all ? nil : paths.count,
            fingerprint: ItemSource.fingerprint(of: paths)
        ) { path in
            guard !RemoteFiles.isRemote(path) || FileKind(path: path) != nil else { return [] }
            return Self.entries(file: path, name: Self.name(of: path, below: root), extras: [], frames: frames)
        }
    }

    /// The folder that a pattern starts from: paths in keys are told from there.
    private static func root(of pattern: String, _ paths: [String]) -> String {
        var isFolder: ObjCBool = false
        if RemoteFiles.isRemote(pattern) {
            let start = pattern.hasSuffix("/") ? pattern : pattern + "/"
            if paths.allSatisfy({ $0.hasPrefix(start) }) { return start }
        } else if FileManager.default.fileExists(atPath: pattern, isDirectory: &isFolder), isFolder.boolValue {
            return pattern.hasSuffix("/") ? pattern : pattern + "/"
        }
        let parts = pattern.split(separator: "/", omittingEmptySubsequences: false).dropLast()
        return parts.prefix { !Glob.hasWildcards(String($0)) }.map { $0 + "/" }.joined()
    }

    private static func name(of path: String, below root: String) -> String {
        path.hasPrefix(root) ? String(path.dropFirst(root.count)) : path
    }

    /// The image or images of one file. A file that cannot be read comes as a problem.
    static func entries(
        file path: String, name: String, extras: [ImageItem.Extra], frames: FrameChoice
    ) -> [ItemSource.Entry] {
        do {
            guard RemoteFiles.isRemote(path) || FileManager.default.fileExists(atPath: path) else {
                throw FileFailure(path: path, errno: ENOENT)
            }
            switch FileKind(path: path) {
            case .dicom: return try dicomEntries(path, extras: extras, frames: frames)
            case .picture, nil:
                let key = InstanceKey(pathOfExport: name) ?? InstanceKey(fields: [.init("path", name)])
                return [
                    .item(
                        ImageItem(
                            origin: RemoteFiles.shown(path), key: key, extras: extras, payload: .file(path: path)))
                ]
            }
        } catch {
            return [.problem(StageReport.Problem(source: path, error: error))]
        }
    }

    private static func dicomEntries(
        _ path: String, extras: [ImageItem.Extra], frames: FrameChoice
    ) throws -> [ItemSource.Entry] {
        let file = try DICOMFile(path: path, options: ReadOptions(stopsBeforePixelData: true))
        let dataSet = file.dataSet
        guard let instance = dataSet.string(.sopInstanceUID) else {
            throw DICOMError(.missingAttribute, file: path, tag: .sopInstanceUID, "has no SOP Instance UID.")
        }
        let count = max(1, dataSet.int(.numberOfFrames) ?? 1)
        let key = InstanceKey(
            study: dataSet.string(.studyInstanceUID) ?? "", series: dataSet.string(.seriesInstanceUID) ?? "",
            instance: instance)
        return dicomEntries(path, key: key, frameCount: count, extras: extras, frames: frames)
    }

    static func dicomEntries(
        _ path: String, key: InstanceKey, frameCount: Int, extras: [ImageItem.Extra] = [], frames: FrameChoice
    ) -> [ItemSource.Entry] {
        frames.indices(of: frameCount).map { frame in
            var key = key
            if frameCount > 1 { key.fields.append(InstanceKey.Field("frame", String(frame + 1))) }
            let origin = RemoteFiles.shown(frameCount > 1 ? "\(path)#\(frame + 1)" : path)
            return .item(
                ImageItem(origin: origin, key: key, extras: extras, payload: .dicom(path: path, frame: frame)))
        }
    }
}

/// What a file is, told by its name or, without a telling name, by its first bytes.
enum FileKind {
    case picture, dicom

    /// Judges objects elsewhere by their names alone: their bytes come when it is their turn.
    static func mayBeImage(_ path: String) -> Bool {
        RemoteFiles.isRemote(path) ? !isOtherwiseNamed(path) : FileKind(path: path) != nil
    }

    private static func isOtherwiseNamed(_ path: String) -> Bool {
        otherKinds.contains((path as NSString).pathExtension.lowercased())
    }

    private static let otherKinds: Set = [
        "csv", "json", "jsonl", "txt", "md", "xml", "yaml", "h5", "tfrecord", "zip", "gz",
    ]

    init?(path: String) {
        guard !Self.isOtherwiseNamed(path) else { return nil }
        switch (path as NSString).pathExtension.lowercased() {
        case "png", "jpg", "jpeg": self = .picture
        case "dcm", "dicom", "ima": self = .dicom
        default:
            guard let local = try? RemoteFiles.file(of: path), let file = FileHandle(forReadingAtPath: local)
            else {
                return nil
            }
            defer { try? file.close() }
            guard let head = try? file.read(upToCount: 132) else { return nil }
            switch ImageFile.Format(of: Bytes(head)) {
            case .png, .jpeg: self = .picture
            case .dicom: self = .dicom
            default: return nil
            }
        }
    }
}

extension InstanceKey {
    /// The key that `dicom export` wrote into a path, `…/study/series/instance.png` or
    /// `…/study/series/instance_0001.png`; nil when the three are not UIDs.
    init?(pathOfExport path: String) {
        let parts = path.split(separator: "/").map(String.init)
        guard parts.count >= 3 else { return nil }
        let (study, series) = (parts[parts.count - 3], parts[parts.count - 2])
        let stem = (parts[parts.count - 1] as NSString).deletingPathExtension
        let halves = stem.split(separator: "_", omittingEmptySubsequences: false).map(String.init)
        guard halves.count <= 2, [study, series, halves[0]].allSatisfy(Self.isUID) else { return nil }
        self.init(
            study: study, series: series, instance: halves[0], frame: halves.count == 2 ? Int(halves[1]) : nil)
    }

    /// PS3.5 section 9.1: digits and dots, at most 64. A lone number is taken for a name, not for a UID.
    private static func isUID(_ text: String) -> Bool {
        text.utf8.count <= 64 && text.contains(".")
            && text.utf8.allSatisfy { $0 == UInt8(ascii: ".") || (48...57).contains($0) }
    }
}
