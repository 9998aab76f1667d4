public import LightboxCore

/// Where the records of one TFRecord file stand, for reading them in any order.
///
/// Only the framing is read, and only the lengths' checksums are verified, so that a file of many gigabytes is
/// indexed in the time its pages of framing take; ``record(_:)`` verifies a record's bytes when it is wanted.
/// A gzip file can only be read from its start, so it is inflated into memory as a whole.
public struct TFRecordIndex: Sendable {
    public let path: String
    /// Of each record's bytes (behind its length field).
    public private(set) var offsets: [Int] = []
    public private(set) var lengths: [UInt32] = []
    /// Why the walk ended before the file's end: a damaged length, or a record that is cut short.
    public private(set) var problem: RecordError?
    /// nil when the bytes are in memory.
    private let file: MappedFile?
    private let bytes: Bytes

    public var count: Int { offsets.count }

    /// - Parameters:
    ///   - maximumLength: bytes that one record may have; 1 GiB unless told.
    ///   - maximumInflated: bytes that a gzip file may hold; 4 GiB unless told.
    /// - Throws: ``FileFailure``; ``RecordError`` for a gzip file that is damaged or too large.
    public init(path: String, maximumLength: Int = 1 << 30, maximumInflated: Int = 1 << 32) throws {
        self.path = path
        let file = try MappedFile(path: path)
        let mapped = Bytes(file)
        let isGzip = mapped.count >= 3 && mapped[0] == 0x1f && mapped[1] == 0x8b && mapped[2] == 8
        let isPlain = mapped.count >= 12 && mapped.withUnsafeBytes { TFRecordReader.length(of: $0).1 }
        if isGzip && !isPlain {
            self.file = nil
            bytes = Bytes(try Self.inflated(path, limit: maximumInflated))
        } else {
            self.file = file
            bytes = mapped
        }
        walk(maximumLength)
    }

    private static func inflated(_ path: String, limit: Int) throws -> [UInt8] {
        let stream = try ByteStream(path: path)
        var output: [UInt8] = []
        while try stream.read(into: &output) {
            guard output.count <= limit else {
                throw RecordError(
                    .limitExceeded, file: path,
                    remedy: "A gzip file is read as a whole, and this one is too large for that: gunzip it.")
            }
        }
        return output
    }

    private mutating func walk(_ maximumLength: Int) {
        var position = 0
        while position < bytes.count {
            guard bytes.count - position >= 12 else { return end(.truncated, position, "ends inside this record") }
            let (length, matches) = bytes[position..<(position + 12)].withUnsafeBytes(TFRecordReader.length)
            guard matches else { return end(.badLengthChecksum, position, "cannot be read from here on") }
            guard length <= UInt64(min(maximumLength, Int(UInt32.max))) else {
                return end(.limitExceeded, position, "has a record longer than \(maximumLength) bytes")
            }
            guard Int(length) + 16 <= bytes.count - position else {
                return end(.truncated, position, "ends inside this record")
            }
            offsets.append(position + 12)
            lengths.append(UInt32(length))
            position += Int(length) + 16
        }
    }

    private mutating func end(_ code: RecordError.Code, _ offset: Int, _ what: String) {
        problem = RecordError(
            code, file: path, offset: offset, remedy: "The file \(what): write or copy it again.")
    }

    /// A record's bytes as they stand, unverified.
    public func bytes(_ number: Int) -> Bytes { bytes[offsets[number]..<(offsets[number] + Int(lengths[number]))] }

    /// A record, its checksum verified.
    public func record(_ number: Int) throws -> TFRecord {
        let (offset, length) = (offsets[number], Int(lengths[number]))
        let body = bytes[offset..<(offset + length + 4)]
        let matches = body.withUnsafeBytes { buffer in
            let stored = UInt32(littleEndian: buffer.loadUnaligned(fromByteOffset: length, as: UInt32.self))
            return stored == CRC32C.masked(of: UnsafeRawBufferPointer(rebasing: buffer[..<length]))
        }
        guard matches else {
            throw RecordError(
                .badDataChecksum, file: path, offset: offset - 12,
                remedy: "The record's bytes are damaged: write or copy the file again.")
        }
        return TFRecord(file: path, offset: offset - 12, data: body[0..<length])
    }

    /// Hands a record's pages back to the system, so that a walk over the whole file takes little memory.
    public func release(_ number: Int) {
        file?.release(offsets[number]..<(offsets[number] + Int(lengths[number])))
    }

    /// Hands all pages back to the system.
    public func releaseAll() { file?.release(0..<bytes.count) }
}
