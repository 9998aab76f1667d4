package import LightboxCore

/// Decodes one frame of RLE Lossless (PS3.5 annex G): a header of 64 bytes, then a byte plane per segment.
package struct RLEFrame {
    private let description: PixelDescription

    package init(_ description: PixelDescription) { self.description = description }

    /// - Parameter fragment: the whole frame, padding included.
    package func decode(_ fragment: Bytes) throws -> StoredFrame {
        let isPacked = description.bitsAllocated == 1
        let bytesPerSample = description.bytesPerSample
        let planeBytes = isPacked ? (description.pixelsPerFrame + 7) / 8 : description.pixelsPerFrame
        let planeCount = isPacked ? 1 : description.samplesPerPixel * bytesPerSample
        // Little-endian samples, one colour plane behind the other.
        var planes = [UInt8](repeating: 0, count: planeBytes * planeCount)
        try fragment.withUnsafeBytes { source in
            let segments = try Self.segments(of: source, expected: planeCount)
            try planes.withUnsafeMutableBufferPointer { planes in
                for (index, segment) in segments.enumerated() {
                    // The most significant byte of a sample comes first.
                    let (sample, byte) = index.quotientAndRemainder(dividingBy: bytesPerSample)
                    let start = sample * planeBytes * bytesPerSample + (bytesPerSample - 1 - byte)
                    try unpack(
                        UnsafeRawBufferPointer(rebasing: source[segment]), into: planes, from: start,
                        by: bytesPerSample, count: planeBytes)
                }
            }
        }
        if isPacked { return try NativePixels(description, bytes: Bytes(planes)).frame(0) }
        var layout = description
        layout.isPlanar = description.samplesPerPixel > 1
        var decoded = description
        decoded.photometricInterpretation = description.photometricInterpretation.whenExpanded
        let samples = planes.withUnsafeBytes { FrameLayout(layout).samples(of: $0, isBigEndian: false) }
        return StoredFrame(description: decoded, samples: samples)
    }

    private static func segments(of source: UnsafeRawBufferPointer, expected: Int) throws -> [Range<Int>] {
        guard source.count >= 64 else { throw corrupt("The frame is shorter than its header.") }
        let words = (0..<16).map {
            Int(UInt32(littleEndian: source.loadUnaligned(fromByteOffset: $0 * 4, as: UInt32.self)))
        }
        guard words[0] == expected, expected <= 15 else {
            throw corrupt("The number of segments does not fit samples per pixel and bits allocated.")
        }
        let starts = words[1...expected]
        let ends = starts.dropFirst() + [source.count]
        return try zip(starts, ends).map { start, end in
            guard start >= 64, start <= end, end <= source.count else {
                throw corrupt("A segment lies outside the frame.")
            }
            return start..<end
        }
    }

    /// PackBits (PS3.5 G.3.2) into every `step`-th byte; what a segment holds beyond `count` is padding.
    private func unpack(
        _ source: UnsafeRawBufferPointer, into target: UnsafeMutableBufferPointer<UInt8>, from start: Int,
        by step: Int, count: Int
    ) throws {
        var position = 0
        var written = 0
        var next = start
        while written < count {
            guard position < source.count else { throw Self.corrupt("A segment ends before its plane is full.") }
            let control = Int(Int8(bitPattern: source[position]))
            position += 1
            if control >= 0 {
                let length = min(control + 1, count - written)
                guard position + length <= source.count else {
                    throw Self.corrupt("A segment ends before its plane is full.")
                }
                for offset in position..<position + length {
                    target[next] = source[offset]
                    next += step
                }
                position += control + 1
                written += length
            } else if control > -128 {
                guard position < source.count else { throw Self.corrupt("A segment ends inside a run.") }
                let length = min(1 - control, count - written)
                let value = source[position]
                position += 1
                for _ in 0..<length {
                    target[next] = value
                    next += step
                }
                written += length
            }
        }
    }

    private static func corrupt(_ detail: String) -> DICOMError {
        DICOMError(.undecodablePixels, tag: .pixelData, "RLE: \(detail)")
    }
}

extension PhotometricInterpretation {
    /// What a codec that stores every sample makes of a subsampled description.
    package var whenExpanded: PhotometricInterpretation { self == .ybrFull422 ? .ybrFull : self }
}
