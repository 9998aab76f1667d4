import Foundation
import LightboxCore

/// An open folder: what is below is reached by one part of a name at a time and never through a link, so that nobody
/// who plants one leads out of a bucket.
final class OpenFolder: Sendable {
    let descriptor: Int32
    /// For errors.
    private let path: String

    /// A bucket's own folder, which may be a link that whoever runs the machine has made; nil where there is none.
    init?(path: String) throws {
        descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        self.path = path
        guard descriptor < 0 else { return }
        guard errno == ENOENT || errno == ENOTDIR else { throw FileFailure(path: path, errno: errno) }
        return nil
    }

    private init(_ descriptor: Int32, _ path: String) { (self.descriptor, self.path) = (descriptor, path) }

    deinit { close(descriptor) }

    /// nil where nothing, or no folder, has this name.
    func folder(_ part: [UInt8]) throws -> OpenFolder? {
        let opened = Self.named(part) { openat(descriptor, $0, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) }
        if opened >= 0 { return OpenFolder(opened, path) }
        // ELOOP and ENOTDIR: a link, or a file.
        guard [ENOENT, ENOTDIR, ELOOP].contains(errno) else { throw failure }
        return nil
    }

    /// nil where one of the parts is no folder.
    func folder(_ parts: [[UInt8]]) throws -> OpenFolder? {
        var folder = self
        for part in parts {
            guard let next = try folder.folder(part) else { return nil }
            folder = next
        }
        return folder
    }

    /// The same, made where it is missing; on the disk when this returns.
    ///
    /// - Throws: ``BucketError`` `invalidName` where an object stands in the way.
    func makeFolder(_ parts: [[UInt8]]) throws -> OpenFolder {
        var folder = self
        for part in parts {
            if let next = try folder.folder(part) {
                folder = next
                continue
            }
            if Self.named(part, { mkdirat(folder.descriptor, $0, 0o755) }) == 0 {
                try folder.sync()
            } else if errno != EEXIST {
                throw folder.failure
            }
            guard let next = try folder.folder(part) else {
                throw BucketError(
                    .invalidName,
                    "'\(String(decoding: part, as: UTF8.self))' in the name is an object, or a link, and objects "
                        + "are files here: nothing can stand below it.")
            }
            folder = next
        }
        return folder
    }

    /// What has this name, not followed where it is a link; nil where nothing has.
    func status(_ part: [UInt8]) throws -> stat? {
        var status = stat()
        if Self.named(part, { fstatat(descriptor, $0, &status, AT_SYMLINK_NOFOLLOW) }) == 0 { return status }
        guard errno == ENOENT || errno == ENAMETOOLONG else { throw failure }
        return nil
    }

    /// A file, read-only; nil where there is none.
    func file(_ part: [UInt8]) throws -> OpenFile? {
        let opened = Self.named(part) { openat(descriptor, $0, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC) }
        guard opened >= 0 else {
            guard [ENOENT, ELOOP, ENXIO, ENAMETOOLONG].contains(errno) else { throw failure }
            return nil
        }
        return OpenFile(opened, path)
    }

    func rename(_ part: [UInt8], from source: OpenFolder, _ sourcePart: [UInt8]) throws {
        let done = Self.named(sourcePart) { from in
            Self.named(part) { renameat(source.descriptor, from, descriptor, $0) }
        }
        guard done == 0 else { throw failure }
    }

    func remove(_ part: [UInt8]) throws {
        guard Self.named(part, { unlinkat(descriptor, $0, 0) }) == 0 else { throw failure }
    }

    /// - Returns: whether it was there, and empty.
    func removeFolder(_ part: [UInt8]) -> Bool {
        Self.named(part) { unlinkat(descriptor, $0, AT_REMOVEDIR) } == 0
    }

    func sync() throws {
        guard fsync(descriptor) == 0 else { throw failure }
    }

    enum Kind { case file, folder, other }

    /// Hands over all names but `.` and `..`, in no order.
    func visit(_ body: ([UInt8], Kind) throws -> Void) throws {
        let own = openat(descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard own >= 0, let stream = fdopendir(own) else { throw failure }
        defer { closedir(stream) }
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
            guard name != [46], name != [46, 46] else { continue }
            try body(name, kind(name, entry.pointee.d_type))
        }
    }

    private func kind(_ name: [UInt8], _ type: UInt8) throws -> Kind {
        switch Int(type) {
        case Int(DT_REG): return .file
        case Int(DT_DIR): return .folder
        case Int(DT_UNKNOWN):
            guard let status = try status(name) else { return .other }
            let format = status.st_mode & S_IFMT
            return format == S_IFREG ? .file : format == S_IFDIR ? .folder : .other
        default: return .other
        }
    }

    private var failure: FileFailure { FileFailure(path: path, errno: errno) }

    private static func named<Result>(_ part: [UInt8], _ body: (UnsafePointer<CChar>) -> Result) -> Result {
        (part + [0]).withUnsafeBytes { body($0.baseAddress!.assumingMemoryBound(to: CChar.self)) }
    }
}

/// A file that is open for reading, and stays what it is when another takes its place.
package final class OpenFile: Sendable {
    let descriptor: Int32
    private let path: String

    init(_ descriptor: Int32, _ path: String) { (self.descriptor, self.path) = (descriptor, path) }

    deinit { close(descriptor) }

    /// As many bytes as asked for.
    ///
    /// - Throws: ``LightboxCore/FileFailure`` also where the file has become shorter.
    package func read(_ range: Range<Int>) throws -> [UInt8] {
        try [UInt8](unsafeUninitializedCapacity: range.count) { buffer, filled in
            while filled < range.count {
                let count = pread(
                    descriptor, buffer.baseAddress! + filled, range.count - filled,
                    off_t(range.lowerBound + filled))
                if count < 0 && errno == EINTR { continue }
                guard count > 0 else { throw FileFailure(path: path, errno: count < 0 ? errno : EIO) }
                filled += count
            }
        }
    }

    /// Hands over the whole file, a megabyte at a time.
    func forEachPiece(_ body: (UnsafeRawBufferPointer) throws -> Void) throws {
        let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 4096)
        defer { piece.deallocate() }
        var offset = 0
        while true {
            let count = pread(descriptor, piece.baseAddress, piece.count, off_t(offset))
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw FileFailure(path: path, errno: errno) }
            guard count > 0 else { return }
            try body(UnsafeRawBufferPointer(rebasing: piece[..<count]))
            offset += count
        }
    }
}
