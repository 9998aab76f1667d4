import DICOM
import Foundation
import LightboxCore

/// A file on its way in: read once, hashed, its header understood, and copied aside when the store lacks it.
struct IncomingFile: Sendable {
    enum Result: Sendable {
        /// Copied to a temporary file, not yet on the disk for sure.
        case ready(Accepted)
        case known(IngestOutcome)
    }

    struct Accepted: Sendable {
        let record: InstanceRecord
        let levels: LevelAttributes
        let hash: ContentHash
        let size: Int
        let temporary: String
    }

    /// What a file in memory may take; a larger one is copied first and read where it then lies.
    private static let largestInMemory = 64 << 20

    let source: String
    let folder: String
    /// The content under a SOP Instance UID that the store has now.
    let known: @Sendable (String) throws -> ContentHash?

    func take() -> (source: String, result: Result) {
        do {
            return (source, try read())
        } catch {
            return (source, .known(.unreadable(StageReport.Problem(source: source, error: error).reason)))
        }
    }

    /// The bytes that are hashed, understood and stored are the same, even while someone writes to the file.
    private func read() throws -> Result {
        // Not blocking: what is no file, a pipe for one, is told below and not waited for.
        let descriptor = open(try RemoteFiles.file(of: source), O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw FileFailure(path: source, errno: errno) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw FileFailure(path: source, errno: errno) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw FileFailure(path: source, errno: EISDIR) }
        return Int(status.st_size) <= Self.largestInMemory
            ? try takeSmall(FileBytes.read(descriptor, expecting: Int(status.st_size), path: source))
            : try takeLarge(descriptor)
    }

    func takeSmall(_ bytes: Bytes) throws -> Result {
        let file = try DICOMFile(bytes: bytes, path: source, options: Self.options)
        let record = try header(file)
        let hash = bytes.withUnsafeBytes { ContentHash(of: $0) }
        if try known(record.instance.sopInstanceUID) == hash { return .known(.unchanged) }
        let temporary = newPath()
        try bytes.withUnsafeBytes { bytes in
            try FileBytes.create(temporary) { try FileDescriptorIO.writeAll(bytes, to: $0) }
        }
        return .ready(
            Accepted(
                record: record, levels: LevelAttributes(of: file.dataSet), hash: hash, size: bytes.count,
                temporary: temporary))
    }

    private func takeLarge(_ descriptor: Int32) throws -> Result {
        let temporary = newPath()
        var hasher = ContentHasher()
        var size = 0
        do {
            try FileBytes.create(temporary) { copy in
                try FileBytes.forEachPiece(descriptor, path: source) { piece in
                    hasher.update(piece)
                    size += piece.count
                    try FileDescriptorIO.writeAll(piece, to: copy)
                }
            }
            let hash = hasher.finalize()
            var file = try DICOMFile(path: temporary, options: Self.options)
            file.path = source
            let record = try header(file)
            if try known(record.instance.sopInstanceUID) == hash {
                unlink(temporary)
                return .known(.unchanged)
            }
            return .ready(
                Accepted(
                    record: record, levels: LevelAttributes(of: file.dataSet), hash: hash, size: size,
                    temporary: temporary))
        } catch {
            unlink(temporary)
            throw error
        }
    }

    private static let options = ReadOptions(stopsBeforePixelData: true)

    private func header(_ file: DICOMFile) throws -> InstanceRecord {
        do {
            return try InstanceRecord(of: file)
        } catch let error as DICOMStoreError {
            throw DICOMStoreError(error.code, "\(source): \(error.description)")
        }
    }

    private func newPath() -> String { folder + "/" + UUID().uuidString }
}

/// Whole files by descriptor.
enum FileBytes {
    /// Reads to the end, wherever it has moved since its size was asked.
    static func read(_ descriptor: Int32, expecting size: Int, path: String) throws -> Bytes {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(size)
        try forEachPiece(descriptor, path: path) { bytes.append(contentsOf: $0) }
        return Bytes(bytes)
    }

    static func forEachPiece(_ descriptor: Int32, path: String, _ body: (UnsafeRawBufferPointer) throws -> Void)
        throws
    {
        let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 4096)
        defer { piece.deallocate() }
        while true {
            let count = Glibc.read(descriptor, piece.baseAddress, piece.count)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw FileFailure(path: path, errno: errno) }
            guard count > 0 else { return }
            try body(UnsafeRawBufferPointer(rebasing: piece[..<count]))
        }
    }

    static func create(_ path: String, _ body: (Int32) throws -> Void) throws {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw FileFailure(path: path, errno: errno) }
        defer { close(descriptor) }
        try body(descriptor)
    }

    /// Waits until the file is on the disk.
    static func sync(_ path: String) throws {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileFailure(path: path, errno: errno) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw FileFailure(path: path, errno: errno) }
    }
}
