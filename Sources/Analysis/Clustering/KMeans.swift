import Foundation
public import LightboxCore

/// k-means: groups whose rows lie near their mean (Lloyd 1982), begun by k-means++ with a few tries for each centre
/// (Arthur and Vassilvitskii 2007).
public struct KMeans: Sendable {
    public var clusters: Int
    /// Starts, of which the best is kept.
    public var starts = 10
    public var iterations = 300
    /// It ends when centres move by less, in units of the columns' mean variance.
    public var tolerance = 1e-4
    public var seed: UInt64 = 0

    public init(clusters: Int) { self.clusters = clusters }

    /// What came out.
    public struct Clustering: Sendable {
        /// The cluster of each row.
        public let labels: [Int]
        public let centres: FeatureMatrix
        /// The sum of squared distances to the centres.
        public let inertia: Double
    }

    /// - Throws: ``AnalysisError``; `CancellationError` when `isCancelled` says so.
    public func cluster(
        _ matrix: FeatureMatrix, progress: ProgressHandler? = nil, isCancelled: () -> Bool = { false }
    ) throws -> Clustering {
        guard (1...max(matrix.rows, 1)).contains(clusters), matrix.rows > 0 else {
            throw AnalysisError(
                .badInput, "kmeans",
                "\(matrix.rows) rows make no \(clusters) clusters. Ask for 1 to \(matrix.rows).")
        }
        try matrix.checkFinite()
        var best: Clustering?
        for start in 0..<max(starts, 1) {
            var run = try KMeansRun(matrix, seed: seed, start: start)
            run.chooseCentres(clusters)
            let found = try run.refine(iterations: iterations, tolerance: tolerance, isCancelled: isCancelled)
            if found.inertia < best?.inertia ?? .infinity { best = found }
            progress?(ProgressUpdate(stage: "kmeans", completed: start + 1, total: starts))
        }
        guard let best else {
            throw AnalysisError(.noSolution, "kmeans", "The squares of these numbers are too large for a sum.")
        }
        return best
    }
}

/// One start and its way to the end.
private struct KMeansRun {
    private let matrix: FeatureMatrix
    private let algebra: LinearAlgebra
    private let squares: [Float]
    private var random: SeededGenerator
    private var centres: FeatureMatrix
    private var products: [Float] = []
    private var labels: [Int]
    private var distances: [Float]

    init(_ matrix: FeatureMatrix, seed: UInt64, start: Int) throws {
        self.matrix = matrix
        algebra = try LinearAlgebra()
        squares = (0..<matrix.rows).map { row in matrix[row].reduce(Float(0)) { $0 + $1 * $1 } }
        random = SeededGenerator(seed: seed, stream: "kmeans \(start)")
        centres = FeatureMatrix(rows: 0, columns: matrix.columns)
        labels = [Int](repeating: 0, count: matrix.rows)
        distances = [Float](repeating: .infinity, count: matrix.rows)
    }

    /// Each next centre is a row drawn by its squared distance to the nearest so far; of a few such the one that helps most.
    mutating func chooseCentres(_ count: Int) {
        var chosen = [Int(random.next() % UInt64(matrix.rows))]
        var nearest = squaredDistances(to: chosen)
        let tries = 2 + Int(log(Double(count)))
        while chosen.count < count {
            let total = nearest.reduce(0.0) { $0 + Double($1) }
            var best: (row: Int, sum: Double, nearest: [Float])?
            for _ in 0..<tries {
                let row = drawn(nearest, total)
                let other = squaredDistances(to: [row])
                let joined = zip(nearest, other).map { min($0, $1) }
                let sum = joined.reduce(0.0) { $0 + Double($1) }
                if sum < best?.sum ?? .infinity { best = (row, sum, joined) }
            }
            guard let best else { break }
            chosen.append(best.row)
            nearest = best.nearest
        }
        centres = matrix.rows(chosen)
    }

    private mutating func drawn(_ weights: [Float], _ total: Double) -> Int {
        var left = random.uniform() * total
        for (row, weight) in weights.enumerated() {
            left -= Double(weight)
            if left < 0 { return row }
        }
        return Int(random.next() % UInt64(weights.count))
    }

    private mutating func squaredDistances(to rows: [Int]) -> [Float] {
        centres = matrix.rows(rows)
        assign()
        return distances
    }

    /// Gives each row its nearest centre.
    private mutating func assign() {
        let (length, count) = (matrix.columns, centres.rows)
        let own = (0..<count).map { row in centres[row].reduce(Float(0)) { $0 + $1 * $1 } }
        let size = max(1, min(matrix.rows, (1 << 20) / count))
        if products.count < size * count { products = [Float](repeating: 0, count: size * count) }
        for first in stride(from: 0, to: matrix.rows, by: size) {
            let block = min(size, matrix.rows - first)
            matrix.values.withUnsafeBufferPointer { values in
                algebra.products(
                    values.baseAddress! + first * length, block, centres.values, count, length: length,
                    into: &products)
            }
            for row in 0..<block {
                var (best, least) = (0, Float.infinity)
                for centre in 0..<count {
                    let distance = own[centre] - 2 * products[row * count + centre]
                    if distance < least { (best, least) = (centre, distance) }
                }
                labels[first + row] = best
                distances[first + row] = max(0, least + squares[first + row])
            }
        }
    }

    mutating func refine(
        iterations: Int, tolerance: Double, isCancelled: () -> Bool
    ) throws -> KMeans.Clustering {
        let mean = matrix.means
        var variance = 0.0
        matrix.inBlocks(less: mean) { _, _, block in for value in block { variance += value * value } }
        let limit = tolerance * variance / Double(matrix.values.count)
        for _ in 0..<iterations {
            guard !isCancelled() else { throw CancellationError() }
            let before = labels
            assign()
            let moved = move()
            if moved <= limit || labels == before { break }
        }
        assign()
        return KMeans.Clustering(labels: labels, centres: centres, inertia: inertia())
    }

    /// Makes each centre its rows' mean; one without rows becomes the row that is farthest from its own.
    ///
    /// - Returns: the sum of the squares by which centres moved.
    private mutating func move() -> Double {
        let length = matrix.columns
        var sums = [Double](repeating: 0, count: centres.values.count)
        var counts = [Int](repeating: 0, count: centres.rows)
        for (row, label) in labels.enumerated() {
            counts[label] += 1
            for column in 0..<length { sums[label * length + column] += Double(matrix[row, column]) }
        }
        var moved = 0.0
        for centre in 0..<centres.rows {
            if counts[centre] == 0, let far = distances.indices.max(by: { distances[$0] < distances[$1] }) {
                for column in 0..<length { sums[centre * length + column] = Double(matrix[far, column]) }
                distances[far] = 0
                counts[centre] = 1
            }
            for column in 0..<length {
                let next = Float(sums[centre * length + column] / Double(counts[centre]))
                let step = Double(next - centres[centre, column])
                moved += step * step
                centres[centre, column] = next
            }
        }
        return moved
    }

    private func inertia() -> Double {
        var sum = 0.0
        for (row, label) in labels.enumerated() {
            for (a, b) in zip(matrix[row], centres[label]) { sum += Double(a - b) * Double(a - b) }
        }
        return sum
    }
}
