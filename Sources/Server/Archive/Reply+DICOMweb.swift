import DICOMweb
import Foundation
import HTTPTypes
import Hummingbird
import LightboxCore
import NIOCore
import Serving

extension Reply {
    /// What a DICOMweb service answers: large answers are written piece by piece, as fast as they are taken.
    ///
    /// - Throws: ``FileFailure`` when the file it names cannot be opened.
    init(_ response: DICOMwebResponse) throws {
        var fields = HTTPFields()
        for (name, value) in response.headers {
            if let name = HTTPField.Name(name) { fields.append(HTTPField(name: name, value: value)) }
        }
        // A file may begin as something else than DICOM does, and stays what its Content-Type says.
        fields[HTTPField.Name("X-Content-Type-Options")!] = "nosniff"
        // What was not read of a refused body would stand before the next request.
        if response.status >= 400 { fields[.connection] = "close" }
        self.init(
            status: HTTPResponse.Status(code: response.status), headers: fields,
            try Self.content(of: response))
    }

    private static func content(of response: DICOMwebResponse) throws -> Content {
        switch response.body {
        case .none: return .bytes(ByteBuffer())
        case .bytes(let bytes): return .bytes(bytes.withUnsafeBytes { ByteBuffer(bytes: $0) })
        case .stream(let pieces):
            return .stream(
                ResponseBody(contentLength: pieces.length) { writer in
                    for try await piece in pieces {
                        try await writer.write(piece.withUnsafeBytes { ByteBuffer(bytes: $0) })
                    }
                    try await writer.finish(nil)
                })
        case .file(let path, let range):
            let file = try OpenFile(path: path)
            return .stream(
                ResponseBody(contentLength: range.count) { writer in
                    var offset = range.lowerBound
                    while offset < range.upperBound {
                        let count = min(1 << 18, range.upperBound - offset)
                        let piece = try await blocking { [offset] in try file.read(count, at: offset) }
                        try await writer.write(piece)
                        offset += count
                    }
                    try await writer.finish(nil)
                })
        }
    }
}

/// A file that stays readable when it is deleted.
private final class OpenFile: Sendable {
    private let path: String
    private let descriptor: Int32

    init(path: String) throws {
        self.path = path
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileFailure(path: path, errno: errno) }
    }

    deinit { close(descriptor) }

    func read(_ count: Int, at offset: Int) throws -> ByteBuffer {
        var buffer = ByteBuffer()
        let read = try buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: count) { bytes in
            let read = pread(descriptor, bytes.baseAddress, count, off_t(offset))
            guard read == count else { throw FileFailure(path: path, errno: read < 0 ? errno : EIO) }
            return read
        }
        precondition(read == count)
        return buffer
    }
}
