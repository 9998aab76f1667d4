import Foundation
public import LightboxCore

/// Copies files and objects from anywhere to anywhere: within one place without the bytes coming here.
public struct ObjectCopy: Sendable {
    private let stores: ObjectStores
    private let home: Home
    /// Copied side by side.
    public var filesAtOnce = 8

    public init(_ stores: ObjectStores, home: Home) { (self.stores, self.home) = (stores, home) }

    /// - Parameters:
    ///   - sources: files, objects, patterns; folders and beginnings of keys where `isRecursive`.
    ///   - target: a file's new name, or what ends with `/` or is a folder for names below it.
    /// - Throws: ``ObjectError`` or `FileFailure` for the first that cannot be copied.
    public func run(
        _ sources: [String], to target: String, isRecursive: Bool, progress: @escaping ProgressHandler,
        isCancelled: () -> Bool
    ) throws -> StageReport {
        var pairs: [(from: String, to: String)] = []
        let targetPath = try home.localPath(of: target)
        for source in sources {
            let path = try home.localPath(of: source)
            let files = try home.files(at: source)
            let isOne = files == [path]
            guard isOne || isRecursive || Glob.hasWildcards(path) else {
                throw ObjectError(.invalidAddress, at: source, "a folder: pass --recursive to copy all below it.")
            }
            let isInto = !isOne || sources.count > 1 || target.hasSuffix("/") || RemoteFiles.isFolder(targetPath)
            let start = Self.start(of: path, isOne: isOne)
            for file in files {
                let folder = targetPath.hasSuffix("/") ? targetPath : targetPath + "/"
                pairs.append((file, isInto ? folder + file.dropFirst(start) : targetPath))
            }
        }
        var report = StageReport(stage: "copy")
        var next = pairs.makeIterator()
        let total = pairs.count
        try mapInOrder(threads: min(filesAtOnce, max(1, total))) {
            next.next()
        } transform: { pair in
            try copy(pair.from, pair.to)
        } consume: { _ in
            report.written += 1
            progress(ProgressUpdate(stage: "copy", completed: report.written, total: total))
            return !isCancelled()
        }
        report.outputs = [RemoteFiles.shown(targetPath)]
        return report
    }

    /// Characters of a file's path that its name in the target does not have.
    private static func start(of path: String, isOne: Bool) -> Int {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        let fixed: [String]
        if isOne {
            fixed = parts.dropLast()
        } else if Glob.hasWildcards(path) {
            fixed = Array(parts.dropLast().prefix { !Glob.hasWildcards($0) })
        } else {
            return path.hasSuffix("/") ? path.count : path.count + 1
        }
        return fixed.reduce(0) { $0 + $1.count + 1 }
    }

    private func object(_ path: String) throws -> (ObjectName, any ObjectPlace)? {
        guard let text = RemotePath.address(of: path, below: home.objects),
            case .object(let name) = try ObjectAddress(text), let place = stores.place(of: name.scheme)
        else { return nil }
        return (name, place)
    }

    private func copy(_ source: String, _ target: String) throws {
        switch (try object(source), try object(target)) {
        case (let (from, place)?, let (to, _)?) where from.scheme == to.scheme: try place.copy(from, to: to)
        case (let (from, place)?, nil) where !RemoteFiles.isRemote(target):
            try Self.makeFolder(of: target)
            try ObjectFile(from: place).bring(from, to: target)
        case (_, let (to, place)?):
            try place.write(FileParts(path: RemoteFiles.file(of: source)), to: to) { _ in }
        default:
            try Self.makeFolder(of: target)
            let bytes = try Bytes(MappedFile(path: source))
            try AtomicFile.write(to: target) { descriptor in
                try bytes.withUnsafeBytes { try FileDescriptorIO.writeAll($0, to: descriptor) }
            }
        }
    }

    private static func makeFolder(of path: String) throws {
        guard !RemoteFiles.isRemote(path) else { return }
        let folder = (path as NSString).deletingLastPathComponent
        if !folder.isEmpty {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        }
    }
}
