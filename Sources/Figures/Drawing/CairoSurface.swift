import CCairo
import LightboxCore

/// Pixels that cairo draws on, with the context that draws.
struct CairoSurface: ~Copyable {
    let context: OpaquePointer
    let surface: OpaquePointer

    /// Each side at most this many pixels: cairo's own limit.
    static let maximumSide = 32767

    private init(_ surface: OpaquePointer) {
        self.surface = surface
        context = cairo_create(surface)
    }

    /// Clear pixels.
    static func sized(width: Int, height: Int) throws -> CairoSurface {
        guard width <= maximumSide, height <= maximumSide else {
            throw FigureError(
                code: .tooLarge, remedy: "Draw it smaller: \(width) × \(height) pixels are too many.")
        }
        let made = CairoSurface(
            cairo_image_surface_create(CAIRO_FORMAT_ARGB32, Int32(max(1, width)), Int32(max(1, height))))
        try made.check()
        return made
    }

    /// The pixels of an image; 16-bit samples keep their upper half.
    static func holding(_ image: Image) throws -> CairoSurface {
        let made = try sized(width: image.width, height: image.height)
        try made.fill(with: image)
        return made
    }

    private borrowing func fill(with image: Image) throws {
        cairo_surface_flush(surface)
        guard let pixels = cairo_image_surface_get_data(surface) else { throw Self.notDrawn }
        let stride = Int(cairo_image_surface_get_stride(surface))
        image.withBytes { samples in
            for row in 0..<image.height {
                UnsafeMutableRawPointer(pixels + row * stride).withMemoryRebound(
                    to: UInt32.self, capacity: image.width
                ) { line in
                    for column in 0..<image.width {
                        let start = (row * image.width + column) * image.channels
                        line[column] = Self.pixel(samples, start, channels: image.channels)
                    }
                }
            }
        }
        cairo_surface_mark_dirty(surface)
    }

    deinit {
        cairo_destroy(context)
        cairo_surface_destroy(surface)
    }

    /// Opacity, red, green, blue from the highest byte down; colours are multiplied by the opacity.
    private static func pixel(_ samples: UnsafeBufferPointer<UInt8>, _ start: Int, channels: Int) -> UInt32 {
        guard channels > 1 else { return 0xff00_0000 | UInt32(samples[start]) * 0x01_0101 }
        let opacity = channels == 4 ? UInt32(samples[start + 3]) : 255
        func part(_ channel: Int) -> UInt32 { (UInt32(samples[start + channel]) * opacity + 127) / 255 }
        return opacity << 24 | part(0) << 16 | part(1) << 8 | part(2)
    }

    /// The bytes of a PNG file.
    borrowing func png() throws -> [UInt8] {
        var bytes: [UInt8] = []
        try check()
        let status = withUnsafeMutablePointer(to: &bytes) { bytes in
            cairo_surface_write_to_png_stream(
                surface,
                { bytes, data, count in
                    let buffer = UnsafeBufferPointer(start: data, count: Int(count))
                    bytes?.assumingMemoryBound(to: [UInt8].self).pointee.append(contentsOf: buffer)
                    return CAIRO_STATUS_SUCCESS
                }, bytes)
        }
        guard status == CAIRO_STATUS_SUCCESS else { throw Self.notDrawn }
        return bytes
    }

    private borrowing func check() throws {
        guard cairo_status(context) == CAIRO_STATUS_SUCCESS, cairo_surface_status(surface) == CAIRO_STATUS_SUCCESS
        else { throw Self.notDrawn }
    }

    private static let notDrawn = FigureError(
        code: .notDrawn, remedy: "Free memory and try again, or write SVG instead of PNG.")
}

extension Image {
    /// The samples as bytes.
    func withBytes<Result>(_ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
        switch samples {
        case .uint8(let values): values.withUnsafeBufferPointer(body)
        case .uint16(let values): values.map { UInt8($0 >> 8) }.withUnsafeBufferPointer(body)
        }
    }
}
