/// Text broken into lines of a width.
enum TextLines {
    /// Lines that fit; a word that is wider than a line is broken where it ends.
    static func wrapped(_ text: String, width: Double, size: Double, isBold: Bool = false) -> [String] {
        func isWide(_ line: String) -> Bool { TextMetrics.width(line, size: size, isBold: isBold) > width }
        var lines: [String] = []
        var line = ""
        for word in text.split(separator: " ", omittingEmptySubsequences: false) {
            let longer = line.isEmpty ? String(word) : line + " " + word
            guard isWide(longer) else {
                line = longer
                continue
            }
            if !line.isEmpty { lines.append(line) }
            line = String(word)
            while isWide(line) {
                var part = line
                while part.count > 1, isWide(part) { part.removeLast() }
                lines.append(part)
                line.removeFirst(part.count)
            }
        }
        return lines + (line.isEmpty && !lines.isEmpty ? [] : [line])
    }

    /// The lines as a drawing, as high as they are.
    static func drawing(
        _ text: String, width: Double, size: Double, paint: Paint = .ink, isBold: Bool = false,
        anchor: Drawing.Anchor = .start
    ) -> Drawing {
        guard !text.isEmpty else { return Drawing(width: width, height: 0) }
        let lines = wrapped(text, width: width, size: size, isBold: isBold)
        let step = (1.35 * size).rounded(.up)
        var drawing = Drawing(width: width, height: step * Double(lines.count))
        for (index, line) in lines.enumerated() {
            let place = Point(anchor == .end ? width : 0, step * Double(index) + size)
            drawing.text(line, at: place, size: size, anchor: anchor, paint: paint, isBold: isBold)
        }
        return drawing
    }
}

extension Drawing {
    /// With room above and below.
    func padded(top: Double = 0, bottom: Double = 0) -> Drawing {
        var drawing = Drawing(width: width, height: height + top + bottom)
        drawing.add(self, at: Point(0, top))
        return drawing
    }

    /// With another one below.
    func over(_ other: Drawing, gap: Double = 0) -> Drawing {
        var drawing = Drawing(width: max(width, other.width), height: height + gap + other.height)
        drawing.add(self, at: Point(0, 0))
        drawing.add(other, at: Point(0, height + gap))
        return drawing
    }
}
