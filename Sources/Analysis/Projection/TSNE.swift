import Foundation
public import LightboxCore

/// t-distributed stochastic neighbour embedding: a map of two dimensions in which near rows stay near.
///
/// Barnes and Hut's approximation (van der Maaten, JMLR 15, 2014), which begins with the principal components
/// and so needs no seed: the same rows give the same map every time.
public struct TSNE: Sendable {
    /// How many neighbours a row has, in effect; below a third of the rows.
    public var perplexity = 30.0
    public var iterations = 1000
    /// How wide a cell may look and still count as one point; 0 computes exactly.
    public var angle = 0.5
    /// How much neighbours attract in the first quarter of the iterations, at most 250.
    public var exaggeration = 12.0
    /// nil for a twelfth of the rows by 4, 50 at least (Belkina et al. 2019).
    public var learningRate: Double?

    public init() {}

    /// What came out.
    public struct Map: Sendable {
        /// A row of two numbers each.
        public let points: FeatureMatrix
        /// Kullback and Leibler's divergence of the map's neighbourhoods from the rows'; what was made small.
        public let divergence: Double
    }

    /// - Throws: ``AnalysisError``; `CancellationError` when `isCancelled` says so.
    public func map(
        _ matrix: FeatureMatrix, progress: ProgressHandler? = nil, isCancelled: () -> Bool = { false }
    ) throws -> Map {
        guard perplexity >= 1 && 3 * perplexity < Double(matrix.rows) else {
            throw AnalysisError(
                .badInput, "tsne",
                "A perplexity of \(perplexity) needs more than \(Int(3 * perplexity)) rows; there are \(matrix.rows)."
            )
        }
        let neighbours = try NearestNeighbours(
            of: matrix, count: min(matrix.rows - 1, Int(3 * perplexity)), progress: progress)
        let affinities = affinities(neighbours)
        var state = Descent(start: try start(matrix))
        let early = min(250, iterations / 4)
        let rate = learningRate ?? max(Double(matrix.rows) / exaggeration / 4, 50)
        for iteration in 0..<iterations {
            guard !isCancelled() else { throw CancellationError() }
            let isEarly = iteration < early
            let gradient = gradient(
                at: state.points, affinities, exaggeration: isEarly ? exaggeration : 1)
            let norm = state.step(gradient, rate: rate, momentum: isEarly ? 0.5 : 0.8)
            if (iteration + 1) % 10 == 0 {
                progress?(ProgressUpdate(stage: "tsne", completed: iteration + 1, total: iterations))
            }
            if !isEarly && norm < 1e-7 { break }
        }
        let points = FeatureMatrix(rows: matrix.rows, columns: 2, values: state.points.map(Float.init))
        return Map(points: points, divergence: divergence(state.points, affinities))
    }

    /// The first two principal components, small.
    private func start(_ matrix: FeatureMatrix) throws -> [Double] {
        let components = try PrincipalComponents(of: matrix, count: min(2, matrix.columns))
        let projected = try components.project(matrix)
        let scale = components.explainedVariance[0] > 0 ? 1e-4 / components.explainedVariance[0].squareRoot() : 0
        return (0..<(2 * matrix.rows)).map { index in
            index % 2 < projected.columns ? Double(projected[index / 2, index % 2]) * scale : 0
        }
    }

    /// How likely rows are neighbours of each other: widths are chosen so that each has the perplexity, both directions are
    /// averaged, all sum to 1.
    private func affinities(_ neighbours: NearestNeighbours) -> NeighbourGraph {
        let count = neighbours.count
        let rows = neighbours.indices.count / count
        var weights = [Double](repeating: 0, count: rows * count)
        for row in 0..<rows {
            let squares = neighbours.distances[(row * count)..<((row + 1) * count)].map { Double($0) * Double($0) }
            let own = Self.conditional(squares, entropy: log(perplexity))
            for (place, weight) in own.enumerated() { weights[row * count + place] = weight }
        }
        return NeighbourGraph(neighbours, weights: weights) { ($0 + $1) / (2 * Double(rows)) }
    }

