/// Seeded cloudiness: random numbers on ever finer grids, interpolated and added.
enum FractalNoise {
    /// Values around 0, mostly within -1...1.
    ///
    /// - Parameters:
    ///   - cell: the coarsest grid's spacing in pixels; each octave halves it.
    ///   - persistence: each octave's strength over the one before.
    static func plane(
        width: Int, height: Int, cell: Int, octaves: Int, persistence: Float = 0.55, _ draw: inout Draw
    ) -> Plane {
        let result = Plane(width: width, height: height)
        var strength: Float = 1
        var spacing = cell
        for _ in 0..<octaves where spacing >= 2 {
            add(spacing: spacing, strength: strength, to: result, &draw)
            strength *= persistence
            spacing /= 2
        }
        return result
    }

    private static func add(spacing: Int, strength: Float, to plane: Plane, _ draw: inout Draw) {
        let grid = Plane(width: plane.width / spacing + 2, height: plane.height / spacing + 2)
        for index in 0..<grid.count { grid.values[index] = draw.within(-strength, strength) }
        let weights = (0..<spacing).map { smoothStep(0, 1, Float($0) / Float(spacing)) }
        let line = Plane(width: grid.width, height: 1)
        for row in 0..<plane.height {
            let t = weights[row % spacing]
            let (upper, lower) = (grid.row(row / spacing), grid.row(row / spacing + 1))
            for index in 0..<grid.width { line.values[index] = upper[index] + (lower[index] - upper[index]) * t }
            let target = plane.row(row)
            var cell = 0
            var column = 0
            while column < plane.width {
                let (start, difference) = (line.values[cell], line.values[cell + 1] - line.values[cell])
                let end = min(spacing, plane.width - column)
                weights.withUnsafeBufferPointer { weights in
                    for offset in 0..<end { target[column + offset] += start + difference * weights[offset] }
                }
                column += spacing
                cell += 1
            }
        }
    }
}
