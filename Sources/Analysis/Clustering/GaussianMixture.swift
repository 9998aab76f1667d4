import Foundation
public import LightboxCore

/// A mixture of normal distributions, fitted by expectation and maximisation (Dempster, Laird and Rubin 1977), begun by
/// k-means.
public struct GaussianMixture: Sendable {
    /// Which covariances a component may have.
    public enum Covariance: String, Sendable, CaseIterable {
        /// Any; needs more rows in each component than there are columns.
        case full
        /// No correlations.
        case diagonal
    }

    public var components: Int
    public var covariance = Covariance.full
    /// Added to every variance, so that none vanishes.
    public var regularisation = 1e-6
    public var iterations = 100
    /// It ends when the mean log-likelihood grows by less.
    public var tolerance = 1e-3
    /// Starts, of which the best is kept.
    public var starts = 1
    public var seed: UInt64 = 0

    public init(components: Int) { self.components = components }

    /// What came out.
    public struct Fit: Sendable {
        /// The likeliest component of each row.
        public let labels: [Int]
        /// `rows` × `components`.
        public let probabilities: [Double]
        public let weights: [Double]
        /// `components` × `columns`.
        public let means: [Double]
        /// A row's log-likelihood, in the mean; what was made large.
        public let logLikelihood: Double
        public let hasConverged: Bool
    }

    /// - Throws: ``AnalysisError``; `CancellationError` when `isCancelled` says so.
    public func fit(
        _ matrix: FeatureMatrix, progress: ProgressHandler? = nil, isCancelled: () -> Bool = { false }
    ) throws -> Fit {
        guard (1...max(matrix.rows, 1)).contains(components), matrix.rows > 1 else {
            throw AnalysisError(
                .badInput, "gmm", "\(matrix.rows) rows make no \(components) components. Ask for fewer.")
        }
        var best: Fit?
        for start in 0..<max(starts, 1) {
            var means = KMeans(clusters: components)
            (means.starts, means.seed) = (1, seed &+ UInt64(start))
            var run = MixtureRun(
                self, matrix, try LinearAlgebra(),
                labels: try means.cluster(matrix, isCancelled: isCancelled).labels)
            let found = try run.climb { iteration in
                guard !isCancelled() else { throw CancellationError() }
                progress?(ProgressUpdate(stage: "gmm", completed: iteration, total: iterations))
            }
            if found.logLikelihood > best?.logLikelihood ?? -.infinity { best = found }
        }
        guard let best else { throw AnalysisError(.noSolution, "gmm", "The likelihood is not a number.") }
        return best
    }
}

/// One start and its way to the end. Everything is in 64 bits.
private struct MixtureRun {
    private let settings: GaussianMixture
    private let matrix: FeatureMatrix
    private let algebra: LinearAlgebra
    /// `rows` × `components`: how likely a row is of a component.
    private var shares: [Double]
    private var weights: [Double] = []
    private var means: [Double] = []
    /// Of each component, W with Wᵀ · W the inverse of the covariance: n × n, or n numbers of a diagonal one.
    private var whitenings: [[Double]] = []
    private var logDeterminants: [Double] = []

    private var count: Int { settings.components }
    private var length: Int { matrix.columns }

    init(_ settings: GaussianMixture, _ matrix: FeatureMatrix, _ algebra: LinearAlgebra, labels: [Int]) {
        self.settings = settings
        self.matrix = matrix
        self.algebra = algebra
        shares = [Double](repeating: 0, count: matrix.rows * settings.components)
        for (row, label) in labels.enumerated() { shares[row * settings.components + label] = 1 }
    }

    mutating func climb(report: (Int) throws -> Void) throws -> GaussianMixture.Fit {
        try maximise()
        var bound = -Double.infinity
        var hasConverged = false
        for iteration in 0..<settings.iterations {
            let next = expect()
            try maximise()
            try report(iteration + 1)
            hasConverged = abs(next - bound) < settings.tolerance
            bound = next
            if hasConverged { break }
        }
        let likelihood = expect()
        let labels = (0..<matrix.rows).map { row in
            (0..<count).max { shares[row * count + $0] < shares[row * count + $1] } ?? 0
        }
        return GaussianMixture.Fit(
            labels: labels, probabilities: shares, weights: weights, means: means, logLikelihood: likelihood,
            hasConverged: hasConverged)
    }

