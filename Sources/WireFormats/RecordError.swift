public import LightboxCore

/// Why a file of records, vectors or rows could not be read or written: what, which file, where in it.
///
/// The text never repeats a value from the file, which may identify a patient.
public struct RecordError: Failure, Equatable {
    public enum Code: String, Sendable {
        /// The eight length bytes of a record do not match their checksum: nothing behind them can be found.
        case badLengthChecksum
        /// A record's bytes do not match their checksum; the next record can still be read.
        case badDataChecksum
        /// The file ends inside a record.
        case truncated
        /// Larger or deeper than the limit that was given.
        case limitExceeded
        /// Bytes that are not a compressed stream, although they begin as one.
        case badCompression
        /// Not a protobuf message of the expected kind.
        case malformedMessage
        case malformedJSON
        case malformedCSV
        case malformedNPY
        case malformedSafetensors
        /// Well-formed, but of a kind that is not read here.
        case unsupported
        /// A number that the format cannot carry (not a number, or infinite).
        case notFinite
    }

    public let code: Code
    /// The file's path, or what stands for it ("standard input"); empty for bytes in memory.
    public var file: String
    /// Bytes from the start of the (uncompressed) file; nil where no place can be named.
    public var offset: Int?
    /// What the reader can do now.
    public let remedy: String

    public init(_ code: Code, file: String = "", offset: Int? = nil, remedy: String) {
        self.code = code
        self.file = file
        self.offset = offset
        self.remedy = remedy
    }

    public var kind: FailureKind {
        switch code {
        case .limitExceeded: .limitExceeded
        case .unsupported: .unsupported
        case .notFinite: .invalidInput
        default: .corrupt
        }
    }

    /// `shard.tfrecord@1024`: what ``StageReport/Problem`` calls the source.
    public var source: String { (file.isEmpty ? "bytes" : file) + (offset.map { "@\($0)" } ?? "") }

    public var description: String { "\(code): \(source). \(remedy)" }

    /// The same error, placed in a file whose bytes began at `start`.
    public func located(in file: String, from start: Int = 0) -> RecordError {
        var copy = self
        if copy.file.isEmpty {
            copy.file = file
            copy.offset = start + (offset ?? 0)
        }
        return copy
    }
}

/// What a reader does with a record that it cannot use.
public enum CorruptionPolicy: String, Sendable, Codable, CaseIterable {
    /// Throws.
    case fail
    /// Notes it among its `problems` and goes on where the framing allows.
    case skip
}
