/// A smooth function through given points (piecewise cubic Hermite, slopes as of Catmull and Rom), constant
/// beyond the first and the last.
struct Curve {
    private let positions: [Float]
    private let heights: [Float]
    private let slopes: [Float]

    /// - Parameter points: position and value, positions ascending.
    init(_ points: [(Float, Float)]) {
        let positions = points.map(\.0)
        let heights = points.map(\.1)
        slopes = points.indices.map { index in
            let before = max(0, index - 1)
            let after = min(points.count - 1, index + 1)
            return (heights[after] - heights[before]) / max(1e-6, positions[after] - positions[before])
        }
        self.positions = positions
        self.heights = heights
    }

    func callAsFunction(_ position: Float) -> Float {
        guard position > positions[0] else { return heights[0] }
        guard let end = positions.firstIndex(where: { $0 > position }) else { return heights[heights.count - 1] }
        let start = end - 1
        let length = positions[end] - positions[start]
        let t = (position - positions[start]) / length
        let rest = 1 - t
        let flat = heights[start] * (1 + 2 * t) * rest * rest + heights[end] * (3 - 2 * t) * t * t
        return flat + (slopes[start] * rest - slopes[end] * t) * t * rest * length
    }

    /// The same curve with its values changed point by point.
    func mapped(_ change: (Float, Float) -> Float) -> Curve {
        Curve(zip(positions, heights).map { ($0, change($0, $1)) })
    }
}

/// A place in centimetres: `x` to the right of the picture's anatomical axis, `y` down.
struct Point {
    var x: Float
    var y: Float

    init(_ x: Float, _ y: Float) {
        self.x = x
        self.y = y
    }

    static func + (left: Point, right: Point) -> Point { Point(left.x + right.x, left.y + right.y) }
    static func - (left: Point, right: Point) -> Point { Point(left.x - right.x, left.y - right.y) }
    static func * (left: Point, scale: Float) -> Point { Point(left.x * scale, left.y * scale) }

    var length: Float { (x * x + y * y).squareRoot() }
    /// Length 1 in the same direction.
    var direction: Point { self * (1 / max(1e-6, length)) }
    /// A quarter turn.
    var across: Point { Point(-y, x) }
}

/// A smooth line through points, as short straight pieces.
struct Path {
    private(set) var points: [Point]

    init(points: [Point]) { self.points = points }

    /// - Parameter knots: at least two; the line goes through each.
    init(through knots: [Point], piecesPerKnot: Int = 5) {
        points = [knots[0]]
        for index in 0..<(knots.count - 1) {
            let before = knots[max(0, index - 1)]
            let (start, end) = (knots[index], knots[index + 1])
            let after = knots[min(knots.count - 1, index + 2)]
            for step in 1...piecesPerKnot {
                let t = Float(step) / Float(piecesPerKnot)
                let (a, b) = ((end - before) * 0.5, (after - start) * 0.5)
                let cubic = (start - end) * 2 + a + b
                let square = (end - start) * 3 - a * 2 - b
                points.append(((cubic * t + square) * t + a) * t + start)
            }
        }
    }

    /// The point at `fraction` (0...1) of the pieces.
    func point(at fraction: Float) -> Point {
        let position = clamped(fraction) * Float(points.count - 1)
        let index = min(points.count - 2, Int(position))
        return points[index] + (points[index + 1] - points[index]) * (position - Float(index))
    }
}