    /// Shares from the components; returns the mean log-likelihood.
    private mutating func expect() -> Double {
        var logs = [Double](repeating: 0, count: matrix.rows * count)
        let constant = Double(length) * log(2 * Double.pi)
        for component in 0..<count {
            let base = log(weights[component]) - 0.5 * (constant + logDeterminants[component])
            let mean = Array(means[(component * length)..<((component + 1) * length)])
            var white = [Double](repeating: 0, count: 2048 * length)
            matrix.inBlocks(less: mean) { first, rows, block in
                whiten(block.baseAddress!, rows, component, into: &white)
                for row in 0..<rows {
                    var square = 0.0
                    for column in 0..<length {
                        square += white[row * length + column] * white[row * length + column]
                    }
                    logs[(first + row) * count + component] = base - 0.5 * square
                }
            }
        }
        var total = 0.0
        for row in 0..<matrix.rows {
            let own = logs[(row * count)..<((row + 1) * count)]
            let largest = own.max() ?? 0
            let sum = largest + log(own.reduce(0.0) { $0 + exp($1 - largest) })
            total += sum
            for component in 0..<count {
                shares[row * count + component] = exp(logs[row * count + component] - sum)
            }
        }
        return total / Double(matrix.rows)
    }

    private func whiten(
        _ rows: UnsafePointer<Double>, _ number: Int, _ component: Int, into white: UnsafeMutablePointer<Double>
    ) {
        switch settings.covariance {
        case .full:
            algebra.products(rows, number, whitenings[component], length, length: length, into: white)
        case .diagonal:
            for index in 0..<(number * length) {
                white[index] = rows[index] * whitenings[component][index % length]
            }
        }
    }

    /// Components from the shares.
    private mutating func maximise() throws {
        var masses = [Double](repeating: 10 * .ulpOfOne, count: count)
        var sums = [Double](repeating: 0, count: count * length)
        matrix.inBlocks { first, rows, block in
            for row in 0..<rows {
                for component in 0..<count { masses[component] += shares[(first + row) * count + component] }
            }
            let own = Array(shares[(first * count)..<((first + rows) * count)])
            algebra.addTransposed(own, count, block.baseAddress!, length, rows: rows, to: &sums)
        }
        weights = masses.map { $0 / Double(matrix.rows) }
        means = sums.indices.map { sums[$0] / masses[$0 / length] }
        whitenings = []
        logDeterminants = []
        for component in 0..<count { try addCovariance(component, mass: masses[component]) }
    }

    private mutating func addCovariance(_ component: Int, mass: Double) throws {
        let mean = Array(means[(component * length)..<((component + 1) * length)])
        let isFull = settings.covariance == .full
        var sum = [Double](repeating: 0, count: isFull ? length * length : length)
        matrix.inBlocks(less: mean) { first, rows, block in
            for row in 0..<rows {
                let root = shares[(first + row) * count + component].squareRoot()
                for column in 0..<length { block[row * length + column] *= root }
            }
            if isFull {
                algebra.addGram(block.baseAddress!, rows: rows, columns: length, to: &sum)
            } else {
                for index in 0..<(rows * length) { sum[index % length] += block[index] * block[index] }
            }
        }
        // Fewer rows span no ellipsoid; the regularisation alone would hold it open.
        guard !isFull || mass > Double(length) else { throw tooFewRows }
        guard isFull else {
            let variances = sum.map { $0 / mass + settings.regularisation }
            whitenings.append(variances.map { 1 / $0.squareRoot() })
            logDeterminants.append(variances.reduce(0.0) { $0 + log($1) })
            return
        }
        for row in 0..<length {
            for column in row..<length {
                sum[row * length + column] /= mass
                sum[column * length + row] = sum[row * length + column]
            }
            sum[row * length + row] += settings.regularisation
        }
        guard let (factor, inverse) = algebra.cholesky(sum, n: length) else { throw tooFewRows }
        whitenings.append(inverse)
        logDeterminants.append(2 * (0..<length).reduce(0.0) { $0 + log(factor[$1 * length + $1]) })
    }

    private var tooFewRows: AnalysisError {
        AnalysisError(
            .noSolution, "gmm",
            "A component has too few rows for \(length) columns. Take fewer components or columns (--pca), or "
                + "--covariance diagonal.")
    }
}
