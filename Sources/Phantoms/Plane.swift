/// A picture of lengths, counts or fractions while it is being made: `width * height` numbers, rows from the top.
///
/// A class, so that the drawing functions can add to it in place; it stays within one radiograph's making.
final class Plane {
    let width: Int
    let height: Int
    let values: UnsafeMutablePointer<Float>

    init(width: Int, height: Int, filledWith value: Float = 0) {
        precondition(width > 0 && height > 0)
        self.width = width
        self.height = height
        // Whole eights, so that vector loops need no remainder.
        let capacity = (width * height + 7) / 8 * 8
        values = .allocate(capacity: capacity)
        values.initialize(repeating: value, count: capacity)
    }

    deinit { values.deallocate() }

    var count: Int { width * height }

    func row(_ row: Int) -> UnsafeMutablePointer<Float> { values + row * width }

    /// The mean of each block of `factor` × `factor` numbers; blocks at the right and lower edge may be smaller.
    func reduced(by factor: Int) -> Plane {
        let small = Plane(width: (width + factor - 1) / factor, height: (height + factor - 1) / factor)
        for y in 0..<small.height {
            let rows = y * factor..<min(height, (y + 1) * factor)
            for x in 0..<small.width {
                let columns = x * factor..<min(width, (x + 1) * factor)
                var sum: Float = 0
                for row in rows {
                    let line = self.row(row)
                    for column in columns { sum += line[column] }
                }
                small.row(y)[x] = sum / Float(rows.count * columns.count)
            }
        }
        return small
    }

    /// Three running means in each direction, close to a Gaussian of standard deviation `radius` pixels.
    func blurred(radius: Int) -> Plane {
        let result = Plane(width: width, height: height)
        result.values.update(from: values, count: count)
        let line = Plane(width: max(width, height), height: 1)
        for _ in 0..<3 {
            for row in 0..<height {
                runningMean(result.row(row), step: 1, count: width, radius: radius, scratch: line.values)
            }
            for column in 0..<width {
                runningMean(
                    result.values + column, step: width, count: height, radius: radius, scratch: line.values)
            }
        }
        return result
    }

    /// Linear interpolation between block centres: the inverse of ``reduced(by:)``.
    func enlarged(by factor: Int, width: Int, height: Int) -> Plane {
        let large = Plane(width: width, height: height)
        let columns = Interpolation(count: width, factor: factor, limit: self.width)
        let rows = Interpolation(count: height, factor: factor, limit: self.height)
        for y in 0..<height {
            let upper = row(rows.low[y])
            let lower = row(rows.high[y])
            let t = rows.weight[y]
            let target = large.row(y)
            for x in 0..<width {
                let (a, b, s) = (columns.low[x], columns.high[x], columns.weight[x])
                let above = upper[a] + (upper[b] - upper[a]) * s
                let below = lower[a] + (lower[b] - lower[a]) * s
                target[x] = above + (below - above) * t
            }
        }
        return large
    }
}

/// Which two block centres each position lies between, and how far.
private struct Interpolation {
    var low: [Int] = []
    var high: [Int] = []
    var weight: [Float] = []

    init(count: Int, factor: Int, limit: Int) {
        for index in 0..<count {
            let position = max(0, (Float(index) + 0.5) / Float(factor) - 0.5)
            let first = min(limit - 1, Int(position))
            low.append(first)
            high.append(min(limit - 1, first + 1))
            weight.append(position - Float(first))
        }
    }
}

/// Replaces each of `count` numbers by the mean of those at most `radius` away; the ends repeat.
private func runningMean(
    _ values: UnsafeMutablePointer<Float>, step: Int, count: Int, radius: Int, scratch: UnsafeMutablePointer<Float>
) {
    for index in 0..<count { scratch[index] = values[index * step] }
    let scale = 1 / Float(2 * radius + 1)
    var sum = scratch[0] * Float(radius)
    for index in 0...radius { sum += scratch[min(index, count - 1)] }
    for index in 0..<count {
        values[index * step] = sum * scale
        sum += scratch[min(index + radius + 1, count - 1)] - scratch[max(index - radius, 0)]
    }
}
