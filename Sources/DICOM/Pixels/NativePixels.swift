package import LightboxCore

/// Reads frames that are not compressed (PS3.5 section 8.1 and annex D).
package struct NativePixels: Sendable {
    package let description: PixelDescription
    package let bytes: Bytes
    package let isBigEndian: Bool
    /// Whether 8-bit samples stand swapped in pairs, as big-endian OW words.
    package let isSwappedInPairs: Bool

    package init(_ description: PixelDescription, bytes: Bytes, isBigEndian: Bool = false, vr: VR = .OB) {
        self.description = description
        self.bytes = bytes
        self.isBigEndian = isBigEndian
        isSwappedInPairs = isBigEndian && vr == .OW && description.bitsAllocated == 8
    }

    /// - Parameter index: 0..<frames.
    /// - Throws: ``DICOMError`` when the value ends before the frame does.
    package func frame(_ index: Int) throws -> StoredFrame {
        if description.bitsAllocated == 1 { return try packedFrame(index) }
        var decoded = description
        var layout = FrameLayout(description)
        if description.photometricInterpretation.isSubsampled {
            // A value long enough for all samples is not subsampled, whatever its description says.
            if bytes.count < layout.byteCount * description.frames {
                layout.isSubsampled = true
                guard description.bitsAllocated == 8, description.pixelsPerFrame % 2 == 0 else {
                    throw DICOMError(
                        .unsupportedPixels, tag: .photometricInterpretation,
                        "Uncompressed 4:2:2 is read with 8 bits and an even number of pixels only.")
                }
            }
            decoded.photometricInterpretation = description.photometricInterpretation.whenExpanded
        }
        let start = layout.byteCount * index
        let source = try slice(start..<start + layout.byteCount)
        let samples = source.withUnsafeBytes { layout.samples(of: $0, isBigEndian: isBigEndian) }
        return StoredFrame(description: decoded, samples: samples)
    }

    private func slice(_ range: Range<Int>) throws -> Bytes {
        if isSwappedInPairs { return try unswapped(range) }
        guard range.upperBound <= bytes.count else { throw tooShort }
        return bytes[range]
    }

    /// Sample `n` of all frames stands at `n ^ 1`.
    private func unswapped(_ range: Range<Int>) throws -> Bytes {
        guard (range.upperBound + 1) & ~1 <= bytes.count else { throw tooShort }
        return bytes.withUnsafeBytes { all in Bytes(range.map { all[$0 ^ 1] }) }
    }

    /// One bit a pixel, the first in the lowest bit; frames follow each other without padding (PS3.5 section 8.1.1).
    private func packedFrame(_ index: Int) throws -> StoredFrame {
        let count = description.samplesPerFrame
        let start = index * count
        guard (start + count + 7) / 8 <= bytes.count else { throw tooShort }
        let samples = bytes.withUnsafeBytes { packed in
            [UInt8](unsafeUninitializedCapacity: count) { pixels, filled in
                for pixel in 0..<count {
                    let bit = start + pixel
                    pixels[pixel] = packed[bit >> 3] >> UInt8(bit & 7) & 1
                }
                filled = count
            }
        }
        return StoredFrame(description: description, samples: .uint8(samples))
    }

    private var tooShort: DICOMError {
        DICOMError(
            .truncated, tag: description.content.tag,
            "The value is shorter than rows × columns × samples × frames need.")
    }
}

/// How the samples of one frame lie in its bytes.
struct FrameLayout {
    let description: PixelDescription
    /// Y Y Cb Cr for two neighbours (PS3.3 C.7.6.3.1.2).
    var isSubsampled = false

    init(_ description: PixelDescription) { self.description = description }

    var byteCount: Int {
        if isSubsampled { return description.pixelsPerFrame * 2 }
        return description.samplesPerFrame * description.bytesPerSample
    }

    /// - Precondition: `source` has `byteCount` bytes.
    func samples(of source: UnsafeRawBufferPointer, isBigEndian: Bool) -> StoredFrame.Samples {
        let swaps = isBigEndian
        if isSubsampled { return .uint8(expanded422(source)) }
        switch (description.content, description.bitsAllocated, description.isSigned) {
        case (.float32, _, _):
            return .float32(integers(source, UInt32.self, swaps, wholeWords: true).map(Float.init(bitPattern:)))
        case (.float64, _, _):
            return .float64(integers(source, UInt64.self, swaps, wholeWords: true).map(Double.init(bitPattern:)))
        case (.integer, 8, false): return .uint8(integers(source, UInt8.self, swaps))
        case (.integer, 8, true): return .int8(integers(source, Int8.self, swaps))
        case (.integer, 16, false): return .uint16(integers(source, UInt16.self, swaps))
        case (.integer, 16, true): return .int16(integers(source, Int16.self, swaps))
        case (.integer, _, false): return .uint32(integers(source, UInt32.self, swaps))
        case (.integer, _, true): return .int32(integers(source, Int32.self, swaps))
        }
    }

    private func integers<T: FixedWidthInteger>(
        _ source: UnsafeRawBufferPointer, _ type: T.Type, _ swaps: Bool, wholeWords: Bool = false
    ) -> [T] {
        let count = description.samplesPerFrame
        let field = BitField(description)
        let extracts = !wholeWords && field.count < T.bitWidth
        let words = [T](unsafeUninitializedCapacity: count) { words, filled in
            UnsafeMutableRawBufferPointer(words).copyMemory(
                from: UnsafeRawBufferPointer(rebasing: source[..<(count * MemoryLayout<T>.size)]))
            if swaps && T.bitWidth > 8 {
                for index in 0..<count { words[index] = words[index].byteSwapped }
            }
            if extracts {
                for index in 0..<count { words[index] = field.extract(words[index]) }
            }
            filled = count
        }
        return description.isPlanar ? interleaved(words, planes: description.samplesPerPixel) : words
    }

    private func expanded422(_ source: UnsafeRawBufferPointer) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: description.samplesPerFrame) { samples, filled in
            for pair in 0..<description.pixelsPerFrame / 2 {
                let (y0, y1, cb, cr) =
                    (source[pair * 4], source[pair * 4 + 1], source[pair * 4 + 2], source[pair * 4 + 3])
                let target = pair * 6
                (samples[target], samples[target + 1], samples[target + 2]) = (y0, cb, cr)
                (samples[target + 3], samples[target + 4], samples[target + 5]) = (y1, cb, cr)
            }
            filled = description.samplesPerFrame
        }
    }
}

/// Planes one behind the other to samples side by side.
func interleaved<T: FixedWidthInteger>(_ planes: [T], planes count: Int) -> [T] {
    let pixels = planes.count / count
    return planes.withUnsafeBufferPointer { planes in
        [T](unsafeUninitializedCapacity: planes.count) { samples, filled in
            for plane in 0..<count {
                for pixel in 0..<pixels { samples[pixel * count + plane] = planes[plane * pixels + pixel] }
            }
            filled = planes.count
        }
    }
}
