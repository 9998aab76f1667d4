import CDICOMCodecs
import DICOM
import LightboxCore

/// Decodes one frame of JPEG, JPEG-LS, JPEG 2000 or HTJ2K to stored values.
struct CodecFrame {
    let description: PixelDescription
    let syntax: TransferSyntax

    /// The codec goes by what the stream is, for some files claim another syntax than they hold.
    func decode(_ stream: Bytes) throws -> StoredFrame {
        guard let header = StreamHeader(stream) else {
            throw failure("the frame is no JPEG, JPEG-LS or JPEG 2000 stream")
        }
        try check(header)
        let samples =
            switch header.format {
            case .jpeg: try jpegSamples(stream, header, field: BitField(count: description.bitsStored))
            case .jpegLS:
                // The stream has no sign of its own; its precision tells which bit it is.
                try jpegSamples(
                    withPresets(stream, header), header,
                    field: BitField(count: description.isSigned ? header.precision : 64))
            case .jpeg2000: try jpeg2000Samples(stream, header)
            }
        return StoredFrame(description: described(by: header), samples: samples)
    }

    /// The description with the colours that the decoded stream has.
    private func described(by header: StreamHeader) -> PixelDescription {
        var decoded = description
        decoded.photometricInterpretation = description.photometricInterpretation.whenExpanded
        guard description.samplesPerPixel == 3 else { return decoded }
        switch (header.format, description.photometricInterpretation) {
        case (.jpeg2000, .ybrRCT), (.jpeg2000, .ybrICT): decoded.photometricInterpretation = .rgb
        case (.jpeg2000, _): break
        case (_, _) where header.namesRGB: decoded.photometricInterpretation = .rgb
        case (_, .rgb) where header.isJFIF: decoded.photometricInterpretation = .ybrFull
        default: break
        }
        return decoded
    }

    private func check(_ header: StreamHeader) throws {
        guard header.columns == description.columns, header.rows == description.rows else {
            throw failure("the stream has another size than rows and columns")
        }
        guard header.components == description.samplesPerPixel else {
            throw failure("the stream has another number of components than samples per pixel")
        }
        guard (1...max(8, description.bitsAllocated)).contains(header.precision) else {
            throw failure("the stream has more bits per sample than are allocated")
        }
        // A forged grid of tiny tiles would make the decoder allocate gigabytes for nothing.
        guard header.tiles >= 1, header.tiles <= max(64, description.pixelsPerFrame / 256) else {
            throw failure("the stream has more tiles than an image of this size can need")
        }
    }

    // MARK: DCMTK

    private func jpegSamples(
        _ stream: Bytes, _ header: StreamHeader, field: BitField
    ) throws -> StoredFrame.Samples {
        let isWide = header.precision > 8
        switch (description.bitsAllocated, description.isSigned) {
        case (16, false) where isWide: return .uint16(try jpeg(stream, header, field))
        case (16, true) where isWide: return .int16(try jpeg(stream, header, field))
        case (0...8, false): return .uint8(try jpeg(stream, header, field))
        case (0...8, true): return .int8(try jpeg(stream, header, field))
        default: break
        }
        // Allocated wider than the stream's own words.
        let words: [UInt16] =
            isWide
            ? try jpeg(stream, header, BitField(count: 64))
            : (try jpeg(stream, header, BitField(count: 64)) as [UInt8]).map(UInt16.init)
        return widened(words, field)
    }

    /// - Parameter T: as wide as the codec's output, 1 or 2 bytes.
    private func jpeg<T: FixedWidthInteger>(
        _ stream: Bytes, _ header: StreamHeader, _ field: BitField
    ) throws -> [T] {
        var samples = try filled(description.samplesPerFrame) {
            (samples: UnsafeMutableBufferPointer<T>, message) in
            stream.withUnsafeBytes {
                lightbox_decode_jpeg(
                    uid(of: header.format), shape(header), $0.baseAddress, $0.count, samples.baseAddress,
                    samples.count * MemoryLayout<T>.size, message)
            }
        }
        field.extract(from: &samples)
        return samples
    }

    /// DCMTK chooses its codec by UID; that of lossless JPEG reads every process at every precision.
    private func uid(of format: StreamHeader.Format) -> String {
        (format == .jpegLS ? TransferSyntax.jpegLSLossless : .jpegLosslessSV1).uid
    }

    private func withPresets(_ stream: Bytes, _ header: StreamHeader) -> Bytes {
        header.precision < 8 ? JPEGLSPresets.inserted(into: stream, precision: header.precision) : stream
    }

    // MARK: OpenJPEG

    private func jpeg2000Samples(_ stream: Bytes, _ header: StreamHeader) throws -> StoredFrame.Samples {
        let samples: [Int32] = try filled(description.samplesPerFrame) { samples, message in
            stream.withUnsafeBytes {
                lightbox_decode_jpeg2000(
                    shape(header), $0.baseAddress, $0.count, samples.baseAddress, samples.count, message)
            }
        }
        // The sign is PixelRepresentation's, whatever the codestream says.
        return widened(samples, BitField(count: header.precision))
    }

    // MARK: Shared

    private func widened<S: FixedWidthInteger>(_ words: [S], _ field: BitField) -> StoredFrame.Samples {
        func converted<T: FixedWidthInteger>() -> [T] {
            var samples = words.map { T(truncatingIfNeeded: $0) }
            field.extract(from: &samples)
            return samples
        }
        switch (description.bitsAllocated, description.isSigned) {
        case (0...8, false): return .uint8(converted())
        case (0...8, true): return .int8(converted())
        case (16, false): return .uint16(converted())
        case (16, true): return .int16(converted())
        case (_, false): return .uint32(converted())
        case (_, true): return .int32(converted())
        }
    }

    private func filled<T: FixedWidthInteger>(
        _ count: Int, _ decode: (UnsafeMutableBufferPointer<T>, UnsafeMutablePointer<CChar>) -> Int32
    ) throws -> [T] {
        var message = [CChar](repeating: 0, count: Int(LIGHTBOX_CODEC_MESSAGE))
        // Zeroed, so that a codec that stops early shows no old memory.
        var samples = [T](repeating: 0, count: count)
        let status = samples.withUnsafeMutableBufferPointer { decode($0, &message) }
        guard status == 0 else {
            let text = message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
            throw failure(String(decoding: text, as: UTF8.self))
        }
        return samples
    }

    private func shape(_ header: StreamHeader) -> lightbox_frame_shape {
        lightbox_frame_shape(
            columns: UInt16(description.columns), rows: UInt16(description.rows),
            samples: UInt16(description.samplesPerPixel), precision: UInt16(header.precision))
    }

    private func failure(_ detail: String) -> DICOMError {
        DICOMError(.undecodablePixels, tag: .pixelData, "\(syntax.name): \(detail)")
    }
}
