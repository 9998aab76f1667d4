/// How real numbers are written as bytes: `real = (byte - zeroPoint) * scale`.
struct AffineScale: Equatable {
    let scale: Float
    let zeroPoint: UInt8
    /// Power of the error over the power of the values it was chosen for.
    private(set) var noise: Float = 0

    var smallest: Float { -Float(zeroPoint) * scale }
    var largest: Float { Float(255 - Int(zeroPoint)) * scale }

    /// The scale for values in `low...high`, widened to hold zero exactly.
    init(low: Float, high: Float) {
        let (low, high) = (min(low, 0), max(high, 0))
        scale = max((high - low) / 255, 0x1p-60)
        zeroPoint = UInt8(max(0, min(255, (-low / scale).rounded())))
    }

    init(_ histogram: Histogram, _ ranges: Quantiser.Ranges) {
        let cells = histogram.occupied
        let power = cells.reduce(0) { $0 + Double($1.value) * Double($1.value) * Double($1.count) }
        var best = AffineScale(low: histogram.minimum, high: histogram.maximum)
        var error = best.error(cells)
        if ranges == .leastSquares {
            // Both ends shrink from the extremes to a third of them; a tensor without negative values has one end.
            let highs = histogram.maximum > 0 ? Self.shrinkings : [1]
            let lows = histogram.minimum < 0 ? Self.shrinkings : [1]
            for high in highs {
                for low in lows where abs(low - high) <= 0.31 || lows.count == 1 || highs.count == 1 {
                    let candidate = AffineScale(low: histogram.minimum * low, high: histogram.maximum * high)
                    let candidateError = candidate.error(cells, limit: error)
                    if candidateError < error { (best, error) = (candidate, candidateError) }
                }
            }
        }
        self = best
        noise = power > 0 ? Float(error / power) : 0
    }

    private static let shrinkings: [Float] = (0...22).map { 1 - Float($0) * 0.03 }

    /// The squared error summed over a histogram's cells; gives up when it passes `limit`.
    private func error(_ cells: [(value: Float, count: Int)], limit: Double = .infinity) -> Double {
        let (inverse, zero) = (1 / scale, Float(zeroPoint))
        var sum = 0.0
        for (value, count) in cells {
            let byte = max(0, min(255, (value * inverse).rounded(.toNearestOrEven) + zero))
            let difference = value - (byte - zero) * scale
            sum += Double(difference * difference) * Double(count)
            if sum > limit { break }
        }
        return sum
    }
}
