import Foundation
package import LightboxCore

/// A part of what is sent, made or read only when it is its turn.
package enum Piece {
    case bytes(Bytes)
    /// A whole file, read bit by bit.
    case file(String, size: Int)
    /// `count` bytes that a function makes.
    case made(count: Int, () throws -> Bytes)

    package var count: Int {
        switch self {
        case .bytes(let bytes): bytes.count
        case .file(_, let size): size
        case .made(let count, _): count
        }
    }
}

extension [Piece] {
    /// The same, each made once, so that a frame that cannot be decoded shows before the first byte is sent.
    ///
    /// - Parameter limit: bytes that are kept; what is made beyond is made again when it is its turn.
    package func made(keeping limit: Int) throws -> [Piece] {
        var kept = 0
        return try map { piece in
            guard case .made(let count, let make) = piece else { return piece }
            let bytes = try make()
            guard kept + count <= limit else { return piece }
            kept += count
            return .bytes(bytes)
        }
    }
}

/// Pieces as chunks of 256 KB at most. Blocks; belongs to one reader.
package final class PieceReader {
    private var pieces: ArraySlice<Piece>
    private let more: () throws -> [Piece]?
    private var file: FileChunks?
    /// Of a large piece.
    private var rest = Bytes.empty
    static let chunk = 1 << 18

    /// - Parameter more: gives the next pieces when the ones before are through; nil at the end.
    package init(_ pieces: [Piece] = [], more: @escaping () throws -> [Piece]? = { nil }) {
        self.pieces = pieces[...]
        self.more = more
    }

    package func next() throws -> Bytes? {
        while true {
            if !rest.isEmpty { return nextOfRest() }
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
            case .bytes(let bytes): rest = bytes
            case .file(let path, let size): file = try FileChunks(path, size: size)
            case .made(_, let make): rest = try make()
            }
        }
    }

    /// Copied where there is much: a mapped file is read by whose thread may wait for the disk.
    private func nextOfRest() -> Bytes {
        let count = min(rest.count, Self.chunk)
        let chunk = rest[0..<count]
        let isLarge = rest.count > count
        rest = rest[count..<rest.count]
        return isLarge ? Bytes(chunk.array) : chunk
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
        descriptor = open(try RemoteFiles.file(of: path), O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileFailure(path: path, errno: errno) }
        posix_fadvise(descriptor, 0, 0, POSIX_FADV_SEQUENTIAL)
    }

    deinit { close(descriptor) }

    func next() throws -> Bytes? {
        guard left > 0 else { return nil }
        let wanted = min(left, PieceReader.chunk)
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
