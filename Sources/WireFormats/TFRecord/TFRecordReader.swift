import Foundation
public import LightboxCore

/// One record and where it came from.
public struct TFRecord: Sendable {
    public let file: String
    /// Of the record's length field, in bytes from the start of the (uncompressed) file.
    public let offset: Int
    public let data: Bytes

    /// The record read as a `tf.Example`; an error names this file and offset.
    public func example() throws -> Example {
        do {
            return try Example(serialized: data)
        } catch let error as RecordError {
            throw error.located(in: file, from: offset + 12)
        }
    }
}

/// Reads TFRecord files one record at a time; a file of any size takes little memory.
///
/// A plain file is mapped and its records are slices of the mapping; a gzip file is inflated as it is
/// read. Every checksum is verified. With ``CorruptionPolicy/skip`` a record whose bytes are damaged is
/// left out and the next one read; a damaged length ends that file, as nothing behind it can be found.
/// ```swift
/// let reader = TFRecordReader(paths: try TFRecordShards.paths(matching: "out/**.tfrecord"))
/// while let record = try reader.next() { use(try record.example()) }
/// ```
public final class TFRecordReader {
    /// What was left out, in reading order; only filled under ``CorruptionPolicy/skip``.
    public private(set) var problems: [RecordError] = []
    private let policy: CorruptionPolicy
    private let maximumLength: Int
    private var waiting: ArraySlice<String>
    private var source: (any RecordSource)?

    /// - Parameters:
    ///   - maximumLength: bytes that one record may have; 1 GiB unless told.
    public init(paths: [String], onCorruption policy: CorruptionPolicy = .fail, maximumLength: Int = 1 << 30) {
        waiting = paths[...]
        self.policy = policy
        self.maximumLength = maximumLength
    }

    /// The next record; nil after the last record of the last file.
    ///
    /// - Throws: ``RecordError`` under ``CorruptionPolicy/fail`` (a further call goes on behind the damage),
    ///   ``FileFailure`` for a file that cannot be opened.
    public func next() throws -> TFRecord? {
        while true {
            if source == nil {
                guard let path = waiting.popFirst() else { return nil }
                source = try openRecords(path)
            }
            do {
                if let record = try readRecord() { return record }
                source = nil
            } catch let error as RecordError {
                if error.code != .badDataChecksum { source = nil }
                guard policy == .skip else { throw error }
                problems.append(error)
            }
        }
    }

    private func readRecord() throws -> TFRecord? {
        guard let source else { return nil }
        let offset = source.position
        func failure(_ code: RecordError.Code, _ remedy: String) -> RecordError {
            RecordError(code, file: source.path, offset: offset, remedy: remedy)
        }
        let cut = "The file ends inside this record: write or copy it again."
        guard let head = try source.read(12) else {
            if try source.isAtEnd() { return nil }
            throw failure(.truncated, cut)
        }
        let (length, lengthMatches) = head.withUnsafeBytes(Self.length)
        guard lengthMatches else {
            throw failure(.badLengthChecksum, "The rest of this file cannot be read: write or copy it again.")
        }
        guard length <= UInt64(maximumLength) else {
            throw failure(.limitExceeded, "The record is longer than \(maximumLength) bytes; raise the limit.")
        }
        guard let body = try source.read(Int(length) + 4) else { throw failure(.truncated, cut) }
        let data = body[0..<Int(length)]
        let matches = body.withUnsafeBytes { bytes in
            let stored = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: Int(length), as: UInt32.self))
            return stored == CRC32C.masked(of: UnsafeRawBufferPointer(rebasing: bytes[..<Int(length)]))
        }
        guard matches else { throw failure(.badDataChecksum, "Skip damaged records, or write the file again.") }
        return TFRecord(file: source.path, offset: offset, data: data)
    }

    /// A record's length, and whether its checksum is right.
    static func length(of head: UnsafeRawBufferPointer) -> (UInt64, Bool) {
        let length = UInt64(littleEndian: head.loadUnaligned(as: UInt64.self))
        let stored = UInt32(littleEndian: head.loadUnaligned(fromByteOffset: 8, as: UInt32.self))
        return (length, stored == CRC32C.masked(of: UnsafeRawBufferPointer(rebasing: head[..<8])))
    }
}
