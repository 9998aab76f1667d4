import Foundation
import LightboxCore

/// A folder that is filled under a hidden name beside its place and appears there at once.
struct StagingFolder {
    let destination: String
    /// Where it stands until then.
    let path: String
    private(set) var files: [HashedFile] = []
    private let isReplacing: Bool

    init(for destination: String, isReplacing: Bool) throws {
        let destination =
            destination.count > 1 && destination.hasSuffix("/") ? String(destination.dropLast()) : destination
        self.destination = destination
        self.isReplacing = isReplacing
        let parent = (destination as NSString).deletingLastPathComponent
        let name = (destination as NSString).lastPathComponent
        let hidden = ".\(name).\(UUID().uuidString.prefix(8)).part"
        path = parent.isEmpty ? hidden : parent + "/" + hidden
        var status = stat()
        if !isReplacing, lstat(destination, &status) == 0 { throw alreadyThere }
        if !parent.isEmpty {
            try FileManager.default.createDirectory(atPath: parent, withIntermediateDirectories: true)
        }
        guard mkdir(path, 0o755) == 0 else { throw FileFailure(path: destination, errno: errno) }
    }

    mutating func write(_ bytes: Bytes, named name: String) throws {
        let entry = try FolderEntry(name, in: path)
        guard !files.contains(where: { $0.name == name }) else {
            throw RegistryError(.inconsistent, destination, "two files are called \(name)", remedy: "Rename one.")
        }
        let folder = (entry.path as NSString).deletingLastPathComponent
        if folder != path {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        }
        try bytes.withUnsafeBytes { try put($0, at: entry.path) }
        let hash = bytes.withUnsafeBytes { ContentHash(of: $0) }
        files.append(HashedFile(name: name, bytes: bytes.count, sha256: hash))
    }

    func write(manifest: ModelManifest) throws {
        try manifest.serialized().withUnsafeBytes { try put($0, at: path + "/" + ModelManifest.fileName) }
    }

    private func put(_ bytes: UnsafeRawBufferPointer, at file: String) throws {
        let descriptor = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o644)
        guard descriptor >= 0 else { throw FileFailure(path: file, errno: errno) }
        defer { close(descriptor) }
        do {
            try FileDescriptorIO.writeAll(bytes, to: descriptor)
        } catch let failure as FileFailure {
            throw FileFailure(path: file, errno: failure.errno)
        }
        guard fsync(descriptor) == 0 else { throw FileFailure(path: file, errno: errno) }
    }

    /// Brings all to the disk and gives the folder its name.
    func commit() throws {
        for name in Set(files.map { ($0.name as NSString).deletingLastPathComponent }) where !name.isEmpty {
            try AtomicFile.syncFolder(path + "/" + name)
        }
        try AtomicFile.syncFolder(path)
        // A folder that is not empty is never renamed over.
        if rename(path, destination) != 0 {
            guard [EEXIST, ENOTEMPTY, ENOTDIR].contains(errno) else {
                throw FileFailure(path: destination, errno: errno)
            }
            guard isReplacing else { throw alreadyThere }
            try swap()
        }
        let parent = (destination as NSString).deletingLastPathComponent
        try AtomicFile.syncFolder(parent.isEmpty ? "." : parent)
    }

    /// Puts the new folder in the place of the old one; in one step where the system can, so that a reader always
    /// finds one of them.
    private func swap() throws {
        if exchanged(path, destination) { return remove() }
        let old = path + ".old"
        guard rename(destination, old) == 0 else { throw FileFailure(path: destination, errno: errno) }
        guard rename(path, destination) == 0 else {
            let failure = FileFailure(path: destination, errno: errno)
            rename(old, destination)
            throw failure
        }
        try? FileManager.default.removeItem(atPath: old)
    }

    /// Removes what stands under the hidden name.
    func remove() { try? FileManager.default.removeItem(atPath: path) }

    private var alreadyThere: RegistryError {
        RegistryError(
            .alreadyThere, destination, "something stands there already",
            remedy: "Choose another version, or ask to replace it.")
    }
}

/// Gives each of two folders the other's name in one step; false where the file system cannot.
private func exchanged(_ left: String, _ right: String) -> Bool {
    typealias RenameAt =
        @convention(c) (
            Int32, UnsafePointer<CChar>, Int32, UnsafePointer<CChar>, UInt32
        ) -> Int32
    // The C library declares renameat2 only under a macro that Swift's import of it does not set.
    guard let symbol = dlsym(nil, "renameat2") else { return false }
    let exchange: UInt32 = 2
    return unsafeBitCast(symbol, to: RenameAt.self)(AT_FDCWD, left, AT_FDCWD, right, exchange) == 0
}
