import Foundation
public import LightboxCore

/// Uniform manifold approximation and projection: a map of two dimensions that keeps neighbours and more of the distances
/// between groups than t-SNE does (McInnes, Healy and Melville, 2018).
///
/// It begins with the principal components. Edges are followed one after another, so that the same seed gives the same map.
public struct UMAP: Sendable {
    /// The row itself is one of them.
    public var neighbours = 15
    /// How close points of the map may lie.
    public var minimumDistance = 0.1
    public var spread = 1.0
    /// nil for 500 up to 10,000 rows, and 200 beyond.
    public var epochs: Int?
    public var seed: UInt64 = 0

    public init() {}

    /// - Returns: a row of two numbers for each row.
    /// - Throws: ``AnalysisError``; `CancellationError` when `isCancelled` says so.
    public func map(
        _ matrix: FeatureMatrix, progress: ProgressHandler? = nil, isCancelled: () -> Bool = { false }
    ) throws -> FeatureMatrix {
        guard neighbours >= 2 && neighbours <= matrix.rows else {
            throw AnalysisError(
                .badInput, "umap",
                "\(matrix.rows) rows have no \(neighbours) neighbours. Ask for 2 to \(matrix.rows).")
        }
        guard minimumDistance >= 0 && minimumDistance <= spread else {
            throw AnalysisError(
                .badInput, "umap", "The minimum distance lies between 0 and the spread, \(spread).")
        }
        let found = try NearestNeighbours(of: matrix, count: neighbours - 1, progress: progress)
        let graph = NeighbourGraph(found, weights: memberships(found)) { $0 + $1 - $0 * $1 }
        var layout = Layout(
            points: try start(matrix), curve: Curve(minimumDistance: minimumDistance, spread: spread), seed: seed)
        let epochs = epochs ?? (matrix.rows <= 10_000 ? 500 : 200)
        try layout.optimise(graph, epochs: epochs) { epoch in
            guard !isCancelled() else { throw CancellationError() }
            progress?(ProgressUpdate(stage: "umap", completed: epoch, total: epochs))
        }
        return FeatureMatrix(rows: matrix.rows, columns: 2, values: layout.points.map(Float.init))
    }

    /// How far each neighbour belongs to a row: 1 for the nearest, then falling at a rate with which they sum to log₂ k.
    private func memberships(_ found: NearestNeighbours) -> [Double] {
        let count = found.count
        let target = log2(Double(neighbours))
        let all = found.distances.reduce(0.0) { $0 + Double($1) } / Double(found.distances.count)
        var weights: [Double] = []
        weights.reserveCapacity(found.distances.count)
        for start in stride(from: 0, to: found.distances.count, by: count) {
            let distances = found.distances[start..<(start + count)].map(Double.init)
            let nearest = distances.first { $0 > 0 } ?? 0
            var (low, high, width) = (0.0, Double.infinity, 1.0)
            for _ in 0..<64 {
                let sum = distances.reduce(0.0) { $0 + exp(-max($1 - nearest, 0) / width) }
                guard abs(sum - target) > 1e-5 else { break }
                if sum > target { high = width } else { low = width }
                width = high.isInfinite ? 2 * width : (low + high) / 2
            }
            let mean = distances.reduce(0, +) / Double(count)
            width = max(width, 1e-3 * (nearest > 0 ? mean : all))
            weights += distances.map { $0 <= nearest || width == 0 ? 1 : exp(-($0 - nearest) / width) }
        }
        return weights
    }

    /// The first two principal components, the longest side 10, a little shaken so that equal rows can part.
    private func start(_ matrix: FeatureMatrix) throws -> [Double] {
        let components = try PrincipalComponents(of: matrix, count: min(2, matrix.columns))
        let projected = try components.project(matrix)
        let largest = projected.values.reduce(Float(0)) { max($0, abs($1)) }
        let scale = largest > 0 ? 10 / Double(largest) : 0
        var random = SeededGenerator(seed: seed, stream: "start")
        return (0..<(2 * matrix.rows)).map { index in
            let value = index % 2 < projected.columns ? Double(projected[index / 2, index % 2]) * scale : 0
            return value + 1e-4 * (2 * random.uniform() - 1)
        }
    }
}

