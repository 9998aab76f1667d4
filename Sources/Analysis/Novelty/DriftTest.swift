import Foundation
import LightboxCore

/// Whether a window of cases comes from where the training cases come from: the kernel two-sample test, the maximum mean
/// discrepancy judged by permutation (Gretton et al. 2012, *Journal of Machine Learning Research* 13).
///
/// The kernel is a Gaussian on features of length 1, with the training cases' median squared distance as its width; where the
/// appearance is known, the mean of that and of the same on the appearance. While nothing drifts, p-values lie below any rate
/// in at most that share of the windows.
public struct DriftTest: Sendable {
    /// What a window showed.
    public struct Finding: Sendable, Hashable, Codable {
        /// The squared discrepancy, unbiased: around 0 while nothing drifts.
        public let discrepancy: Double
        /// What it would have to exceed for a p-value of 0.01.
        public let level: Double
        public let pValue: Double
    }

    /// Permutations, which bound the p-value from below.
    public var permutations = 999
    public var seed: UInt64 = 0
    private let training: DriftSample
    private let scale: NoveltyModel.Appearance?
    /// Of each view of a case: 1 / the median of squared distances.
    private let widths: [Float]
    /// Between training cases.
    private let own: [Float]

    /// Of a larger number of cases, so many are taken, evenly; of a window, too.
    public static let maximumCases = 1000

    /// - Parameters:
    ///   - look: the cases' appearance, a row each.
    ///   - groups: of each case, as its patient; a group is permuted as a whole. nil: each is its own.
    /// - Throws: ``AnalysisError``.
    public init(
        training: FeatureMatrix, appearance look: FeatureMatrix? = nil, groups: [String?]? = nil
    ) throws {
        guard training.rows >= NoveltyModel.minimumCases else {
            throw AnalysisError(
                .badInput, "training cases",
                "There are \(training.rows); \(NoveltyModel.minimumCases) are the least, hundreds are of use.")
        }
        scale = look.map { NoveltyModel.Appearance($0, rank: 1) }
        let sample = try DriftSample(training, look, groups, scale)
        let algebra = try LinearAlgebra()
        let squares = sample.views.map { DriftSample.squares($0, $0, algebra) }
        widths = squares.map { DriftSample.width($0, sample.rows) }
        own = DriftSample.kernel(squares, widths)
        self.training = sample
    }

    /// - Parameters: as of the training cases; the appearance is given where theirs is.
    /// - Throws: ``AnalysisError`` for a window of fewer than two cases, and for vectors of another length.
    public func test(
        _ window: FeatureMatrix, appearance look: FeatureMatrix? = nil, groups: [String?]? = nil
    ) throws -> Finding {
        guard window.rows > 1, window.columns == training.views[0].columns,
            look?.columns == (training.views.count > 1 ? training.views[1].columns : nil)
        else {
            throw AnalysisError(
                .badInput, "window",
                "It needs two cases at least, with vectors as those of the training: \(training.views[0].columns) numbers."
            )
        }
        let sample = try DriftSample(window, look, groups, scale)
        let algebra = try LinearAlgebra()
        let pooled = PooledKernel(
            own, training.rows,
            DriftSample.kernel(
                zip(sample.views, training.views).map { DriftSample.squares($0, $1, algebra) }, widths),
            DriftSample.kernel(sample.views.map { DriftSample.squares($0, $0, algebra) }, widths), sample.rows)
        let observed = pooled.discrepancy(of: Array(training.rows..<(training.rows + sample.rows)))
        var groups = training.groups + sample.groups.map { $0.map { $0 + training.rows } }
        var random = SeededGenerator(seed: seed)
        let permuted = (0..<permutations).map { _ in
            groups.shuffle(using: &random)
            var picked: [Int] = []
            for group in groups where picked.count < sample.rows { picked += group }
            return pooled.discrepancy(of: picked)
        }.sorted()
        let above = permuted.count { $0 >= observed }
        return Finding(
            discrepancy: observed, level: permuted[max(0, min(permutations - 1, permutations * 99 / 100))],
            pValue: Double(1 + above) / Double(1 + permutations))
    }
}

/// Cases on their way into the test.
private struct DriftSample: Sendable {
    /// Features of length 1; the scaled appearance.
    let views: [FeatureMatrix]
    let groups: [[Int]]
    var rows: Int { views[0].rows }

