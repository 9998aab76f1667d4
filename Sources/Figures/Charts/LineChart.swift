/// Values against steps or epochs as lines: losses, areas under the curve, learning rates.
public struct LineChart: Sendable {
    public struct Series: Sendable {
        public var name: String
        /// In the order to be joined; a value that is not finite breaks the line.
        public var points: [Point]
        /// Draws it thin and pale, for raw values behind a smoothed line of the same colour.
        public var isFaint: Bool
        /// Number in the palette; the position among the series unless told.
        public var colour: Int?

        public init(_ name: String, _ points: [Point], isFaint: Bool = false, colour: Int? = nil) {
            self.name = name
            self.points = points
            self.isFaint = isFaint
            self.colour = colour
        }

        /// Values at 1, 2, 3 …, as one for each epoch.
        public init(_ name: String, _ values: [Double]) {
            self.init(name, values.enumerated().map { Point(Double($0 + 1), $1) })
        }
    }

    public var title: String
    public var xName: String
    public var yName: String
    public var series: [Series]
    /// Ends of the upright axis; from the values unless told.
    public var yRange: ClosedRange<Double>?
    public var isLogarithmic: Bool
    /// A line upright through the chart at a value of the other axis, as of the best epoch, and its name.
    public var mark: (x: Double, name: String)?
    /// Of the whole chart, in points.
    public var width: Double
    public var height: Double

    public init(
        title: String, xName: String, yName: String, series: [Series], yRange: ClosedRange<Double>? = nil,
        isLogarithmic: Bool = false, mark: (x: Double, name: String)? = nil, width: Double = 480,
        height: Double = 290
    ) {
        self.title = title
        self.xName = xName
        self.yName = yName
        self.series = series
        self.yRange = yRange
        self.isLogarithmic = isLogarithmic
        self.mark = mark
        self.width = width
        self.height = height
    }

    public func drawing() -> Drawing {
        var drawing = Drawing(width: width, height: height, summary: "\(title): \(yName) against \(xName)")
        let named = series.enumerated().filter { !$1.isFaint && !$1.name.isEmpty }
        let legend = Legend(
            named.count < 2 ? [] : named.map { number, series in legendEntry(number, series) }, width: width - 24)
        let yScale =
            yRange.map { Scale(from: $0.lowerBound, to: $0.upperBound) }
            ?? Scale(around: series.flatMap { $0.points.map(\.y) }, isLogarithmic: isLogarithmic)
        let left = PlotFrame.labelWidth(yScale) + 24
        let bottom = 44 + legend.height
        let frame = PlotFrame(
            area: Rectangle(x: left, y: 30, width: width - left - 16, height: height - 30 - bottom),
            x: horizontalScale, y: yScale)
        frame.drawAxes(on: &drawing)
        frame.drawNames(x: xName, y: yName, left: left - 12, on: &drawing)
        frame.drawTitle(title, within: width, on: &drawing)
        drawLines(in: frame, on: &drawing)
        legend.draw(at: Point(12, height - legend.height - 2), on: &drawing)
        return drawing
    }

    private var horizontalScale: Scale {
        let values = series.flatMap { $0.points.map(\.x) }.filter(\.isFinite)
        guard let low = values.min(), let high = values.max(), high > low else {
            return Scale(around: values)
        }
        // Epochs and steps are whole, so there is nothing to write between them.
        let isWhole = values.allSatisfy { $0 == $0.rounded() }
        return Scale(from: low, to: high, ticks: isWhole && high - low < 8 ? Int(high - low) : 8)
    }

    private func legendEntry(_ number: Int, _ series: Series) -> Legend.Entry {
        let colour = series.colour ?? number
        return Legend.Entry(name: series.name, paint: .series(colour), dashes: Stroke.dashes(series: colour))
    }

    private func drawLines(in frame: PlotFrame, on drawing: inout Drawing) {
        let hasValues = series.contains { series in series.points.contains { frame.place($0) != nil } }
        guard hasValues else { return frame.drawNote("no values", on: &drawing) }
        drawMark(in: frame, on: &drawing)
        drawing.clipped(to: frame.area.grown(by: 3)) { drawing in
            for (number, series) in series.enumerated() {
                let colour = series.colour ?? number
                let stroke = Stroke(
                    .series(colour), width: series.isFaint ? 1 : 1.8,
                    dashes: series.isFaint ? [] : Stroke.dashes(series: colour), opacity: series.isFaint ? 0.35 : 1
                )
                for run in frame.runs(series.points) {
                    drawing.polyline(run, stroke)
                    // Few points are shown as such, and a single one has no line.
                    guard run.count == 1 || (series.points.count <= 30 && !series.isFaint) else { continue }
                    for point in run { drawing.circle(point, radius: 2.6, fill: Fill(.series(colour))) }
                }
            }
        }
    }

    private func drawMark(in frame: PlotFrame, on drawing: inout Drawing) {
        guard let mark, let share = frame.x.share(of: mark.x), (0...1).contains(share) else { return }
        let x = frame.area.x + share * frame.area.width
        drawing.line(
            Point(x, frame.area.y), Point(x, frame.area.bottom), Stroke(.muted, width: 1, dashes: [3, 3]))
        let isRight = share > 0.5
        drawing.text(
            mark.name, at: Point(x + (isRight ? -4 : 4), frame.area.y + 5), size: 9,
            anchor: isRight ? .end : .start,
            baseline: .top, paint: .muted)
    }
}
