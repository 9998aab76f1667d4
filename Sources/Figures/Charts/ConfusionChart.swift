/// Counts of true against predicted classes; the shade is the share of the true class.
public struct ConfusionChart: Sendable {
    public var title: String
    public var names: [String]
    /// `counts[truth][prediction]`.
    public var counts: [[Int]]
    /// Of the whole chart at most, in points.
    public var width: Double

    /// - Precondition: one row and one column for each name.
    public init(title: String, names: [String], counts: [[Int]], width: Double? = nil) {
        precondition(counts.count == names.count && counts.allSatisfy { $0.count == names.count })
        self.title = title
        self.names = names
        self.counts = counts
        self.width = width ?? (names.count > 4 ? 600 : 360)
    }

    public func drawing() -> Drawing {
        let labelSize = names.count > 8 ? 8.5 : 9.5
        let widest = names.map { TextMetrics.width($0, size: labelSize) }.max() ?? 0
        let left = min(widest, 130) + 34
        let cell = min(72, max(22, (width - left - 12) / Double(max(1, names.count))))
        // Names that do not fit side by side stand upright.
        let isUpright = widest > cell - 6
        let below = (isUpright ? min(widest, 130) + 6 : 16) + 24
        let side = cell * Double(names.count)
        let titleWidth = TextMetrics.width(title, size: PlotFrame.titleSize, isBold: true)
        var drawing = Drawing(
            width: max(left + side + 12, min(titleWidth + 16, width)), height: 30 + side + below,
            summary: "\(title): true against predicted classes")
        let area = Rectangle(x: left, y: 30, width: side, height: side)
        let room = drawing.width - 12
        drawing.text(
            TextMetrics.fitted(title, to: room, size: PlotFrame.titleSize, isBold: true),
            at: Point(drawing.width / 2, 19), size: PlotFrame.titleSize, anchor: .middle, isBold: true)
        guard !names.isEmpty else { return drawing }
        for (row, counts) in counts.enumerated() { drawRow(row, counts, area, cell, on: &drawing) }
        for (index, name) in names.enumerated() {
            let middle = (Double(index) + 0.5) * cell
            let short = TextMetrics.fitted(name, to: 130, size: labelSize)
            drawing.text(
                short, at: Point(area.x - 6, area.y + middle), size: labelSize, anchor: .end, baseline: .middle)
            drawing.text(
                short, at: Point(area.x + middle, area.bottom + 6), size: labelSize,
                anchor: isUpright ? .end : .middle, baseline: isUpright ? .middle : .top,
                rotation: isUpright ? -90 : 0)
        }
        drawing.rectangle(area, stroke: Stroke(.muted, width: 0.75))
        drawing.text("Truth", at: Point(14, area.middle.y), size: 10, anchor: .middle, rotation: -90)
        drawing.text("Prediction", at: Point(area.middle.x, drawing.height - 8), size: 10, anchor: .middle)
        return drawing
    }

    private func drawRow(
        _ row: Int, _ counts: [Int], _ area: Rectangle, _ cell: Double, on drawing: inout Drawing
    ) {
        let total = counts.reduce(0, +)
        for (column, count) in counts.enumerated() {
            let share = total > 0 ? Double(count) / Double(total) : 0
            let box = Rectangle(
                x: area.x + Double(column) * cell, y: area.y + Double(row) * cell, width: cell, height: cell)
            drawing.rectangle(
                box, fill: Fill(.series(row == column ? 0 : 1), opacity: 0.55 * share),
                stroke: Stroke(.grid, width: 0.75))
            let showsShare = cell >= 40
            let text = cell < 50 && count < 10_000 ? "\(count)" : Number.grouped(count)
            let size = min(cell >= 40 ? 11 : 9, 9 * (cell - 4) / max(1, TextMetrics.width(text, size: 9)))
            drawing.text(
                text, at: Point(box.middle.x, box.middle.y - (showsShare ? 6 : 0)), size: size, anchor: .middle,
                baseline: .middle)
            guard showsShare, total > 0 else { continue }
            drawing.text(
                Number.decimal(100 * share, digits: 0) + " %", at: Point(box.middle.x, box.middle.y + 9),
                size: 8.5,
                anchor: .middle, baseline: .middle, paint: share > 0.3 ? .ink : .muted)
        }
    }
}
