import Foundation
import LightboxCore

/// What a version's folder may hold at most.
public struct VersionLimits: Sendable, Hashable {
    public var files = 1000
    /// Of all files together.
    public var totalBytes = 64 << 30

    public init() {}
}

/// The files of a version: copied to a hidden folder, hashed, brought to the disk, and put in place at once.
///
/// Where servers share them they are objects: sent one by one, whole when the version's row names them all.
struct VersionFolder {
    let path: String
    private var parent: String { (path as NSString).deletingLastPathComponent }
    private var name: String { (path as NSString).lastPathComponent }

    private var isShared: Bool { RemoteFiles.shared(at: path) != nil }

    /// Sends files, which stand in a folder of this machine under the same names, where servers share them; else they
    /// are in place already.
    ///
    /// - Parameter isCancelled: asked between files.
    func publish(_ files: [HashedFile], from folder: String, isCancelled: () throws -> Bool) throws {
        guard isShared else { return }
        for file in files {
            if try isCancelled() { throw CancellationError() }
            try RemoteFiles.put(folder + "/" + file.name, as: path + "/" + file.name)
        }
    }

    /// The folder to read from: copies in the home's cache where the files are elsewhere.
    ///
    /// - Parameter files: what the version's row names.
    func local(_ files: [HashedFile], home: Home) throws -> String {
        isShared && !files.isEmpty ? try home.fetched(files, of: path) : path
    }

    /// Copies a version's files to where this machine reads them; see ``fill(from:limits:isCancelled:)``.
    ///
    /// - Returns: what was copied, and the folder that it stands in.
    func make(
        from source: String, home: Home, limits: VersionLimits, isCancelled: () throws -> Bool
    ) throws -> (files: [HashedFile], folder: String) {
        guard isShared else { return (try fill(from: source, limits: limits, isCancelled: isCancelled), path) }
        let scratch = "\(home.outgoing)/models/\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: scratch) }
        let copy = VersionFolder(path: "\(scratch)/\(name)")
        let files = try copy.fill(from: source, limits: limits, isCancelled: isCancelled)
        return (files, try home.fetched(files, of: copy.path))
    }

    /// Copies `source` in.
    ///
    /// - Parameters:
    ///   - source: a folder, one whose only content is numbered folders (the highest is taken), or one model file;
    ///     the `.bin` of an OpenVINO `.xml` is taken along.
    ///   - isCancelled: asked between files.
    /// - Returns: what was copied, sorted by name.
    func fill(from source: String, limits: VersionLimits, isCancelled: () throws -> Bool) throws -> [HashedFile] {
        let entries = try SourceEntry.all(at: source, limits: limits)
        var status = stat()
        guard lstat(path, &status) != 0 else {
            throw CatalogError(.alreadyExists, "\(path): something stands there already. Move it away.")
        }
        let staging = "\(parent)/.\(name).\(UUID().uuidString.prefix(8)).part"
        try FileManager.default.createDirectory(
            atPath: staging, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        do {
            var files: [HashedFile] = []
            var folders: Set<String> = [staging]
            for entry in entries {
                if try isCancelled() { throw CancellationError() }
                let target = staging + "/" + entry.name
                let folder = (target as NSString).deletingLastPathComponent
                if folders.insert(folder).inserted {
                    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
                }
                files.append(try entry.copy(to: target))
            }
            for folder in folders { try AtomicFile.syncFolder(folder) }
            guard rename(staging, path) == 0 else { throw FileFailure(path: path, errno: errno) }
            try AtomicFile.syncFolder(parent)
            try AtomicFile.syncFolder((parent as NSString).deletingLastPathComponent)
            return files.sorted { $0.name < $1.name }
        } catch {
            try? FileManager.default.removeItem(atPath: staging)
            throw error
        }
    }

    /// Removes the folder and what a process that died while filling it left beside it.
    func remove() throws {
        var names = ((try? FileManager.default.contentsOfDirectory(atPath: parent)) ?? []).filter {
            $0.hasPrefix(".\(name).") && $0.hasSuffix(".part")
        }
        if FileManager.default.fileExists(atPath: path) { names.append(name) }
        for name in names { try FileManager.default.removeItem(atPath: parent + "/" + name) }
        guard let shared = RemoteFiles.shared(at: path) else { return }
        for file in try shared.files(at: path) { try RemoteFiles.remove(file) }
    }
}

/// A file that is to be copied.
private struct SourceEntry {
    let path: String
    /// In the version's folder.
    let name: String

