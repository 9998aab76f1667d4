/// Values with their intervals as points and whiskers, a row each: areas under the curve per label or model.
public struct IntervalChart: Sendable {
    public struct Estimate: Sendable {
        public var value: Double
        public var interval: ClosedRange<Double>?

        public init(_ value: Double, _ interval: ClosedRange<Double>? = nil) {
            self.value = value
            self.interval = interval
        }
    }

    public struct Row: Sendable {
        public var name: String
        /// One for each group; nil where it is not defined.
        public var estimates: [Estimate?]

        public init(_ name: String, _ estimates: [Estimate?]) {
            self.name = name
            self.estimates = estimates
        }
    }

    public var title: String
    public var valueName: String
    /// Models or data sets that each row compares; at least one.
    public var groups: [String]
    public var rows: [Row]
    /// A value to be compared with, as 0.5 for an area under the ROC curve.
    public var reference: Double?
    /// Of the whole chart, in points.
    public var width: Double

    public init(
        title: String, valueName: String, groups: [String] = [""], rows: [Row], reference: Double? = nil,
        width: Double = 560
    ) {
        precondition(!groups.isEmpty && rows.allSatisfy { $0.estimates.count == groups.count })
        self.title = title
        self.valueName = valueName
        self.groups = groups
        self.rows = rows
        self.reference = reference
        self.width = width
    }

    private static let labelSize = 9.5

    public func drawing() -> Drawing {
        let widest = rows.map { TextMetrics.width($0.name, size: Self.labelSize) }.max() ?? 0
        let left = min(widest, 0.35 * width) + 18
        let right = 122.0
        let rowHeight = max(16, 11 * Double(groups.count) + 6)
        let legend = Legend(
            groups.count < 2
                ? [] : groups.enumerated().map { Legend.Entry(name: $1, paint: .series($0), dashes: []) },
            width: width - 24)
        let area = Rectangle(
            x: left, y: 30, width: width - left - right, height: rowHeight * Double(max(1, rows.count)) + 6)
        var drawing = Drawing(
            width: width, height: area.bottom + 44 + legend.height, summary: "\(title): \(valueName)")
        let frame = PlotFrame(area: area, x: scale, y: Scale(from: 0, to: 0))
        frame.drawAxes(on: &drawing)
        frame.drawNames(x: valueName, y: "", left: 0, on: &drawing)
        drawing.text(
            TextMetrics.fitted(title, to: width - 20, size: PlotFrame.titleSize, isBold: true),
            at: Point(width / 2, 19), size: PlotFrame.titleSize, anchor: .middle, isBold: true)
        if rows.isEmpty { frame.drawNote("no rows", on: &drawing) }
        if let reference, let share = frame.x.share(of: reference), (0...1).contains(share) {
            let x = area.x + share * area.width
            drawing.line(Point(x, area.y), Point(x, area.bottom), Stroke(.muted, width: 1, dashes: [4, 3]))
        }
        for (index, row) in rows.enumerated() {
            let middle = area.y + 3 + (Double(index) + 0.5) * rowHeight
            drawing.text(
                TextMetrics.fitted(row.name, to: left - 16, size: Self.labelSize), at: Point(left - 8, middle),
                size: Self.labelSize, anchor: .end, baseline: .middle)
            for (group, estimate) in row.estimates.enumerated() {
                let height = middle + (Double(group) - Double(groups.count - 1) / 2) * 11
                draw(estimate, group, at: height, in: frame, on: &drawing)
            }
        }
        legend.draw(at: Point(12, drawing.height - legend.height - 2), on: &drawing)
        return drawing
    }

    private var scale: Scale {
        let estimates = rows.flatMap(\.estimates).compactMap { $0 }
        let ends = estimates.flatMap {
            [$0.interval?.lowerBound, $0.interval?.upperBound, $0.value].compactMap { $0 }
        }
        return Scale(around: ends + (reference.map { [$0] } ?? []))
    }

    private func draw(
        _ estimate: Estimate?, _ group: Int, at height: Double, in frame: PlotFrame, on drawing: inout Drawing
    ) {
        let right = frame.area.right + 8
        guard let estimate, let place = frame.x.share(of: estimate.value) else {
            drawing.text(
                "not defined", at: Point(right, height), size: 8.5, baseline: .middle, paint: .muted)
            return
        }
        func x(_ share: Double) -> Double { frame.area.x + share * frame.area.width }
        var text = Number.decimal(estimate.value, digits: 3)
        if let interval = estimate.interval, let low = frame.x.share(of: interval.lowerBound),
            let high = frame.x.share(of: interval.upperBound)
        {
            let stroke = Stroke(.series(group), width: 1.5)
            drawing.line(Point(x(low), height), Point(x(high), height), stroke)
            for end in [low, high] {
                drawing.line(Point(x(end), height - 3), Point(x(end), height + 3), stroke)
            }
            let ends = [interval.lowerBound, interval.upperBound].map { Number.decimal($0, digits: 3) }
            text += " (\(ends.joined(separator: "–")))"
        }
        drawing.circle(Point(x(place), height), radius: 3, fill: Fill(.series(group)))
        drawing.text(text, at: Point(right, height), size: 8.5, baseline: .middle)
    }
}
