import Foundation
import LightboxCore

/// A part of an answer's body, made or read only when it is its turn.
enum Piece {
    case bytes(Bytes)
    /// A whole file, read bit by bit.
    case file(String, size: Int)
    /// `count` bytes that a function makes.
    case made(count: Int, () throws -> Bytes)

    var count: Int {
        switch self {
        case .bytes(let bytes): bytes.count
        case .file(_, let size): size
        case .made(let count, _): count
        }
    }
}

/// Pieces as chunks of moderate size. Blocks; belongs to one reader.
final class PieceReader {
    private var pieces: ArraySlice<Piece>
    private let more: () throws -> [Piece]?
    private var file: FileChunks?

    /// - Parameter more: gives the next pieces when the ones before are through; nil at the end.
    init(_ pieces: [Piece] = [], more: @escaping () throws -> [Piece]? = { nil }) {
        self.pieces = pieces[...]
        self.more = more
    }

    func next() throws -> Bytes? {
        while true {
            if let file {
                if let chunk = try file.next() { return chunk }
                self.file = nil
            }
            guard let piece = pieces.popFirst() else {
                guard let further = try more() else { return nil }
                pieces = further[...]
                continue
            }
            switch piece {
            case .bytes(let bytes) where bytes.isEmpty: continue
            case .bytes(let bytes): return bytes
            case .file(let path, let size): file = try FileChunks(path, size: size)
            case .made(_, let make):
                let bytes = try make()
                if !bytes.isEmpty { return bytes }
            }
        }
    }
}

/// A file in chunks of 256 KB, of which one is in memory.
private final class FileChunks {
    private let descriptor: Int32
    private let path: String
    private var left: Int

    init(_ path: String, size: Int) throws {
        self.path = path
        left = size
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileFailure(path: path, errno: errno) }
        posix_fadvise(descriptor, 0, 0, POSIX_FADV_SEQUENTIAL)
    }

    deinit { close(descriptor) }

    func next() throws -> Bytes? {
        guard left > 0 else { return nil }
        let wanted = min(left, 1 << 18)
        let chunk = try [UInt8](unsafeUninitializedCapacity: wanted) { buffer, filled in
            while filled < wanted {
                let count = read(descriptor, buffer.baseAddress! + filled, wanted - filled)
                if count < 0 && errno == EINTR { continue }
                guard count > 0 else { throw FileFailure(path: path, errno: count < 0 ? errno : EIO) }
                filled += count
            }
        }
        left -= wanted
        return Bytes(chunk)
    }
}
