import Foundation
import LightboxCore

/// Bytes of a file or a pipe in pieces of bounded size; a gzip stream is recognised and inflated.
public final class ByteStream {
    /// For error messages: the path, or "standard input".
    public let name: String
    private let descriptor: Int32
    private let closesDescriptor: Bool
    private var inflater: Inflater?
    private var isFirstPiece = true
    private var isAtEnd = false
    private var input = [UInt8](repeating: 0, count: 1 << 16)

    public init(path: String) throws {
        name = path
        descriptor = open(try RemoteFiles.file(of: path), O_RDONLY | O_CLOEXEC)
        closesDescriptor = true
        guard descriptor >= 0 else { throw FileFailure(path: path, errno: errno) }
        var status = stat()
        if fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFDIR {
            throw FileFailure(path: path, errno: EISDIR)
        }
    }

    /// Reads a descriptor that the caller opened and will close.
    public init(descriptor: Int32, name: String) {
        self.descriptor = descriptor
        self.name = name
        closesDescriptor = false
    }

    deinit { if closesDescriptor { close(descriptor) } }

    /// Appends the next piece to `output`.
    ///
    /// - Returns: false at the end of the file, when nothing was appended.
    public func read(into output: inout [UInt8]) throws -> Bool {
        let before = output.count
        while !isAtEnd && output.count == before {
            let count = try fill()
            if count == 0 {
                isAtEnd = true
                if let inflater, !inflater.isAtEnd {
                    throw RecordError(
                        .truncated, file: name, remedy: "The gzip stream is cut short: fetch it again.")
                }
                break
            }
            if isFirstPiece && input[0] == 0x1f && count > 2 && input[1] == 0x8b && input[2] == 8 {
                inflater = Inflater(.gzip)
            }
            isFirstPiece = false
            try input.withUnsafeBytes { try append(UnsafeRawBufferPointer(rebasing: $0[..<count]), to: &output) }
        }
        return output.count > before
    }

    private func append(_ piece: UnsafeRawBufferPointer, to output: inout [UInt8]) throws {
        guard let inflater else { return output.append(contentsOf: piece) }
        do {
            try inflater.inflate(piece, into: &output)
        } catch is DeflateError {
            throw RecordError(.badCompression, file: name, remedy: "The gzip stream is damaged: fetch it again.")
        }
    }

    /// Fills `input` as far as one read goes; the first time at least three bytes, for the gzip mark.
    private func fill() throws -> Int {
        var filled = 0
        repeat {
            let space = input.count - filled
            let count = input.withUnsafeMutableBytes {
                Foundation.read(descriptor, $0.baseAddress! + filled, space)
            }
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw FileFailure(path: name, errno: errno) }
            if count == 0 { break }
            filled += count
        } while isFirstPiece && filled < 3
        return filled
    }
}
