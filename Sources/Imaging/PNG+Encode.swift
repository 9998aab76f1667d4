import CDeflate
public import LightboxCore
import Synchronization

extension PNG {
    /// Writes grey, RGB or RGBA of 8 or 16 bits; equal images give equal bytes.
    ///
    /// One filter for all rows ("up", which suits smooth grey images) and libdeflate take a fifth of the
    /// time of libpng's row by row choice at about the same size.
    /// - Parameter level: of libdeflate, 1 (fast, the default) to 12 (small).
    public static func encode(_ image: Image, level: Int = 1) -> [UInt8] {
        precondition((1...12).contains(level))
        let packed = compress(filtered(image), level: level)
        var png = signature
        png.reserveCapacity(packed.count + 80)
        let colour: UInt8 = [1: 0, 3: 2, 4: 6][image.channels]!
        let sizes = bigEndian(UInt32(image.width)) + bigEndian(UInt32(image.height))
        append("IHDR", sizes + [UInt8(image.bitsPerSample), colour, 0, 0, 0], to: &png)
        // A chunk holds less than 2 GiB (11.2.2 allows any split).
        for start in stride(from: 0, to: packed.count, by: 1 << 30) {
            append("IDAT", packed[start..<min(packed.count, start + 1 << 30)], to: &png)
        }
        append("IEND", [], to: &png)
        return png
    }

    /// Length, type, content and the checksum of type and content (5.3).
    private static func append(_ type: String, _ content: some Collection<UInt8>, to png: inout [UInt8]) {
        png += bigEndian(UInt32(content.count))
        let start = png.count
        png += Array(type.utf8)
        png += content
        let crc = png.withUnsafeBytes { libdeflate_crc32(0, $0.baseAddress! + start, $0.count - start) }
        png += bigEndian(crc)
    }

    private static func bigEndian(_ value: UInt32) -> [UInt8] { withUnsafeBytes(of: value.bigEndian, Array.init) }

    /// Rows with the filter type before each, 16-bit samples in big-endian order.
    private static func filtered(_ image: Image) -> [UInt8] {
        switch image.samples {
        case .uint8(let samples):
            samples.withUnsafeBufferPointer {
                filterUp($0.baseAddress!, image, rowBytes: image.width * image.channels)
            }
        case .uint16(let samples):
            samples.map(\.bigEndian).withUnsafeBytes {
                filterUp(
                    $0.baseAddress!.assumingMemoryBound(to: UInt8.self), image,
                    rowBytes: 2 * image.width * image.channels)
            }
        }
    }

    private static func filterUp(_ rows: UnsafePointer<UInt8>, _ image: Image, rowBytes: Int) -> [UInt8] {
        let count = image.height * (rowBytes + 1)
        return [UInt8](unsafeUninitializedCapacity: count) { output, filled in
            var target = output.baseAddress!
            for row in 0..<image.height {
                target[0] = 2
                let current = rows + row * rowBytes
                if row == 0 {
                    (target + 1).initialize(from: current, count: rowBytes)
                } else {
                    let above = current - rowBytes
                    for column in 0..<rowBytes { target[column + 1] = current[column] &- above[column] }
                }
                target += rowBytes + 1
            }
            filled = count
        }
    }

    private static func compress(_ bytes: [UInt8], level: Int) -> [UInt8] {
        CompressorPool.shared.with(level: level) { compressor in
            let bound = libdeflate_zlib_compress_bound(compressor, bytes.count)
            return [UInt8](unsafeUninitializedCapacity: bound) { output, filled in
                filled = libdeflate_zlib_compress(compressor, bytes, bytes.count, output.baseAddress, bound)
            }
        }
    }
}

/// Keeps compressors between images, as making one costs as much as a small image.
private final class CompressorPool: Sendable {
    static let shared = CompressorPool()

    private struct Idle: @unchecked Sendable {
        // Unchecked: a compressor is in this list or in the hands of one thread, never both.
        var compressors: [Int: [OpaquePointer]] = [:]
    }

    private let idle = Mutex(Idle())

    func with<Result>(level: Int, _ body: (OpaquePointer) -> Result) -> Result {
        let kept = idle.withLock { $0.compressors[level]?.popLast() }
        guard let compressor = kept ?? libdeflate_alloc_compressor(Int32(level)) else {
            fatalError("out of memory")
        }
        defer { idle.withLock { $0.compressors[level, default: []].append(compressor) } }
        return body(compressor)
    }
}
