import CCairo
import LightboxCore

extension Drawing {
    /// The picture of a PNG file.
    init(png: [UInt8], width: Double) throws {
        let image = try CairoSurface.image(png: png)
        self.init(width: width, height: width * Double(image.height) / Double(max(1, image.width)))
        self.image(image, in: Rectangle(x: 0, y: 0, width: self.width, height: height))
    }

    /// The same, smaller where it is wider than `width`.
    func fitted(to width: Double) -> Drawing {
        guard self.width > width else { return self }
        var drawing = Drawing(width: width, height: height * width / self.width, summary: summary)
        drawing.add(self, at: Point(0, 0), scale: width / self.width)
        return drawing
    }
}

extension CairoSurface {
    /// The pixels of a PNG file, with their opacity.
    static func image(png: [UInt8]) throws -> Image {
        var rest = png[...]
        return try withUnsafeMutablePointer(to: &rest) { rest in
            let surface = cairo_image_surface_create_from_png_stream(
                { rest, target, count in
                    guard let rest = rest?.assumingMemoryBound(to: ArraySlice<UInt8>.self), let target,
                        rest.pointee.count >= Int(count)
                    else { return CAIRO_STATUS_READ_ERROR }
                    for index in 0..<Int(count) { target[index] = rest.pointee[rest.pointee.startIndex + index] }
                    rest.pointee = rest.pointee.dropFirst(Int(count))
                    return CAIRO_STATUS_SUCCESS
                }, rest)
            defer { cairo_surface_destroy(surface) }
            guard cairo_surface_status(surface) == CAIRO_STATUS_SUCCESS,
                let pixels = cairo_image_surface_get_data(surface)
            else { throw FigureError(code: .notDrawn, remedy: "Give PNG files as pictures.") }
            let (width, height) = (
                Int(cairo_image_surface_get_width(surface)), Int(cairo_image_surface_get_height(surface))
            )
            let stride = Int(cairo_image_surface_get_stride(surface))
            let isOpaque = cairo_image_surface_get_format(surface) == CAIRO_FORMAT_RGB24
            var samples: [UInt8] = []
            samples.reserveCapacity(4 * width * height)
            for row in 0..<height {
                for column in 0..<width {
                    // Blue, green, red, opacity in memory; colours are multiplied by the opacity.
                    let pixel = pixels + row * stride + 4 * column
                    let opacity = isOpaque ? 255 : Int(pixel[3])
                    for channel in [2, 1, 0] {
                        samples.append(
                            opacity == 0 ? 0 : UInt8(min(255, (Int(pixel[channel]) * 255 + opacity / 2) / opacity))
                        )
                    }
                    samples.append(UInt8(opacity))
                }
            }
            return Image(width: width, height: height, channels: 4, samples: .uint8(samples))
        }
    }
}
