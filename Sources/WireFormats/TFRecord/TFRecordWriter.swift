public import LightboxCore

/// Whether a file of records is one gzip stream.
public enum RecordCompression: String, Sendable, Codable, CaseIterable {
    case none, gzip
}

/// Writes one TFRecord file: per record its length, the length's masked CRC-32C, the bytes, their CRC.
///
/// The file appears under its name with ``finish()``, whole and on the disk; a writer that is let go
/// without it leaves nothing behind. Layout: tensorflow/core/lib/io/record_writer.h.
public final class TFRecordWriter {
    public var path: String { file.path }
    /// Records appended so far.
    public private(set) var count = 0
    private let file: PendingFile
    private let deflater: Deflater?
    private var compressed: [UInt8] = []

    public init(path: String, compression: RecordCompression = .none) throws {
        file = try PendingFile(path: path)
        // Images are packed already, so a higher level would cost time and gain next to nothing.
        deflater = compression == .gzip ? Deflater(.gzip, level: 1) : nil
    }

    public func append(_ record: UnsafeRawBufferPointer) throws {
        var head = [UInt8](repeating: 0, count: 12)
        head.withUnsafeMutableBytes { head in
            head.storeBytes(of: UInt64(record.count).littleEndian, as: UInt64.self)
            let crc = CRC32C.masked(of: UnsafeRawBufferPointer(rebasing: head[..<8]))
            head.storeBytes(of: crc.littleEndian, toByteOffset: 8, as: UInt32.self)
        }
        try head.withUnsafeBytes { try write($0) }
        try write(record)
        try withUnsafeBytes(of: CRC32C.masked(of: record).littleEndian) { try write($0) }
        count += 1
    }

    public func append(_ record: [UInt8]) throws { try record.withUnsafeBytes { try append($0) } }
    public func append(_ record: Bytes) throws { try record.withUnsafeBytes { try append($0) } }
    public func append(_ example: Example) throws { try append(example.serialized()) }

    /// Brings the file to the disk and gives it its name. Nothing can be appended afterwards.
    public func finish() throws {
        if let deflater {
            deflater.deflate(UnsafeRawBufferPointer(start: nil, count: 0), into: &compressed, finish: true)
            try writeCompressed()
        }
        try file.commit()
    }

    private func write(_ bytes: UnsafeRawBufferPointer) throws {
        guard let deflater else { return try file.write(bytes) }
        deflater.deflate(bytes, into: &compressed, finish: false)
        if compressed.count > 1 << 16 { try writeCompressed() }
    }

    private func writeCompressed() throws {
        try compressed.withUnsafeBytes { try file.write($0) }
        compressed.removeAll(keepingCapacity: true)
    }
}

/// Writes records to several files in turn, so that later steps can read them in parallel.
public final class TFRecordShardWriter {
    private let writers: [TFRecordWriter]
    private var next = 0

    /// - Parameters:
    ///   - prefix: path and name without the number: `out/train` gives `out/train-00000-of-00010.tfrecord`.
    ///   - shards: how many files; each appears even when it has no record.
    public init(prefix: String, shards: Int, compression: RecordCompression = .none) throws {
        precondition(shards > 0)
        writers = try TFRecordShards.paths(prefix: prefix, shards: shards, compression: compression).map {
            try TFRecordWriter(path: $0, compression: compression)
        }
    }

    public var count: Int { writers.reduce(0) { $0 + $1.count } }

    /// Appends to the next file in turn, or to the one named.
    public func append(_ example: Example, toShard shard: Int? = nil) throws {
        try append(example.serialized(), toShard: shard)
    }

    public func append(_ record: [UInt8], toShard shard: Int? = nil) throws {
        try writers[shard ?? next].append(record)
        if shard == nil { next = (next + 1) % writers.count }
    }

    /// Gives every file its name.
    ///
    /// - Returns: the paths, in order.
    public func finish() throws -> [String] {
        for writer in writers { try writer.finish() }
        return writers.map(\.path)
    }
}
