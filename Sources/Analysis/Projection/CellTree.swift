/// Points of a plane in nested squares, each with its centre of mass (Barnes and Hut 1986).
///
/// Nodes stand in the order of a walk, each with the place where the walk goes on behind it, so that a walk needs no stack.
package struct CellTree: Sendable {
    private struct Cell {
        var x: Float
        var y: Float
        var count: Float
        /// The square of its width; 0 for one that is not divided.
        var square: Float
        /// The next cell that is not inside this one.
        var next: Int32 = 0
    }

    private var cells: [Cell] = []

    /// - Parameter points: x and y of each, at least one.
    package init(_ points: [Double]) {
        let count = points.count / 2
        var (least, most) = ((x: Double.infinity, y: Double.infinity), (x: -Double.infinity, y: -Double.infinity))
        for index in 0..<count {
            least = (min(least.x, points[2 * index]), min(least.y, points[2 * index + 1]))
            most = (max(most.x, points[2 * index]), max(most.y, points[2 * index + 1]))
        }
        let width = max(most.x - least.x, most.y - least.y, .leastNormalMagnitude)
        cells.reserveCapacity(2 * count)
        var order = Array(0..<Int32(count))
        points.withUnsafeBufferPointer { points in
            order.withUnsafeMutableBufferPointer { order in
                divide(
                    order, points, (x: (least.x + most.x) / 2, y: (least.y + most.y) / 2), width: width, depth: 0)
            }
        }
    }

    private mutating func divide(
        _ order: UnsafeMutableBufferPointer<Int32>, _ points: UnsafeBufferPointer<Double>,
        _ middle: (x: Double, y: Double), width: Double, depth: Int
    ) {
        var (x, y) = (0.0, 0.0)
        for point in order {
            x += points[2 * Int(point)]
            y += points[2 * Int(point) + 1]
        }
        let count = Double(order.count)
        let place = cells.count
        // Points that even the smallest square does not part are one heavy point.
        let isWhole = order.count == 1 || depth == 48
        let square = isWhole ? 0 : Float(width * width)
        cells.append(Cell(x: Float(x / count), y: Float(y / count), count: Float(count), square: square))
        if !isWhole {
            let right = Self.part(order) { points[2 * Int($0)] < middle.x }
            for (half, sideX) in [(order[..<right], -1.0), (order[right...], 1.0)] {
                let half = UnsafeMutableBufferPointer(rebasing: half)
                let above = Self.part(half) { points[2 * Int($0) + 1] < middle.y }
                for (quarter, sideY) in [(half[..<above], -1.0), (half[above...], 1.0)] where !quarter.isEmpty {
                    divide(
                        UnsafeMutableBufferPointer(rebasing: quarter), points,
                        (x: middle.x + sideX * width / 4, y: middle.y + sideY * width / 4), width: width / 2,
                        depth: depth + 1)
                }
            }
        }
        cells[place].next = Int32(cells.count)
    }

    /// Puts those for which `isFirst` holds in front.
    private static func part(
        _ order: UnsafeMutableBufferPointer<Int32>, where isFirst: (Int32) -> Bool
    ) -> Int {
        var border = 0
        for index in order.indices where isFirst(order[index]) {
            order.swapAt(index, border)
            border += 1
        }
        return border
    }

    /// The sums over all other points of 1 / (1 + d²) and of (difference) / (1 + d²)².
    ///
    /// - Parameters:
    ///   - x, y: one of the tree's points.
    ///   - angle: a cell whose width is less than so much of its distance counts as one point.
    package func push(x: Float, y: Float, angle: Float) -> (sum: Double, x: Double, y: Double) {
        cells.withUnsafeBufferPointer { cells in
            let limit = angle * angle
            var (sum, sumX, sumY) = (0.0, 0.0, 0.0)
            var index = 0
            while index < cells.count {
                let cell = cells[index]
                let (dx, dy) = (x - cell.x, y - cell.y)
                let square = dx * dx + dy * dy
                guard cell.square <= limit * square else {
                    index += 1
                    continue
                }
                index = Int(cell.next)
                let weight = 1 / (1 + square)
                let mass = cell.count * weight
                sum += Double(mass)
                sumX += Double(mass * weight * dx)
                sumY += Double(mass * weight * dy)
            }
            // The point itself has weight 1.
            return (sum - 1, sumX, sumY)
        }
    }
}
