/// The branching vessels of one lung: random walks outward from the hilum, thinner at each fork.
struct LungVessels {
    /// How much thicker than normal: congestion.
    var fullness: Float = 1
    private var strokes: [Stroke] = []

    init(fullness: Float) { self.fullness = fullness }

    /// - Parameters:
    ///   - directions: where the main branches go, and how far in centimetres.
    static func strokes(
        from hilum: Point, directions: [(Point, Float)], fullness: Float, _ draw: inout Draw
    ) -> [Stroke] {
        var vessels = LungVessels(fullness: fullness)
        for (direction, length) in directions {
            for _ in 0..<2 {
                let aside = Point(draw.normal() * 0.16, draw.normal() * 0.16)
                let start = hilum + Point(draw.normal() * 0.4, draw.normal() * 0.9)
                vessels.grow(
                    from: start, (direction + aside).direction, length: length * draw.within(0.8, 1.1),
                    radius: draw.within(0.26, 0.4), generation: 0, &draw)
            }
        }
        return vessels.strokes
    }

    private mutating func grow(
        from start: Point, _ direction: Point, length: Float, radius: Float, generation: Int, _ draw: inout Draw
    ) {
        var points = [start]
        var heading = direction
        let pieces = max(2, Int(length / 0.9))
        for piece in 0..<pieces {
            heading = (heading + heading.across * (draw.normal() * 0.16)).direction
            points.append(points[points.count - 1] + heading * (length / Float(pieces)))
            if generation < 3, piece > 0, draw.chance(0.5) {
                let turn: Float = draw.side() * draw.within(0.35, 0.9)
                let rest = length * (1 - Float(piece) / Float(pieces))
                grow(
                    from: points[points.count - 1], (heading + heading.across * turn).direction,
                    length: max(1, rest * draw.within(0.6, 1)),
                    radius: radius * (1 - 0.7 * Float(piece) / Float(pieces)) * 0.75, generation: generation + 1,
                    &draw)
            }
        }
        let drawn = radius * fullness
        strokes.append(
            Stroke(
                Path(points: points), radius: (drawn, drawn * 0.6, drawn * 0.2 + 0.03), weight: (1.3, 1.1)))
    }
}
