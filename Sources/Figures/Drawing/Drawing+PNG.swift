import CCairo
import LightboxCore

extension Drawing {
    /// The bytes of a PNG file, light, on white.
    ///
    /// - Parameter scale: pixels a point; 2 gives 144 pixels an inch.
    /// - Throws: ``FigureError`` for a picture of over 32,767 pixels a side.
    public func png(scale: Double = 2) throws -> [UInt8] {
        let surface = try CairoSurface.sized(
            width: Int((width * scale).rounded(.up)), height: Int((height * scale).rounded(.up)))
        cairo_scale(surface.context, scale, scale)
        let painter = CairoPainter(context: surface.context)
        painter.setSource(.paper, opacity: 1)
        cairo_paint(surface.context)
        for element in elements { try painter.draw(element) }
        return try surface.png()
    }
}

/// Draws elements on a cairo context.
struct CairoPainter {
    let context: OpaquePointer

    func draw(_ element: Drawing.Element) throws {
        switch element {
        case .path(let points, let isClosed, let fill, let stroke):
            for (index, point) in points.enumerated() {
                if index == 0 {
                    cairo_move_to(context, point.x, point.y)
                } else {
                    cairo_line_to(context, point.x, point.y)
                }
            }
            if isClosed { cairo_close_path(context) }
            finish(fill, stroke)
        case .rectangle(let box, let radius, let fill, let stroke):
            outline(box, radius: radius)
            finish(fill, stroke)
        case .circle(let middle, let radius, let fill, let stroke):
            cairo_new_sub_path(context)
            cairo_arc(context, middle.x, middle.y, radius, 0, 2 * .pi)
            finish(fill, stroke)
        case .text(let text): draw(text)
        case .image(let image, let box, let isSmooth): try draw(image, in: box, isSmooth: isSmooth)
        case .placed(let elements, let place, let scale):
            cairo_save(context)
            cairo_translate(context, place.x, place.y)
            cairo_scale(context, scale, scale)
            for element in elements { try draw(element) }
            cairo_restore(context)
        case .clipped(let elements, let box):
            cairo_save(context)
            cairo_rectangle(context, box.x, box.y, box.width, box.height)
            cairo_clip(context)
            for element in elements { try draw(element) }
            cairo_restore(context)
        }
    }

    func setSource(_ paint: Paint, opacity: Double) {
        let colour = paint.colour
        cairo_set_source_rgba(
            context, Double(colour.red) / 255, Double(colour.green) / 255, Double(colour.blue) / 255, opacity)
    }

    private func outline(_ box: Rectangle, radius: Double) {
        let radius = min(radius, box.width / 2, box.height / 2)
        guard radius > 0 else { return cairo_rectangle(context, box.x, box.y, box.width, box.height) }
        cairo_new_sub_path(context)
        let corners = [
            Point(box.right - radius, box.y + radius), Point(box.right - radius, box.bottom - radius),
            Point(box.x + radius, box.bottom - radius), Point(box.x + radius, box.y + radius),
        ]
        for (quarter, corner) in corners.enumerated() {
            let start = Double(quarter - 1) * .pi / 2
            cairo_arc(context, corner.x, corner.y, radius, start, start + .pi / 2)
        }
        cairo_close_path(context)
    }

    private func finish(_ fill: Fill?, _ stroke: Stroke?) {
        if let fill {
            setSource(fill.paint, opacity: fill.opacity)
            cairo_fill_preserve(context)
        }
        if let stroke {
            setSource(stroke.paint, opacity: stroke.opacity)
            cairo_set_line_width(context, stroke.width)
            cairo_set_line_join(context, CAIRO_LINE_JOIN_ROUND)
            cairo_set_dash(context, stroke.dashes, Int32(stroke.dashes.count), 0)
            cairo_stroke_preserve(context)
        }
        cairo_new_path(context)
    }

    private func draw(_ text: Drawing.Text) {
        let weight = text.isBold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL
        cairo_select_font_face(context, "DejaVu Sans", CAIRO_FONT_SLANT_NORMAL, weight)
        cairo_set_font_size(context, text.size)
        var extents = cairo_text_extents_t()
        cairo_text_extents(context, text.text, &extents)
        let shift: Double =
            switch text.anchor {
            case .start: 0
            case .middle: -extents.x_advance / 2
            case .end: -extents.x_advance
            }
        cairo_save(context)
        cairo_translate(context, text.place.x, text.place.y)
        cairo_rotate(context, text.rotation * .pi / 180)
        cairo_move_to(context, shift, 0)
        setSource(text.paint, opacity: 1)
        cairo_show_text(context, text.text)
        cairo_restore(context)
        cairo_new_path(context)
    }

    private func draw(_ image: Image, in box: Rectangle, isSmooth: Bool) throws {
        let pixels = try CairoSurface.holding(image)
        cairo_save(context)
        cairo_translate(context, box.x, box.y)
        cairo_scale(context, box.width / Double(image.width), box.height / Double(image.height))
        cairo_set_source_surface(context, pixels.surface, 0, 0)
        cairo_pattern_set_filter(cairo_get_source(context), isSmooth ? CAIRO_FILTER_GOOD : CAIRO_FILTER_NEAREST)
        cairo_pattern_set_extend(cairo_get_source(context), CAIRO_EXTEND_PAD)
        cairo_rectangle(context, 0, 0, Double(image.width), Double(image.height))
        cairo_fill(context)
        cairo_restore(context)
    }
}
