import CZlib

/// zlib's three framings of the deflate format (RFC 1950, 1951, 1952).
public enum DeflateFormat: Sendable {
    case raw, zlib, gzip

    /// What zlib's `windowBits` means by it.
    var windowBits: Int32 {
        switch self {
        case .raw: -15
        case .zlib: 15
        case .gzip: 31
        }
    }
}

/// Why bytes could not be inflated.
public enum DeflateError: Error, Equatable {
    /// The output would be larger than the limit that was given.
    case limitExceeded(bytes: Int)
    case corrupt
    /// The input ends before the stream does.
    case truncated
}

/// Inflates bytes that arrive in pieces; concatenated gzip members are read as one stream.
public final class Inflater {
    private var stream = z_stream()
    private let format: DeflateFormat
    /// Whether the last member has ended, so that the input may end here.
    public private(set) var isAtEnd = false

    public init(_ format: DeflateFormat) {
        self.format = format
        precondition(lightbox_inflate_init(&stream, format.windowBits) == Z_OK, "out of memory")
    }

    deinit { inflateEnd(&stream) }

    /// Appends what `input` inflates to, and stops with an error before `output` grows past `limit` bytes.
    public func inflate(_ input: UnsafeRawBufferPointer, into output: inout [UInt8], limit: Int = .max) throws {
        guard let base = input.baseAddress else { return }
        stream.next_in = UnsafeMutablePointer(mutating: base.assumingMemoryBound(to: UInt8.self))
        stream.avail_in = UInt32(input.count)
        var piece = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            if isAtEnd {
                // Only gzip allows another member; anything else behind the end is padding.
                guard format == .gzip, stream.avail_in > 0 else { return }
                inflateReset(&stream)
                isAtEnd = false
            }
            let (status, produced) = piece.withUnsafeMutableBufferPointer { buffer in
                stream.next_out = buffer.baseAddress
                stream.avail_out = UInt32(buffer.count)
                return (CZlib.inflate(&stream, Z_NO_FLUSH), buffer.count - Int(stream.avail_out))
            }
            guard output.count + produced <= limit else { throw DeflateError.limitExceeded(bytes: limit) }
            output.append(contentsOf: piece[..<produced])
            switch status {
            case Z_STREAM_END: isAtEnd = true
            case Z_OK: if stream.avail_in == 0 && stream.avail_out > 0 { return }
            case Z_BUF_ERROR: return
            default: throw DeflateError.corrupt
            }
        }
    }

    /// Inflates a whole stream.
    public static func inflate(
        _ input: UnsafeRawBufferPointer, format: DeflateFormat, limit: Int
    ) throws -> [UInt8] {
        let inflater = Inflater(format)
        var output: [UInt8] = []
        for start in stride(from: 0, to: input.count, by: 1 << 30) {
            let piece = UnsafeRawBufferPointer(rebasing: input[start..<min(input.count, start + 1 << 30)])
            try inflater.inflate(piece, into: &output, limit: limit)
        }
        guard inflater.isAtEnd else { throw DeflateError.truncated }
        return output
    }
}

/// Deflates bytes that arrive in pieces.
public final class Deflater {
    private var stream = z_stream()

    /// - Parameter level: 1 (fast) to 9 (small).
    public init(_ format: DeflateFormat, level: Int = 6) {
        let status = lightbox_deflate_init(&stream, Int32(level), format.windowBits)
        precondition(status == Z_OK, "deflate level \(level)")
    }

    deinit { deflateEnd(&stream) }

    /// Appends the compressed form of `input`; pass `finish` with the last piece.
    public func deflate(_ input: UnsafeRawBufferPointer, into output: inout [UInt8], finish: Bool) {
        stream.next_in = UnsafeMutablePointer(mutating: input.baseAddress?.assumingMemoryBound(to: UInt8.self))
        stream.avail_in = UInt32(input.count)
        var piece = [UInt8](repeating: 0, count: 1 << 16)
        repeat {
            let produced = piece.withUnsafeMutableBufferPointer { buffer in
                stream.next_out = buffer.baseAddress
                stream.avail_out = UInt32(buffer.count)
                _ = CZlib.deflate(&stream, finish ? Z_FINISH : Z_NO_FLUSH)
                return buffer.count - Int(stream.avail_out)
            }
            output.append(contentsOf: piece[..<produced])
        } while stream.avail_out == 0
    }

    /// Deflates a whole stream.
    public static func deflate(_ input: UnsafeRawBufferPointer, format: DeflateFormat, level: Int = 6) -> [UInt8] {
        let deflater = Deflater(format, level: level)
        var output: [UInt8] = []
        deflater.deflate(input, into: &output, finish: true)
        return output
    }
}
