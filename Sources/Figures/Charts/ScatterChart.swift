/// Points of a plane, coloured by what they are: maps of vectors.
public struct ScatterChart: Sendable {
    public var title: String
    public var xName: String
    public var yName: String
    public var points: [Point]
    /// Of each point; nil for one that has none, which is drawn pale behind the others.
    public var groups: [String?]
    /// Of the whole chart, in points.
    public var width: Double
    public var height: Double

    /// - Precondition: there are as many groups as points, or none at all.
    public init(
        title: String, xName: String = "", yName: String = "", points: [Point], groups: [String?] = [],
        width: Double = 560, height: Double = 520
    ) {
        precondition(groups.isEmpty || groups.count == points.count)
        self.title = title
        self.xName = xName
        self.yName = yName
        self.points = points
        self.groups = groups.isEmpty ? [String?](repeating: "", count: points.count) : groups
        self.width = width
        self.height = height
    }

    /// In the order of their colours: those of most points first, then by name.
    var names: [String] {
        var counts: [String: Int] = [:]
        for case let name? in groups { counts[name, default: 0] += 1 }
        return counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map(\.key)
    }

    public func drawing() -> Drawing {
        let names = names
        // Colours beyond the palette would be told apart by nobody.
        let shown = Array(names.prefix(Palette.light.count))
        var entries = shown.enumerated().map { Legend.Entry(name: $1, paint: .series($0), dashes: nil) }
        if names.count > shown.count {
            entries.append(Legend.Entry(name: "\(names.count - shown.count) others", paint: .grid, dashes: nil))
        }
        var drawing = Drawing(width: width, height: height, summary: "\(title): \(points.count) points")
        let legend = Legend(names.count < 2 ? [] : entries, width: width - 24)
        let (x, y) = (Scale(around: points.map(\.x)), Scale(around: points.map(\.y)))
        let left = PlotFrame.labelWidth(y) + (yName.isEmpty ? 12 : 24)
        let frame = PlotFrame(
            area: Rectangle(
                x: left, y: 30, width: width - left - 16,
                height: height - 30 - (xName.isEmpty ? 30 : 44) - legend.height), x: x, y: y)
        frame.drawAxes(on: &drawing)
        frame.drawNames(x: xName, y: yName, left: left - 12, on: &drawing)
        frame.drawTitle(title, within: width, on: &drawing)
        guard !points.isEmpty else {
            frame.drawNote("no points", on: &drawing)
            return drawing
        }
        let colours = Dictionary(uniqueKeysWithValues: zip(shown, shown.indices))
        draw(colours, in: frame, on: &drawing)
        legend.draw(at: Point(12, height - legend.height - 2), on: &drawing)
        return drawing
    }

    private func draw(_ colours: [String: Int], in frame: PlotFrame, on drawing: inout Drawing) {
        // Many points are small and let others through.
        let radius = points.count > 5000 ? 1.2 : points.count > 1000 ? 1.8 : 2.8
        let opacity = points.count > 1000 ? 0.6 : 0.85
        for isColoured in [false, true] {
            for (point, group) in zip(points, groups) {
                let colour = group.flatMap { colours[$0] }
                guard (colour != nil) == isColoured, let place = frame.place(point) else { continue }
                let paint = colour.map { Paint.series($0) } ?? .grid
                drawing.circle(place, radius: radius, fill: Fill(paint, opacity: opacity))
            }
        }
    }
}
