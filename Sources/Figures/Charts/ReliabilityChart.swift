/// How often cases of a predicted probability are positive, with intervals, over the count of such cases.
public struct ReliabilityChart: Sendable {
    public struct Bin: Sendable {
        /// Edges of the predicted probabilities.
        public var range: ClosedRange<Double>
        public var meanProbability: Double
        public var observed: Double
        /// Of `observed`.
        public var interval: ClosedRange<Double>?
        public var count: Int

        public init(
            range: ClosedRange<Double>, meanProbability: Double, observed: Double,
            interval: ClosedRange<Double>? = nil, count: Int
        ) {
            self.range = range
            self.meanProbability = meanProbability
            self.observed = observed
            self.interval = interval
            self.count = count
        }
    }

    public var title: String
    public var bins: [Bin]
    /// Of the whole chart, in points.
    public var width: Double

    public init(title: String, bins: [Bin], width: Double = 320) {
        self.title = title
        self.bins = bins
        self.width = width
    }

    public func drawing() -> Drawing {
        let (left, top, strip) = (52.0, 30.0, 42.0)
        let side = width - left - 14
        var drawing = Drawing(
            width: width, height: top + side + 10 + strip + 40, summary: "\(title): observed against predicted")
        let unit = Scale(from: 0, to: 1)
        let frame = PlotFrame(area: Rectangle(x: left, y: top, width: side, height: side), x: unit, y: unit)
        let counts = PlotFrame(
            area: Rectangle(x: left, y: top + side + 10, width: side, height: strip), x: unit,
            y: Scale(around: bins.map { Double($0.count) }, ticks: 2, includesZero: true))
        drawFrame(frame, on: &drawing)
        counts.drawAxes(on: &drawing, showsXGrid: false)
        counts.drawNames(x: "Predicted probability", y: "Cases", left: 38, on: &drawing)
        guard !bins.isEmpty else {
            frame.drawNote("no probabilities to judge", on: &drawing)
            return drawing
        }
        for bin in bins { draw(bin, frame, counts, on: &drawing) }
        for run in frame.runs(bins.map { Point($0.meanProbability, $0.observed) }) {
            drawing.polyline(run, Stroke(.series(0), width: 1.8))
            for point in run { drawing.circle(point, radius: 3, fill: Fill(.series(0))) }
        }
        return drawing
    }

    /// The square's own axes; its numbers across stand below the counts.
    private func drawFrame(_ frame: PlotFrame, on drawing: inout Drawing) {
        let silent = PlotFrame(area: frame.area, x: Scale(from: 0, to: 0), y: frame.y)
        for tick in frame.x.ticks {
            let x = frame.area.x + tick.value * frame.area.width
            drawing.line(Point(x, frame.area.y), Point(x, frame.area.bottom), Stroke(.grid, width: 0.75))
        }
        silent.drawAxes(on: &drawing)
        frame.drawNames(x: "", y: "Observed share of positives", left: 38, on: &drawing)
        frame.drawTitle(title, within: width, on: &drawing)
        guard !bins.isEmpty else { return }
        drawing.polyline(
            [Point(frame.area.x, frame.area.bottom), Point(frame.area.right, frame.area.y)],
            Stroke(.muted, width: 0.75, dashes: [4, 3]))
    }

    private func draw(_ bin: Bin, _ frame: PlotFrame, _ counts: PlotFrame, on drawing: inout Drawing) {
        if let interval = bin.interval, let low = frame.place(Point(bin.meanProbability, interval.lowerBound)),
            let high = frame.place(Point(bin.meanProbability, interval.upperBound))
        {
            drawing.line(low, high, Stroke(.series(0), width: 1.2, opacity: 0.6))
            for end in [low, high] {
                drawing.line(
                    Point(end.x - 3, end.y), Point(end.x + 3, end.y), Stroke(.series(0), width: 1.2, opacity: 0.6))
            }
        }
        guard let top = counts.place(Point(bin.range.lowerBound, Double(bin.count))),
            let end = counts.place(Point(bin.range.upperBound, 0))
        else { return }
        let bar = Rectangle(x: top.x + 0.5, y: top.y, width: max(0.5, end.x - top.x - 1), height: end.y - top.y)
        drawing.rectangle(bar, fill: Fill(.series(0), opacity: 0.55))
    }
}
