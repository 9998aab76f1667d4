/// Counts per category, group and panel as horizontal bars: label × state × data set.
///
/// Each panel has an axis of its own, as a small set beside a large one would else not show.
public struct GroupedBarChart: Sendable {
    public struct Panel: Sendable {
        public var name: String
        /// `values[category][group]`; zeros are drawn as nothing.
        public var values: [[Double]]

        public init(_ name: String, _ values: [[Double]]) {
            self.name = name
            self.values = values
        }
    }

    public var title: String
    public var categories: [String]
    public var groups: [String]
    public var panels: [Panel]
    public var valueName: String
    /// Of the whole chart, in points.
    public var width: Double

    /// - Precondition: every panel has a row for each category, and a value for each group in it.
    public init(
        title: String = "", categories: [String], groups: [String], panels: [Panel], valueName: String = "count",
        width: Double = 720
    ) {
        precondition(
            panels.allSatisfy { panel in
                panel.values.count == categories.count && panel.values.allSatisfy { $0.count == groups.count }
            })
        self.title = title
        self.categories = categories
        self.groups = groups
        self.panels = panels
        self.valueName = valueName
        self.width = width
    }

    private static let labelSize = 9.5

    public func drawing() -> Drawing {
        let widest = categories.map { TextMetrics.width($0, size: Self.labelSize) }.max() ?? 0
        let left = min(widest, 0.3 * width) + 16
        let legend = Legend(
            groups.enumerated().map { Legend.Entry(name: $1, paint: .series($0), dashes: nil) }, width: width - 24)
        let top = title.isEmpty ? 28.0 : 50.0
        let bar = max(4, min(9, 30 / Double(max(1, groups.count))))
        let row = bar * Double(max(1, groups.count)) + 8
        let height = row * Double(max(1, categories.count)) + 4
        var drawing = Drawing(width: width, height: top + height + 44 + legend.height, summary: title)
        drawing.text(
            TextMetrics.fitted(title, to: width - 20, size: 13, isBold: true), at: Point(width / 2, 18), size: 13,
            anchor: .middle, isBold: true)
        for (index, category) in categories.enumerated() {
            drawing.text(
                TextMetrics.fitted(category, to: left - 16, size: Self.labelSize),
                at: Point(left - 8, top + 2 + (Double(index) + 0.5) * row), size: Self.labelSize, anchor: .end,
                baseline: .middle)
        }
        let gap = 28.0
        let count = Double(max(1, panels.count))
        let panelWidth = (width - left - 14 - gap * (count - 1)) / count
        for (index, panel) in panels.enumerated() {
            let area = Rectangle(
                x: left + Double(index) * (panelWidth + gap), y: top, width: panelWidth, height: height)
            draw(panel, in: area, row: row, bar: bar, on: &drawing)
        }
        legend.draw(at: Point(left, drawing.height - legend.height - 2), on: &drawing)
        return drawing
    }

    private func draw(_ panel: Panel, in area: Rectangle, row: Double, bar: Double, on drawing: inout Drawing) {
        let values = panel.values.flatMap { $0 }
        let scale = Scale(around: values, ticks: max(2, Int(area.width / 60)), includesZero: true)
        let frame = PlotFrame(area: area, x: scale, y: Scale(from: 0, to: 0))
        frame.drawAxes(on: &drawing)
        frame.drawNames(x: valueName, y: "", left: 0, on: &drawing)
        frame.drawTitle(panel.name, within: 2 * area.middle.x, room: area.width + 10, on: &drawing)
        guard values.contains(where: { $0 != 0 && $0.isFinite }) else {
            return frame.drawNote("no cases", on: &drawing)
        }
        for (category, values) in panel.values.enumerated() {
            for (group, value) in values.enumerated() {
                guard value != 0, let share = scale.share(of: value) else { continue }
                let y = area.y + 2 + Double(category) * row + 4 + Double(group) * bar
                drawing.rectangle(
                    Rectangle(x: area.x, y: y, width: max(0.5, share * area.width), height: bar - 0.6),
                    fill: Fill(.series(group)))
            }
        }
    }
}