/// 1 / (1 + a d^2b): how near points of the map are, from the distance at which they count as together.
package struct Curve: Sendable {
    package private(set) var a = 1.0
    package private(set) var b = 1.0

    /// The least squares fit to 1 up to the minimum distance and an exponential decay beyond, by Gauss and Newton's steps,
    /// damped.
    package init(minimumDistance: Double, spread: Double) {
        let distances = (1..<300).map { Double($0) * 3 * spread / 299 }
        let wanted = distances.map { $0 < minimumDistance ? 1 : exp(-($0 - minimumDistance) / spread) }
        func error(_ a: Double, _ b: Double) -> Double {
            zip(distances, wanted).reduce(0.0) { sum, pair in
                let difference = 1 / (1 + a * pow(pair.0, 2 * b)) - pair.1
                return sum + difference * difference
            }
        }
        var damping = 1e-3
        var best = error(a, b)
        for _ in 0..<500 {
            var (aa, ab, bb, ga, gb) = (0.0, 0.0, 0.0, 0.0, 0.0)
            for (distance, target) in zip(distances, wanted) {
                let power = pow(distance, 2 * b)
                let value = 1 / (1 + a * power)
                let (da, db) = (-value * value * power, -value * value * a * power * 2 * log(distance))
                aa += da * da
                ab += da * db
                bb += db * db
                ga += da * (value - target)
                gb += db * (value - target)
            }
            let (left, right) = (aa * (1 + damping), bb * (1 + damping))
            let determinant = left * right - ab * ab
            guard determinant > 0 else { break }
            let (stepA, stepB) = ((right * ga - ab * gb) / determinant, (left * gb - ab * ga) / determinant)
            let next = error(a - stepA, b - stepB)
            if next < best {
                (a, b, damping) = (a - stepA, b - stepB, damping / 3)
                let isDone = best - next < 1e-14 * best
                best = next
                if isDone { break }
            } else {
                damping *= 4
                if damping > 1e12 { break }
            }
        }
    }
}

/// Points that are pulled along edges and pushed from random others.
private struct Layout {
    var points: [Double]
    let curve: Curve
    private var random: SeededGenerator
    private static let pushesPerPull = 5.0

    init(points: [Double], curve: Curve, seed: UInt64) {
        self.points = points
        self.curve = curve
        random = SeededGenerator(seed: seed, stream: "layout")
    }

    /// - Parameter report: called after each epoch.
    mutating func optimise(_ graph: NeighbourGraph, epochs: Int, report: (Int) throws -> Void) throws {
        let heaviest = graph.weights.max() ?? 1
        var edges: [(from: Int, to: Int, period: Double)] = []
        for row in 0..<graph.rows {
            for edge in graph.starts[row]..<graph.starts[row + 1]
            where graph.weights[edge] * Double(epochs) >= heaviest {
                edges.append((row, Int(graph.targets[edge]), heaviest / graph.weights[edge]))
            }
        }
        var next = edges.map(\.period)
        var nextPush = edges.map { $0.period / Self.pushesPerPull }
        for epoch in 0..<epochs {
            let rate = 1 - Double(epoch) / Double(epochs)
            for (index, edge) in edges.enumerated() where next[index] <= Double(epoch) {
                pull(edge.from, edge.to, rate)
                next[index] += edge.period
                let period = edge.period / Self.pushesPerPull
                let pushes = max(0, Int((Double(epoch) - nextPush[index]) / period))
                for _ in 0..<pushes {
                    push(edge.from, from: Int(random.next() % UInt64(graph.rows)), rate)
                }
                nextPush[index] += Double(pushes) * period
            }
            try report(epoch + 1)
        }
    }

    private mutating func pull(_ row: Int, _ other: Int, _ rate: Double) {
        let square = square(row, other)
        guard square > 0 else { return }
        let factor =
            -2 * curve.a * curve.b * pow(square, curve.b - 1) / (curve.a * pow(square, curve.b) + 1)
        for axis in 0..<2 {
            let step = limited(factor * (points[2 * row + axis] - points[2 * other + axis])) * rate
            points[2 * row + axis] += step
            points[2 * other + axis] -= step
        }
    }

    private mutating func push(_ row: Int, from other: Int, _ rate: Double) {
        guard row != other else { return }
        let square = square(row, other)
        guard square > 0 else { return }
        let factor = 2 * curve.b / ((0.001 + square) * (curve.a * pow(square, curve.b) + 1))
        for axis in 0..<2 {
            points[2 * row + axis] += limited(factor * (points[2 * row + axis] - points[2 * other + axis])) * rate
        }
    }

    private func square(_ row: Int, _ other: Int) -> Double {
        let (dx, dy) = (points[2 * row] - points[2 * other], points[2 * row + 1] - points[2 * other + 1])
        return dx * dx + dy * dy
    }

    private func limited(_ step: Double) -> Double { max(-4, min(4, step)) }
}
