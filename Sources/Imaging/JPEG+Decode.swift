import CTurboJPEG
public import LightboxCore

/// JPEG (ISO 10918-1) of 8 bits through libjpeg-turbo.
public enum JPEG {
    /// How the inverse cosine transform is computed; the two differ by a few grey values.
    public enum Transform: Sendable {
        /// Exact integers: what Pillow and libjpeg's tools give.
        case accurate
        /// The quick approximation that TensorFlow takes by default (`dct_method=""`).
        case fast
    }

    /// Reads grey, YCbCr, RGB, CMYK and YCCK images, sequential or progressive.
    ///
    /// Pixels come as stored: an EXIF orientation is not applied, as in TensorFlow.
    /// - Parameters:
    ///   - channels: 1 (the stored luma, without a way through RGB) or 3; nil gives 1 for a grey file, else 3.
    /// - Throws: ``ImageError``; a file that ends early is refused.
    public static func decode(
        _ bytes: Bytes, channels: Int? = nil, transform: Transform = .accurate, limits: ImageLimits = ImageLimits()
    ) throws -> Image {
        let decoder = try JPEGDecoder()
        return try bytes.withUnsafeBytes { buffer in
            let header = try decoder.header(buffer)
            try limits.check(width: header.width, height: header.height)
            let channels = channels ?? (header.isGrey ? 1 : 3)
            precondition([1, 3].contains(channels), "a JPEG has 1 or 3 channels")
            var samples: [UInt8]
            if header.isCMYK {
                let inks = try decoder.samples(buffer, header, TJPF_CMYK, perPixel: 4, transform)
                samples = CMYK.toRGB(inks, inverted: hasAdobeMarker(buffer))
                if channels == 1 { samples = CMYK.toGrey(samples) }
            } else {
                let format = channels == 1 ? TJPF_GRAY : TJPF_RGB
                samples = try decoder.samples(buffer, header, format, perPixel: channels, transform)
            }
            return Image(width: header.width, height: header.height, channels: channels, samples: .uint8(samples))
        }
    }

    /// Whether an Adobe segment (APP14) stands before the first scan; its CMYK is stored inverted.
    private static func hasAdobeMarker(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var position = 2
        while position + 9 <= bytes.count, bytes[position] == 0xff {
            let marker = bytes[position + 1]
            if marker == 0xff {
                position += 1
                continue
            }
            if marker == 0xda { return false }
            let name = bytes[(position + 4)..<(position + 9)]
            if marker == 0xee && name.elementsEqual("Adobe".utf8) { return true }
            position += 2 + Int(bytes[position + 2]) << 8 + Int(bytes[position + 3])
        }
        return false
    }
}

private enum CMYK {
    /// Multiplies each ink's light by black's; `inverted` samples already are light.
    static func toRGB(_ inks: [UInt8], inverted: Bool) -> [UInt8] {
        let flip = inverted ? 0 : 255
        return [UInt8](unsafeUninitializedCapacity: inks.count / 4 * 3) { output, filled in
            for pixel in 0..<(inks.count / 4) {
                let black = Int(inks[4 * pixel + 3]) ^ flip
                for channel in 0..<3 {
                    output[3 * pixel + channel] = UInt8((Int(inks[4 * pixel + channel]) ^ flip) * black / 255)
                }
            }
            filled = inks.count / 4 * 3
        }
    }

    /// The luma of ITU-R BT.601.
    static func toGrey(_ rgb: [UInt8]) -> [UInt8] {
        (0..<(rgb.count / 3)).map { pixel in
            let (r, g, b) = (Int(rgb[3 * pixel]), Int(rgb[3 * pixel + 1]), Int(rgb[3 * pixel + 2]))
            return UInt8((299 * r + 587 * g + 114 * b + 500) / 1000)
        }
    }
}

/// Owns libjpeg-turbo's decompressor.
private struct JPEGDecoder: ~Copyable {
    struct Header {
        let width, height: Int
        let isGrey, isCMYK: Bool
    }

    private let handle: tjhandle

    init() throws {
        guard let handle = tjInitDecompress() else {
            throw ImageError(.unsupported, remedy: "libjpeg-turbo could not start: free memory and try again.")
        }
        self.handle = handle
    }

    deinit { tjDestroy(handle) }

    func header(_ bytes: UnsafeRawBufferPointer) throws -> Header {
        let start = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
        var (width, height, subsampling, colours) = (Int32(0), Int32(0), Int32(0), Int32(0))
        let status = tjDecompressHeader3(
            handle, start, UInt(bytes.count), &width, &height, &subsampling, &colours)
        guard status == 0, width > 0, height > 0 else { throw failure() }
        return Header(
            width: Int(width), height: Int(height), isGrey: colours == Int32(TJCS_GRAY.rawValue),
            isCMYK: colours == Int32(TJCS_CMYK.rawValue) || colours == Int32(TJCS_YCCK.rawValue))
    }

    func samples(
        _ bytes: UnsafeRawBufferPointer, _ header: Header, _ format: TJPF, perPixel: Int,
        _ transform: JPEG.Transform
    ) throws -> [UInt8] {
        let start = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
        let count = header.width * header.height * perPixel
        let method = transform == .fast ? TJFLAG_FASTDCT : TJFLAG_ACCURATEDCT
        // At most 500 scans, so that a small progressive file cannot ask for hours.
        let flags = Int32(method | TJFLAG_LIMITSCANS)
        return try [UInt8](unsafeUninitializedCapacity: count) { output, filled in
            output.initialize(repeating: 0)
            let status = tjDecompress2(
                handle, start, UInt(bytes.count), output.baseAddress, Int32(header.width),
                Int32(header.width * perPixel), Int32(header.height), Int32(format.rawValue), flags)
            if status != 0 && !isHarmless() { throw failure() }
            filled = count
        }
    }

    /// Stray bytes between segments lose nothing.
    private func isHarmless() -> Bool {
        tjGetErrorCode(handle) == Int32(TJERR_WARNING.rawValue) && message().contains("extraneous bytes")
    }

    private func message() -> String { String(cString: tjGetErrorStr2(handle)) }

    private func failure() -> ImageError {
        let message = message()
        if message.contains("Unsupported") || message.contains("precision") {
            return ImageError(
                .unsupported,
                remedy: "This kind of JPEG is not read (\(message)): convert it to 8-bit JPEG or PNG.")
        }
        return ImageError(.corrupt, remedy: "The JPEG is damaged (\(message)): fetch or write it again.")
    }
}