    /// exp(−β d²), normalised, with the β that gives the entropy; found by bisection.
    static func conditional(_ squares: [Double], entropy target: Double) -> [Double] {
        var (beta, low, high) = (1.0, 0.0, Double.infinity)
        let least = squares.min() ?? 0
        var weights: [Double] = []
        for _ in 0..<100 {
            weights = squares.map { exp(-beta * ($0 - least)) }
            let sum = weights.reduce(0, +)
            let mean = zip(weights, squares).reduce(0.0) { $0 + $1.0 * ($1.1 - least) } / sum
            for index in weights.indices { weights[index] /= sum }
            let difference = log(sum) + beta * mean - target
            guard abs(difference) > 1e-5 else { break }
            if difference > 0 { low = beta } else { high = beta }
            beta = high.isInfinite ? 2 * beta : (low + high) / 2
        }
        return weights
    }

    private func gradient(at points: [Double], _ affinities: NeighbourGraph, exaggeration: Double) -> [Double] {
        let tree = CellTree(points)
        let rows = affinities.rows
        // Each part's own sum, added in their order, so that the number of cores changes nothing.
        let parts = min(rows, 64)
        let forces = Forces(rows: rows, parts: parts)
        DispatchQueue.concurrentPerform(iterations: parts) { part in
            var sum = 0.0
            for row in (rows * part / parts)..<(rows * (part + 1) / parts) {
                let (x, y) = (points[2 * row], points[2 * row + 1])
                var (pullX, pullY) = (0.0, 0.0)
                for edge in affinities.starts[row]..<affinities.starts[row + 1] {
                    let other = 2 * Int(affinities.targets[edge])
                    let (dx, dy) = (x - points[other], y - points[other + 1])
                    let weight = affinities.weights[edge] / (1 + dx * dx + dy * dy)
                    pullX += weight * dx
                    pullY += weight * dy
                }
                let pushed = tree.push(x: Float(x), y: Float(y), angle: Float(angle))
                (forces.pull[2 * row], forces.pull[2 * row + 1]) = (pullX, pullY)
                (forces.push[2 * row], forces.push[2 * row + 1]) = (pushed.x, pushed.y)
                sum += pushed.sum
            }
            forces.sums[part] = sum
        }
        let total = max(forces.sums.reduce(0, +), .leastNormalMagnitude)
        return (0..<(2 * rows)).map { 4 * (exaggeration * forces.pull[$0] - forces.push[$0] / total) }
    }

    private func divergence(_ points: [Double], _ affinities: NeighbourGraph) -> Double {
        let tree = CellTree(points)
        let total = (0..<affinities.rows).reduce(0.0) {
            $0 + tree.push(x: Float(points[2 * $1]), y: Float(points[2 * $1 + 1]), angle: Float(angle)).sum
        }
        var sum = 0.0
        for row in 0..<affinities.rows {
            for edge in affinities.starts[row]..<affinities.starts[row + 1] {
                let other = 2 * Int(affinities.targets[edge])
                let (dx, dy) = (points[2 * row] - points[other], points[2 * row + 1] - points[other + 1])
                let weight = affinities.weights[edge]
                guard weight > 0 else { continue }
                sum += weight * log(weight * total * (1 + dx * dx + dy * dy))
            }
        }
        return sum
    }
}

/// Where threads put the forces on their rows.
private final class Forces: @unchecked Sendable {
    // Unchecked: every row and every part has one thread.
    let pull, push, sums: UnsafeMutableBufferPointer<Double>

    init(rows: Int, parts: Int) {
        pull = .allocate(capacity: 2 * rows)
        push = .allocate(capacity: 2 * rows)
        sums = .allocate(capacity: parts)
    }

    deinit { for buffer in [pull, push, sums] { buffer.deallocate() } }
}

/// Gradient descent with momentum and a gain for every coordinate (Jacobs 1988).
private struct Descent {
    private(set) var points: [Double]
    private var steps: [Double]
    private var gains: [Double]

    init(start: [Double]) {
        points = start
        steps = [Double](repeating: 0, count: start.count)
        gains = [Double](repeating: 1, count: start.count)
    }

    /// - Returns: the gradient's length.
    mutating func step(_ gradient: [Double], rate: Double, momentum: Double) -> Double {
        var square = 0.0
        for index in gradient.indices {
            let slope = gradient[index]
            square += slope * slope
            gains[index] = max(0.01, steps[index] * slope < 0 ? gains[index] + 0.2 : gains[index] * 0.8)
            steps[index] = momentum * steps[index] - rate * gains[index] * slope
            points[index] += steps[index]
        }
        return square.squareRoot()
    }
}
