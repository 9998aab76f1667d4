import Foundation
import LightboxCore

/// Bytes of a record file in order, in memory that outlives the next read.
protocol RecordSource: AnyObject {
    var path: String { get }
    /// Bytes read so far, counted uncompressed.
    var position: Int { get }
    /// The next `count` bytes; nil when fewer are left.
    func read(_ count: Int) throws -> Bytes?
    /// Whether not a single byte is left.
    func isAtEnd() throws -> Bool
}

/// Opens a plain or a gzip file of records, whichever its first bytes show it to be.
func openRecords(_ path: String) throws -> any RecordSource {
    let file = try MappedFile(path: path)
    let bytes = Bytes(file)
    // A plain file may begin with gzip's mark by chance; then its length checksum is right.
    let isPlain = bytes.count >= 12 && bytes.withUnsafeBytes { TFRecordReader.length(of: $0).1 }
    if !isPlain && bytes.count >= 3 && bytes[0] == 0x1f && bytes[1] == 0x8b && bytes[2] == 8 {
        return try StreamedRecords(path: path)
    }
    return MappedRecords(file)
}

private final class MappedRecords: RecordSource {
    var path: String { file.path }
    private(set) var position = 0
    private let file: MappedFile
    private let bytes: Bytes
    private var released = 0

    init(_ file: MappedFile) {
        self.file = file
        bytes = Bytes(file)
    }

    func isAtEnd() -> Bool { position == bytes.count }

    func read(_ count: Int) -> Bytes? {
        guard count <= bytes.count - position else { return nil }
        if position - released > 1 << 26 { release() }
        defer { position += count }
        return bytes[position..<(position + count)]
    }

    /// A file of any size takes little memory; a slice that still lives reads its pages from the file again.
    private func release() {
        file.release(released..<position)
        released = position
    }
}

private final class StreamedRecords: RecordSource {
    var path: String { stream.name }
    private(set) var position = 0
    private let stream: ByteStream
    private var buffer: [UInt8] = []
    private var start = 0

    init(path: String) throws { stream = try ByteStream(path: path) }

    func isAtEnd() throws -> Bool { try !has(1) }

    func read(_ count: Int) throws -> Bytes? {
        guard try has(count) else { return nil }
        defer {
            start += count
            position += count
        }
        return Bytes(buffer[start..<(start + count)])
    }

    private func has(_ count: Int) throws -> Bool {
        while buffer.count - start < count {
            if start > 1 << 20 || start == buffer.count {
                buffer.removeFirst(start)
                start = 0
            }
            do {
                guard try stream.read(into: &buffer) else { return false }
            } catch let error as RecordError {
                throw RecordError(error.code, file: path, offset: position, remedy: error.remedy)
            }
        }
        return true
    }
}
