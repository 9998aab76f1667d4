/// A drawn line with a round cross-section: a rib, a vessel, a tube.
struct Stroke {
    /// How much material a ray meets at a distance from the middle line.
    enum Section {
        /// A full cylinder: the chord, `2 √(r² - d²)` at most 2 r.
        case solid
        /// A shell around a weaker core, as cortical bone: bright edges. `core` is what part of the inside is empty.
        case shell(core: Float)
        /// Full in the middle, fading to the edge.
        case soft
    }

    let path: Path
    /// Centimetres, at the start, in the middle and at the end.
    let radius: (Float, Float, Float)
    /// What the material counts for, at the start and at the end.
    let weight: (Float, Float)
    let section: Section

    init(
        _ path: Path, radius: (Float, Float, Float), weight: (Float, Float) = (1, 1), section: Section = .solid
    ) {
        self.path = path
        self.radius = radius
        self.weight = weight
        self.section = section
    }

    init(_ path: Path, radius: Float, weight: Float = 1, section: Section = .solid) {
        self.init(path, radius: (radius, radius, radius), weight: (weight, weight), section: section)
    }

    private func radius(at t: Float) -> Float {
        t < 0.5
            ? radius.0 + (radius.1 - radius.0) * 2 * t
            : radius.1 + (radius.2 - radius.1) * (2 * t - 1)
    }

    /// Raises `plane` to the stroke's thickness in centimetres times its weight; where strokes cross, the
    /// thicker counts.
    func draw(on plane: Plane, _ canvas: Canvas) {
        let count = path.points.count - 1
        let scale = canvas.pixelsPerCentimetre
        for index in 0..<count {
            let (t0, t1) = (Float(index) / Float(count), Float(index + 1) / Float(count))
            let piece = Piece(
                start: canvas.pixel(path.points[index]), end: canvas.pixel(path.points[index + 1]),
                radii: (radius(at: t0) * scale, radius(at: t1) * scale),
                weights: (
                    (weight.0 + (weight.1 - weight.0) * t0) / scale,
                    (weight.0 + (weight.1 - weight.0) * t1) / scale
                ))
            switch section {
            case .solid: piece.draw(on: plane) { square, radius in 2 * (radius * radius - square).squareRoot() }
            case .shell(let core):
                piece.draw(on: plane) { square, radius in
                    let inner = radius * 0.78
                    let hollow = positive(inner * inner - square).squareRoot()
                    return 2 * ((radius * radius - square).squareRoot() - core * hollow)
                }
            case .soft:
                piece.draw(on: plane) { square, radius in
                    let t = 1 - square / (radius * radius)
                    return 2 * radius * t * t
                }
            }
        }
    }
}

/// One straight piece of a stroke, in pixels.
private struct Piece {
    let start: Point
    let end: Point
    let radii: (Float, Float)
    let weights: (Float, Float)

    @inline(__always)
    func draw(on plane: Plane, _ thickness: (_ squaredDistance: Float, _ radius: Float) -> Float) {
        let reach = max(radii.0, radii.1) + 0.5
        let rows = range(min(start.y, end.y) - reach, max(start.y, end.y) + reach, plane.height)
        let columns = range(min(start.x, end.x) - reach, max(start.x, end.x) + reach, plane.width)
        let along = end - start
        let scale = 1 / max(1e-6, along.x * along.x + along.y * along.y)
        for row in rows {
            let line = plane.row(row)
            let dy = Float(row) - start.y
            for column in columns {
                let dx = Float(column) - start.x
                let t = clamped((dx * along.x + dy * along.y) * scale)
                let (x, y) = (dx - t * along.x, dy - t * along.y)
                let square = x * x + y * y
                let radius = radii.0 + (radii.1 - radii.0) * t
                // Thinner than a pixel: as wide as one, and as much weaker.
                let drawn = max(radius, 0.7)
                guard square < drawn * drawn else { continue }
                let weight = (weights.0 + (weights.1 - weights.0) * t) * (radius / drawn)
                let value = thickness(square, drawn) * weight
                if value > line[column] { line[column] = value }
            }
        }
    }

    private func range(_ low: Float, _ high: Float, _ limit: Int) -> Range<Int> {
        let first = min(limit, max(0, Int(low)))
        return first..<max(first, min(limit, Int(max(0, high)) + 1))
    }
}