    static func all(at source: String, limits: VersionLimits) throws -> [SourceEntry] {
        var status = stat()
        guard stat(source, &status) == 0 else { throw FileFailure(path: source, errno: errno) }
        var entries: [SourceEntry] = []
        if status.st_mode & S_IFMT == S_IFDIR {
            let folder = try numberedChild(of: source) ?? source
            try walk(folder, prefix: "", into: &entries, limits: limits)
            guard !entries.isEmpty else {
                throw CatalogError(.failedPrecondition, "\(source): the folder has no files.")
            }
        } else {
            entries = [SourceEntry(path: source, name: (source as NSString).lastPathComponent)]
            let weights = (source as NSString).deletingPathExtension + ".bin"
            if source.hasSuffix(".xml"), FileManager.default.fileExists(atPath: weights) {
                entries.append(SourceEntry(path: weights, name: (weights as NSString).lastPathComponent))
            }
        }
        try checkSize(entries, source, limits)
        return entries
    }

    /// The highest of folders `1`, `2`, … when there is nothing else: how TensorFlow Serving keeps a model.
    private static func numberedChild(of folder: String) throws -> String? {
        let names = try FileManager.default.contentsOfDirectory(atPath: folder).filter { !$0.hasPrefix(".") }
        let numbers = names.compactMap(Int.init)
        guard numbers.count == names.count, let last = numbers.max() else { return nil }
        return names.first { Int($0) == last }.map { folder + "/" + $0 }
    }

    private static func walk(
        _ folder: String, prefix: String, into entries: inout [SourceEntry], limits: VersionLimits
    ) throws {
        guard prefix.utf8.count < 1024 else {
            throw CatalogError(.failedPrecondition, "\(folder): nested too deep for a model.")
        }
        for name in try FileManager.default.contentsOfDirectory(atPath: folder).sorted() where !name.hasPrefix(".")
        {
            let path = folder + "/" + name
            var status = stat()
            guard lstat(path, &status) == 0 else { throw FileFailure(path: path, errno: errno) }
            switch status.st_mode & S_IFMT {
            case S_IFDIR: try walk(path, prefix: prefix + name + "/", into: &entries, limits: limits)
            case S_IFREG: entries.append(SourceEntry(path: path, name: prefix + name))
            default:
                throw CatalogError(
                    .failedPrecondition,
                    "\(path): a link, or something else than a file. Copy the file to this place.")
            }
            guard entries.count <= limits.files else {
                throw CatalogError(
                    .failedPrecondition, "\(folder): over \(limits.files) files. Give the model's own folder.")
            }
        }
    }

    private static func checkSize(_ entries: [SourceEntry], _ source: String, _ limits: VersionLimits) throws {
        var total = 0
        for entry in entries {
            var status = stat()
            guard stat(entry.path, &status) == 0 else { throw FileFailure(path: entry.path, errno: errno) }
            total += Int(status.st_size)
        }
        guard total <= limits.totalBytes else {
            throw CatalogError(.failedPrecondition, "\(source): over \(limits.totalBytes) bytes. Is this a model?")
        }
    }

    /// Copies and hashes in one pass; the file is on the disk when this returns.
    func copy(to target: String) throws -> HashedFile {
        let input = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard input >= 0 else { throw FileFailure(path: path, errno: errno) }
        defer { close(input) }
        let output = open(target, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard output >= 0 else { throw FileFailure(path: target, errno: errno) }
        defer { close(output) }
        var hasher = ContentHasher()
        var total = 0
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 16)
        defer { buffer.deallocate() }
        while true {
            let count = read(input, buffer.baseAddress, buffer.count)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw FileFailure(path: path, errno: errno) }
            if count == 0 { break }
            let piece = UnsafeRawBufferPointer(rebasing: buffer[..<count])
            hasher.update(piece)
            do {
                try FileDescriptorIO.writeAll(piece, to: output)
            } catch let failure as FileFailure {
                throw FileFailure(path: target, errno: failure.errno)
            }
            total += count
        }
        guard fsync(output) == 0 else { throw FileFailure(path: target, errno: errno) }
        return HashedFile(name: name, bytes: total, sha256: hasher.finalize())
    }
}
