/// What the colours and dashes of a chart stand for, in rows that fit a width.
struct Legend {
    struct Entry {
        let name: String
        let paint: Paint
        /// nil for a filled square instead of a line.
        let dashes: [Double]?
    }

    private let rows: [[(entry: Entry, text: String, left: Double)]]
    private static let size = 9.5
    private static let rowHeight = 15.0
    private static let swatch = 20.0

    init(_ entries: [Entry], width: Double) {
        var rows: [[(entry: Entry, text: String, left: Double)]] = []
        var left = 0.0
        for entry in entries {
            let text = TextMetrics.fitted(entry.name, to: width - Self.swatch, size: Self.size)
            let needed = Self.swatch + TextMetrics.width(text, size: Self.size)
            if rows.isEmpty || left + needed > width {
                rows.append([])
                left = 0
            }
            rows[rows.count - 1].append((entry, text, left))
            left += needed + 14
        }
        self.rows = rows
    }

    var height: Double { Double(rows.count) * Self.rowHeight }

    func draw(at place: Point, on drawing: inout Drawing) {
        for (number, row) in rows.enumerated() {
            let middle = place.y + (Double(number) + 0.5) * Self.rowHeight
            for (entry, text, left) in row {
                let x = place.x + left
                if let dashes = entry.dashes {
                    drawing.line(
                        Point(x, middle), Point(x + 16, middle), Stroke(entry.paint, width: 2, dashes: dashes))
                } else {
                    drawing.rectangle(
                        Rectangle(x: x + 4, y: middle - 5, width: 10, height: 10), fill: Fill(entry.paint),
                        radius: 1.5)
                }
                drawing.text(text, at: Point(x + Self.swatch, middle), size: Self.size, baseline: .middle)
            }
        }
    }
}
