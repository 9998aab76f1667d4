/// Precision against recall and true against false positives side by side, for one label or model or several.
public struct CurveFigure: Sendable {
    public struct Curve: Sendable {
        public var name: String
        /// Recall across, precision up; empty when it is not defined.
        public var precisionRecall: [Point]
        public var averagePrecision: Double?
        /// False positive rate across, true positive rate up; empty when it is not defined.
        public var roc: [Point]
        public var area: Double?
        /// Chosen thresholds: false and true positive rate, and their names.
        public var marks: [(place: Point, name: String)]

        public init(
            name: String, precisionRecall: [Point], averagePrecision: Double?, roc: [Point], area: Double?,
            marks: [(place: Point, name: String)] = []
        ) {
            self.name = name
            self.precisionRecall = precisionRecall
            self.averagePrecision = averagePrecision
            self.roc = roc
            self.area = area
            self.marks = marks
        }
    }

    public var title: String
    public var curves: [Curve]
    /// The share of positive cases: the precision of a guess, drawn as a dashed line.
    public var prevalence: Double?
    /// Of the whole figure, in points.
    public var width: Double

    public init(title: String = "", curves: [Curve], prevalence: Double? = nil, width: Double = 640) {
        self.title = title
        self.curves = curves
        self.prevalence = prevalence
        self.width = width
    }

    public func drawing() -> Drawing {
        let (left, gap, top) = (52.0, 60.0, title.isEmpty ? 28.0 : 52.0)
        let side = (width - left - gap - 14) / 2
        let legend = Legend(curves.count < 2 ? [] : curves.indices.map(legendEntry), width: width - 24)
        var drawing = Drawing(width: width, height: top + side + 44 + legend.height, summary: summary)
        drawing.text(
            TextMetrics.fitted(title, to: width - 20, size: 13, isBold: true), at: Point(width / 2, 18), size: 13,
            anchor: .middle, isBold: true)
        let unit = Scale(from: 0, to: 1)
        let precision = PlotFrame(
            area: Rectangle(x: left, y: top, width: side, height: side), x: unit, y: unit)
        drawPanel(
            precision, title: panelTitle("Precision-Recall", "AP", curves.first?.averagePrecision),
            x: "Recall  TP / (TP + FN)", y: "Precision  TP / (TP + FP)", \.precisionRecall, on: &drawing)
        let roc = PlotFrame(
            area: Rectangle(x: left + side + gap, y: top, width: side, height: side), x: unit, y: unit)
        drawPanel(
            roc, title: panelTitle("ROC", "AUC", curves.first?.area), x: "False positive rate  FP / (FP + TN)",
            y: "True positive rate  TP / (TP + FN)", \.roc, on: &drawing)
        drawMarks(in: roc, on: &drawing)
        legend.draw(at: Point(12, drawing.height - legend.height - 2), on: &drawing)
        return drawing
    }

    private var summary: String {
        let numbers = curves.map { curve in
            "\(curve.name): AP \(text(curve.averagePrecision)), AUC \(text(curve.area))"
        }
        return ([title].filter { !$0.isEmpty } + numbers).joined(separator: "; ")
    }

    /// With the number when it belongs to the only curve.
    private func panelTitle(_ name: String, _ measure: String, _ value: Double?) -> String {
        curves.count == 1 ? "\(name), \(measure)=\(text(value))" : name
    }

    private func text(_ value: Double?) -> String {
        value.map { Number.decimal($0, digits: curves.count == 1 ? 2 : 3) } ?? "–"
    }

    private func legendEntry(_ index: Int) -> Legend.Entry {
        let curve = curves[index]
        return Legend.Entry(
            name: "\(curve.name) (AP \(text(curve.averagePrecision)), AUC \(text(curve.area)))",
            paint: .series(index), dashes: Stroke.dashes(series: index))
    }

    private func drawPanel(
        _ frame: PlotFrame, title: String, x: String, y: String, _ points: KeyPath<Curve, [Point]>,
        on drawing: inout Drawing
    ) {
        frame.drawAxes(on: &drawing)
        frame.drawNames(x: x, y: y, left: 34, on: &drawing)
        frame.drawTitle(title, within: width, room: frame.area.width + 40, on: &drawing)
        guard curves.contains(where: { !$0[keyPath: points].isEmpty }) else {
            return frame.drawNote("not defined: it needs cases of both kinds", on: &drawing)
        }
        let guess: [Point]? =
            points == \Curve.roc
            ? [Point(0, 0), Point(1, 1)] : prevalence.map { [Point(0, $0), Point(1, $0)] }
        for run in frame.runs(guess ?? []) { drawing.polyline(run, Stroke(.muted, width: 0.75, dashes: [4, 3])) }
        // Half a line's width of room, so that the frame does not cut what runs along it.
        drawing.clipped(to: frame.area.grown(by: 1)) { drawing in
            for (index, curve) in curves.enumerated() {
                for run in frame.runs(curve[keyPath: points]) {
                    drawing.polyline(
                        run, Stroke(.series(index), width: 1.8, dashes: Stroke.dashes(series: index)))
                }
            }
        }
    }

    /// Names stand right below their points, where a good curve leaves room, and below one another.
    private func drawMarks(in frame: PlotFrame, on drawing: inout Drawing) {
        guard curves.count == 1 else { return }
        var taken = -Double.infinity
        for (index, curve) in curves.enumerated() {
            let marks = curve.marks.compactMap { mark in frame.place(mark.place).map { ($0, mark.name) } }
            for (place, name) in marks.sorted(by: { $0.0.y < $1.0.y }) {
                drawing.circle(
                    place, radius: 3.2, fill: Fill(.paper), stroke: Stroke(.series(index), width: 1.6))
                let height = min(max(place.y + 11, taken + 11), frame.area.bottom - 5)
                taken = height
                let isRight = place.x + 8 + TextMetrics.width(name, size: 8.5) > frame.area.right
                drawing.text(
                    name, at: Point(place.x + (isRight ? -6 : 7), height), size: 8.5,
                    anchor: isRight ? .end : .start, baseline: .middle, paint: .muted)
            }
        }
    }
}