    init(
        _ features: FeatureMatrix, _ look: FeatureMatrix?, _ groups: [String?]?, _ scale: NoveltyModel.Appearance?
    ) throws {
        precondition(look.map { $0.rows == features.rows } ?? true)
        precondition(groups.map { $0.count == features.rows } ?? true)
        try features.checkFinite()
        try look?.checkFinite()
        let count = min(features.rows, DriftTest.maximumCases)
        let picked = (0..<count).map { $0 * features.rows / count }
        var views = [
            FeatureMatrix(
                rows: count, columns: features.columns, values: picked.flatMap { NoveltyModel.unit(features[$0]) })
        ]
        if let look, let scale {
            views.append(
                FeatureMatrix(
                    rows: count, columns: look.columns, values: picked.flatMap { scale.scaled(look[$0]) }))
        }
        self.views = views
        self.groups = NoveltyModel.together(picked.map { groups?[$0] })
    }

    /// Squared distances of the rows of `a` from those of `b`.
    static func squares(_ a: FeatureMatrix, _ b: FeatureMatrix, _ algebra: LinearAlgebra) -> [Float] {
        var products = [Float](repeating: 0, count: a.rows * b.rows)
        algebra.products(a.values, a.rows, b.values, b.rows, length: a.columns, into: &products)
        let (left, right) = (lengths(a), lengths(b))
        for row in 0..<a.rows {
            for other in 0..<b.rows {
                products[row * b.rows + other] = max(
                    0, left[row] + right[other] - 2 * products[row * b.rows + other])
            }
        }
        return products
    }

    private static func lengths(_ matrix: FeatureMatrix) -> [Float] {
        (0..<matrix.rows).map { row in matrix[row].reduce(Float(0)) { $0 + $1 * $1 } }
    }

    /// One over the median square of the pairs; 1 where most are equal.
    static func width(_ squares: [Float], _ rows: Int) -> Float {
        var pairs: [Float] = []
        pairs.reserveCapacity(rows * (rows - 1) / 2)
        for row in 0..<rows { pairs += squares[(row * rows + row + 1)..<((row + 1) * rows)] }
        pairs.sort()
        let median = pairs.isEmpty ? 0 : pairs[pairs.count / 2]
        return median > 0 ? 1 / median : 1
    }

    /// The mean of the views' Gaussians.
    static func kernel(_ squares: [[Float]], _ widths: [Float]) -> [Float] {
        squares[0].indices.map { index in
            var sum: Float = 0
            for (square, width) in zip(squares, widths) { sum += exp(-square[index] * width) }
            return sum / Float(squares.count)
        }
    }
}

/// The kernel between all pairs of training cases and window, 0 on the diagonal.
private struct PooledKernel {
    private let count: Int
    private let values: [Float]
    private let sums: [Double]
    private let total: Double

    init(_ own: [Float], _ n: Int, _ across: [Float], _ window: [Float], _ m: Int) {
        let count = n + m
        var values = [Float](repeating: 0, count: count * count)
        for row in 0..<n {
            for column in 0..<n where column != row { values[row * count + column] = own[row * n + column] }
        }
        for row in 0..<m {
            for column in 0..<n {
                values[(n + row) * count + column] = across[row * n + column]
                values[column * count + n + row] = across[row * n + column]
            }
            for column in 0..<m where column != row {
                values[(n + row) * count + n + column] = window[row * m + column]
            }
        }
        self.count = count
        self.values = values
        sums = (0..<count).map { row in
            values[(row * count)..<((row + 1) * count)].reduce(0.0) { $0 + Double($1) }
        }
        total = sums.reduce(0, +)
    }

    /// Between these cases and the others.
    func discrepancy(of picked: [Int]) -> Double {
        var inside = 0.0
        values.withUnsafeBufferPointer { values in
            for row in picked { for column in picked { inside += Double(values[row * count + column]) } }
        }
        let all = picked.reduce(0.0) { $0 + sums[$1] }
        let (m, n) = (Double(picked.count), Double(count - picked.count))
        guard m > 1, n > 1 else { return 0 }
        return inside / (m * (m - 1)) + (total - 2 * all + inside) / (n * (n - 1)) - 2 * (all - inside) / (m * n)
    }
}
