import Foundation
import LightboxCore

extension Drawing {
    /// A file of its own: light, on white.
    public func svg() -> String {
        var writer = SVGWriter(followsPage: false)
        return writer.document(self)
    }

    /// An element within an HTML page: colours follow the page's scheme, the width its column.
    package func inlineSVG() -> String {
        var writer = SVGWriter(followsPage: true)
        return writer.document(self)
    }
}

/// Writes the elements of a drawing as SVG 1.1.
private struct SVGWriter {
    let followsPage: Bool
    private var text = ""

    init(followsPage: Bool) { self.followsPage = followsPage }

    mutating func document(_ drawing: Drawing) -> String {
        let (width, height) = (number(drawing.width), number(drawing.height))
        text = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 \(width) \(height)\" width=\"\(width)\""
        text += " height=\"\(height)\" role=\"img\" font-family=\"'DejaVu Sans', Verdana, sans-serif\">\n"
        if !drawing.summary.isEmpty { text += "<title>\(Markup.escaped(drawing.summary))</title>\n" }
        if !followsPage { text += "<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n" }
        for element in drawing.elements { write(element) }
        return text + "</svg>\n"
    }

    private mutating func write(_ element: Drawing.Element) {
        switch element {
        case .path(let points, let isClosed, let fill, let stroke):
            let name = isClosed ? "polygon" : "polyline"
            let list = points.map { "\(number($0.x)),\(number($0.y))" }.joined(separator: " ")
            text += "<\(name) points=\"\(list)\"\(look(fill, stroke))/>\n"
        case .rectangle(let box, let radius, let fill, let stroke):
            let corners = radius > 0 ? " rx=\"\(number(radius))\"" : ""
            text += "<rect\(place(box))\(corners)\(look(fill, stroke))/>\n"
        case .circle(let middle, let radius, let fill, let stroke):
            text += "<circle cx=\"\(number(middle.x))\" cy=\"\(number(middle.y))\" r=\"\(number(radius))\""
            text += "\(look(fill, stroke))/>\n"
        case .text(let label): write(label)
        case .image(let image, let box, let isSmooth):
            let rendering = isSmooth ? "" : " image-rendering=\"pixelated\""
            guard let file = try? CairoSurface.holding(image).png() else { return }
            text += "<image\(place(box)) preserveAspectRatio=\"none\"\(rendering)"
            text += " href=\"\(Markup.dataAddress(png: file))\"/>\n"
        case .placed(let elements, let place, let scale):
            let size = scale == 1 ? "" : " scale(\(number(scale)))"
            text += "<g transform=\"translate(\(number(place.x)) \(number(place.y)))\(size)\">\n"
            for element in elements { write(element) }
            text += "</g>\n"
        case .clipped(let elements, let box):
            // A nested picture clips by itself; a clipPath's name could stand twice on one page.
            let view = [box.x, box.y, box.width, box.height].map(number).joined(separator: " ")
            text += "<svg\(place(box)) viewBox=\"\(view)\" overflow=\"hidden\">\n"
            for element in elements { write(element) }
            text += "</svg>\n"
        }
    }

    private mutating func write(_ label: Drawing.Text) {
        text +=
            "<text x=\"\(number(label.place.x))\" y=\"\(number(label.place.y))\" font-size=\"\(number(label.size))\""
        if label.anchor != .start { text += " text-anchor=\"\(label.anchor.rawValue)\"" }
        if label.isBold { text += " font-weight=\"bold\"" }
        if label.rotation != 0 {
            let pivot = "\(number(label.place.x)) \(number(label.place.y))"
            text += " transform=\"rotate(\(number(label.rotation)) \(pivot))\""
        }
        text += " fill=\"\(colour(label.paint))\">\(Markup.escaped(label.text))</text>\n"
    }

    private func place(_ box: Rectangle) -> String {
        " x=\"\(number(box.x))\" y=\"\(number(box.y))\" width=\"\(number(box.width))\" height=\"\(number(box.height))\""
    }

    private func look(_ fill: Fill?, _ stroke: Stroke?) -> String {
        var look = " fill=\"\(fill.map { colour($0.paint) } ?? "none")\""
        if let fill, fill.opacity < 1 { look += " fill-opacity=\"\(number(fill.opacity))\"" }
        guard let stroke else { return look }
        look += " stroke=\"\(colour(stroke.paint))\" stroke-width=\"\(number(stroke.width))\""
        if stroke.opacity < 1 { look += " stroke-opacity=\"\(number(stroke.opacity))\"" }
        if !stroke.dashes.isEmpty {
            look += " stroke-dasharray=\"\(stroke.dashes.map(number).joined(separator: " "))\""
        }
        return look + " stroke-linejoin=\"round\""
    }

    private func colour(_ paint: Paint) -> String { followsPage ? paint.css : paint.colour.hexadecimal }

    /// Two digits behind the point, which is a 3600th of an inch.
    private func number(_ value: Double) -> String {
        guard value.isFinite else { return "0" }
        let rounded = (value * 100).rounded() / 100
        return rounded == rounded.rounded() && abs(rounded) < 1e15 ? "\(Int(rounded))" : "\(rounded)"
    }
}
