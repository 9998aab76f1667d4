import Foundation

/// Makes a smooth function small: limited-memory BFGS (Nocedal and Wright, Numerical Optimization, 2006, algorithm 7.4) with a
/// line search that obeys the Wolfe conditions.
struct LBFGS {
    var memory = 10
    var iterations = 1000
    /// It ends when no number of the gradient is larger.
    var gradientTolerance = 1e-5
    /// It ends when a step makes the value smaller by less, relatively.
    var valueTolerance = 1e-13

    typealias Value = (value: Double, gradient: [Double])

    struct Minimum {
        let point: [Double]
        let value: Double
        let iterations: Int
        let hasConverged: Bool
    }

    /// - Parameters:
    ///   - function: the value at a point, with the gradient.
    ///   - report: called after each iteration with the value.
    func minimise(
        from start: [Double], _ function: ([Double]) throws -> Value,
        report: (Int, Double) throws -> Void = { _, _ in }
    ) throws -> Minimum {
        var point = start
        var current = try function(point)
        var pairs: [(step: [Double], change: [Double], weight: Double)] = []
        for iteration in 0..<iterations {
            guard Self.largest(current.gradient) > gradientTolerance else {
                return Minimum(point: point, value: current.value, iterations: iteration, hasConverged: true)
            }
            var direction = Self.direction(current.gradient, pairs)
            if Self.dot(direction, current.gradient) >= 0 {
                pairs = []
                direction = current.gradient.map { -$0 }
            }
            let first = pairs.isEmpty ? min(1, 1 / Self.dot(direction, direction).squareRoot()) : 1
            guard let (length, next) = try Self.search(from: point, current, along: direction, first, function)
            else {
                return Minimum(point: point, value: current.value, iterations: iteration, hasConverged: false)
            }
            let step = direction.map { length * $0 }
            let change = zip(next.gradient, current.gradient).map { $0 - $1 }
            let product = Self.dot(step, change)
            if product > 1e-10 * Self.dot(change, change) {
                pairs.append((step, change, 1 / product))
                if pairs.count > memory { pairs.removeFirst() }
            }
            for index in point.indices { point[index] += step[index] }
            let gain = (current.value - next.value) / max(abs(current.value), abs(next.value), 1)
            current = next
            try report(iteration + 1, current.value)
            if gain <= valueTolerance {
                return Minimum(point: point, value: current.value, iterations: iteration + 1, hasConverged: true)
            }
        }
        return Minimum(point: point, value: current.value, iterations: iterations, hasConverged: false)
    }

    /// The two loops of algorithm 7.4.
    private static func direction(
        _ gradient: [Double], _ pairs: [(step: [Double], change: [Double], weight: Double)]
    ) -> [Double] {
        var direction = gradient.map { -$0 }
        var shares: [Double] = []
        for pair in pairs.reversed() {
            let share = pair.weight * dot(pair.step, direction)
            shares.append(share)
            add(-share, pair.change, to: &direction)
        }
        if let last = pairs.last {
            let scale = 1 / (last.weight * dot(last.change, last.change))
            for index in direction.indices { direction[index] *= scale }
        }
        for (pair, share) in zip(pairs, shares.reversed()) {
            add(share - pair.weight * dot(pair.change, direction), pair.step, to: &direction)
        }
        return direction
    }

    /// A length that makes the value smaller by enough and the slope flat enough, by bisection (Lewis and Overton 2013); nil
    /// where rounding hides any.
    private static func search(
        from point: [Double], _ start: Value, along direction: [Double], _ first: Double,
        _ function: ([Double]) throws -> Value
    ) throws -> (Double, Value)? {
        let slope = dot(start.gradient, direction)
        var (low, high, length) = (0.0, Double.infinity, first)
        var best: (Double, Value)?
        for _ in 0..<60 {
            let next = try function(zip(point, direction).map { $0 + length * $1 })
            if next.value.isFinite && next.value <= start.value + 1e-4 * length * slope {
                best = (length, next)
                if dot(next.gradient, direction) >= 0.9 * slope { break }
                low = length
            } else {
                high = length
            }
            length = high.isInfinite ? 2 * length : (low + high) / 2
        }
        return best
    }

    static func dot(_ a: [Double], _ b: [Double]) -> Double {
        var sum = 0.0
        for index in a.indices { sum += a[index] * b[index] }
        return sum
    }

    private static func add(_ factor: Double, _ a: [Double], to b: inout [Double]) {
        for index in a.indices { b[index] += factor * a[index] }
    }

    private static func largest(_ values: [Double]) -> Double { values.reduce(0) { max($0, abs($1)) } }
}
