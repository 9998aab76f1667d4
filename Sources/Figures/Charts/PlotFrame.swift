/// The rectangle of a plot with its axes: grid, ticks and names around it, values mapped into it.
struct PlotFrame {
    let area: Rectangle
    let x: Scale
    let y: Scale

    static let tickSize = 9.0
    static let nameSize = 10.0
    static let titleSize = 11.5

    /// The place of a value; nil for one that is not finite, or not positive on a logarithmic axis.
    func place(_ value: Point) -> Point? {
        guard let across = x.share(of: value.x), let up = y.share(of: value.y) else { return nil }
        return Point(area.x + across * area.width, area.bottom - up * area.height)
    }

    /// Points that follow one another, broken where a value cannot be shown.
    func runs(_ values: [Point]) -> [[Point]] {
        var runs: [[Point]] = [[]]
        for value in values {
            if let point = place(value) {
                runs[runs.count - 1].append(point)
            } else if !runs[runs.count - 1].isEmpty {
                runs.append([])
            }
        }
        return runs.filter { !$0.isEmpty }
    }

    /// How much room the widest number left of the plot needs, with its distance.
    static func labelWidth(_ scale: Scale) -> Double {
        (scale.ticks.map { TextMetrics.width($0.text, size: tickSize) }.max() ?? 0) + 6
    }

    /// Draws the grid and the numbers.
    func drawAxes(on drawing: inout Drawing, showsXGrid: Bool = true, showsYGrid: Bool = true) {
        for tick in x.ticks {
            guard let share = x.share(of: tick.value) else { continue }
            let left = area.x + share * area.width
            if showsXGrid {
                drawing.line(Point(left, area.y), Point(left, area.bottom), Stroke(.grid, width: 0.75))
            }
            drawing.text(
                tick.text, at: Point(left, area.bottom + 5), size: Self.tickSize, anchor: .middle, baseline: .top,
                paint: .muted)
        }
        for tick in y.ticks {
            guard let share = y.share(of: tick.value) else { continue }
            let height = area.bottom - share * area.height
            if showsYGrid {
                drawing.line(Point(area.x, height), Point(area.right, height), Stroke(.grid, width: 0.75))
            }
            drawing.text(
                tick.text, at: Point(area.x - 6, height), size: Self.tickSize, anchor: .end, baseline: .middle,
                paint: .muted)
        }
        drawing.rectangle(area, stroke: Stroke(.muted, width: 0.75))
    }

    /// Draws the axes' names, cut where they are longer than the axis allows.
    ///
    /// - Parameter left: how far the upright name stands from the plot.
    func drawNames(x xName: String, y yName: String, left: Double, on drawing: inout Drawing) {
        let across = TextMetrics.fitted(xName, to: area.width + left, size: Self.nameSize)
        drawing.text(
            across, at: Point(area.middle.x, area.bottom + 20), size: Self.nameSize, anchor: .middle,
            baseline: .top)
        let up = TextMetrics.fitted(yName, to: area.height + 30, size: Self.nameSize)
        drawing.text(
            up, at: Point(area.x - left, area.middle.y), size: Self.nameSize, anchor: .middle, rotation: -90)
    }

    /// Draws a title over the middle of the plot.
    ///
    /// - Parameters:
    ///   - width: of the drawing, which the title does not leave.
    ///   - room: that the title may take, where less is left to it.
    func drawTitle(_ title: String, within width: Double, room: Double = .infinity, on drawing: inout Drawing) {
        let half = min(area.middle.x, width - area.middle.x)
        let fitted = TextMetrics.fitted(title, to: min(room, 2 * half - 8), size: Self.titleSize, isBold: true)
        drawing.text(
            fitted, at: Point(area.middle.x, area.y - 9), size: Self.titleSize, anchor: .middle, isBold: true)
    }

    /// Says in the middle of the plot why it is empty.
    func drawNote(_ note: String, on drawing: inout Drawing) {
        let fitted = TextMetrics.fitted(note, to: area.width - 8, size: Self.nameSize)
        drawing.text(
            fitted, at: area.middle, size: Self.nameSize, anchor: .middle, baseline: .middle, paint: .muted)
    }
}
