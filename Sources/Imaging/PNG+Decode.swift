import CPNG
public import LightboxCore

/// Portable Network Graphics (W3C 2003, ISO 15948): decoded with libpng or, when of the everyday
/// kind, with libdeflate; encoded with libdeflate.
public enum PNG {
    static let signature: [UInt8] = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]

    /// Reads grey, RGB, palette and transparent images of 1 to 16 bits, interlaced or not.
    ///
    /// With `channels` the numbers are those of `tf.image.decode_png(channels:)`: colour becomes grey by
    /// libpng with TensorFlow's weights, grey is repeated, transparency dropped.
    /// - Parameters:
    ///   - channels: 1, 3 or 4; nil gives what the file has, and grey for grey with transparency.
    ///   - narrowsTo8Bits: gives the upper eight bits of 16-bit samples, as TensorFlow's default; 16-bit
    ///     files stay 16-bit otherwise. Files of 1, 2 and 4 bits give 8 bits, 0...255.
    /// - Throws: ``ImageError``.
    public static func decode(
        _ bytes: Bytes, channels: Int? = nil, narrowsTo8Bits: Bool = false, limits: ImageLimits = ImageLimits()
    ) throws -> Image {
        try bytes.withUnsafeBytes { buffer in
            if let image = QuickPNG(buffer, limits: limits)?.image(channels: channels) { return image }
            let decoder = try PNGDecoder(buffer, limits: limits)
            let header = try decoder.header()
            let (width, height) = (Int(header.width), Int(header.height))
            try limits.check(width: width, height: height)
            let given = header.channels == 2 ? 1 : Int(header.channels)
            let channels = channels ?? given
            precondition([1, 3, 4].contains(channels), "channels is 1, 3 or 4")
            // Deflate packs at most 1032 : 1, so fewer bytes than that are no image of this size.
            let bitsInFile = Int(header.channels == 3 || header.channels == 4 ? 1 : header.bits)
            guard width * height / 8 * bitsInFile / 1032 <= buffer.count else { throw PNGDecoder.cutShort }
            let count = width * height * channels
            let samples: Image.Samples =
                header.bits == 16 && !narrowsTo8Bits
                ? .uint16(try decoder.samples(UInt16.self, count, channels: channels))
                : .uint8(try decoder.samples(UInt8.self, count, channels: channels))
            return Image(width: width, height: height, channels: channels, samples: samples)
        }
    }
}

/// Owns libpng's reader; the bytes must outlive it.
private struct PNGDecoder: ~Copyable {
    static let cutShort = ImageError(.corrupt, remedy: "The PNG ends early: fetch or write it again.")
    private let handle: OpaquePointer

    init(_ bytes: UnsafeRawBufferPointer, limits: ImageLimits) throws {
        let start = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
        let side = UInt32(clamping: min(limits.maximumSide, 0x7fff_ffff))
        guard let start, let handle = lightbox_png_open(start, bytes.count, side) else { throw Self.cutShort }
        self.handle = handle
    }

    deinit { lightbox_png_close(handle) }

    func header() throws -> lightbox_png_header {
        var header = lightbox_png_header()
        guard lightbox_png_read_header(handle, &header) == 1 else { throw failure() }
        return header
    }

    func samples<Sample: FixedWidthInteger>(_: Sample.Type, _ count: Int, channels: Int) throws -> [Sample] {
        try [Sample](unsafeUninitializedCapacity: count) { buffer, filled in
            let size = count * MemoryLayout<Sample>.size
            let strips: Int32 = Sample.self == UInt8.self ? 1 : 0
            guard lightbox_png_read_samples(handle, Int32(channels), strips, buffer.baseAddress, size) == 1 else {
                throw failure()
            }
            filled = count
        }
    }

    private func failure() -> ImageError {
        let message = String(cString: lightbox_png_message(handle))
        if message.contains("exceeds user limit") {
            return ImageError(.tooLarge, remedy: "The PNG's width or height is over the limit; raise it.")
        }
        return ImageError(.corrupt, remedy: "The PNG is damaged (\(message)): fetch or write it again.")
    }
}
