/// Principal component analysis: the directions in which vectors differ most.
///
/// The covariance is summed in 64 bits and decomposed exactly (LAPACK's dsyevr), not sampled; where there are fewer rows
/// than columns, the products of rows are decomposed in its place, which has the same solution.
public struct PrincipalComponents: Sendable {
    /// Of each column.
    public let mean: [Double]
    /// A row a component, each of length 1, its largest number positive.
    public let components: FeatureMatrix
    /// Variance along each component (n − 1 in the denominator), the largest first.
    public let explainedVariance: [Double]
    /// Share of the whole variance.
    public let explainedVarianceRatio: [Double]

    /// - Parameter count: of components; at most the smaller of rows and columns.
    /// - Throws: ``AnalysisError``.
    public init(of matrix: FeatureMatrix, count: Int) throws {
        guard matrix.rows > 1, (1...min(matrix.rows, matrix.columns)).contains(count) else {
            throw AnalysisError(
                .badInput, "pca",
                "\(matrix.rows) rows of \(matrix.columns) numbers have no \(count) components. Ask for 1 to \(min(matrix.rows, matrix.columns))."
            )
        }
        try matrix.checkFinite()
        let algebra = try LinearAlgebra()
        mean = matrix.means
        let freedom = Double(matrix.rows - 1)
        let (sums, rows, total) =
            matrix.rows < matrix.columns
            ? try Self.byRows(matrix, mean, count, algebra) : try Self.byColumns(matrix, mean, count, algebra)
        explainedVariance = sums.map { max($0, 0) / freedom }
        explainedVarianceRatio = sums.map { total > 0 ? max($0, 0) / total : 0 }
        components = FeatureMatrix(rows: count, columns: matrix.columns, values: Self.signed(rows, matrix.columns))
    }

    /// The matrix's rows in the coordinates of the components.
    ///
    /// - Parameter whitened: gives each component the variance 1.
    public func project(_ matrix: FeatureMatrix, whitened: Bool = false) throws -> FeatureMatrix {
        precondition(matrix.columns == components.columns)
        let algebra = try LinearAlgebra()
        let count = components.rows
        let scales = explainedVariance.map { whitened && $0 > 0 ? 1 / $0.squareRoot() : 1 }
        let directions = components.values.map(Double.init)
        var result = FeatureMatrix(rows: matrix.rows, columns: count)
        var piece = [Double](repeating: 0, count: 2048 * count)
        matrix.inBlocks(less: mean) { first, rows, block in
            algebra.products(block.baseAddress!, rows, directions, count, length: matrix.columns, into: &piece)
            for index in 0..<(rows * count) {
                result.values[first * count + index] = Float(piece[index] * scales[index % count])
            }
        }
        return result
    }

    private typealias Solution = (sums: [Double], components: [Double], total: Double)

    private static func byColumns(
        _ matrix: FeatureMatrix, _ mean: [Double], _ count: Int, _ algebra: LinearAlgebra
    ) throws -> Solution {
        let n = matrix.columns
        var gram = [Double](repeating: 0, count: n * n)
        matrix.inBlocks(less: mean) { _, rows, block in
            algebra.addGram(block.baseAddress!, rows: rows, columns: n, to: &gram)
        }
        let total = (0..<n).reduce(0.0) { $0 + gram[$1 * n + $1] }
        let (values, vectors) = try algebra.eigen(gram, n: n, largest: count)
        return (values, vectors, total)
    }

    private static func byRows(
        _ matrix: FeatureMatrix, _ mean: [Double], _ count: Int, _ algebra: LinearAlgebra
    ) throws -> Solution {
        let (n, length) = (matrix.rows, matrix.columns)
        var gram = [Double](repeating: 0, count: n * n)
        var vectors = [Double](repeating: 0, count: count * length)
        var solution: (values: [Double], vectors: [Double]) = ([], [])
        try matrix.inBlocks(of: n, less: mean) { _, _, block in
            let rows = block.baseAddress!
            algebra.products(rows, n, rows, n, length: length, into: &gram)
            solution = try algebra.eigen(gram, n: n, largest: count)
            algebra.multiply(solution.vectors, count, n, rows, length, into: &vectors)
        }
        for index in 0..<count {
            let scale = solution.values[index] > 0 ? 1 / solution.values[index].squareRoot() : 0
            for column in 0..<length { vectors[index * length + column] *= scale }
        }
        return (solution.values, vectors, (0..<n).reduce(0.0) { $0 + gram[$1 * n + $1] })
    }

    /// An eigenvector's sign is free; this makes it repeatable.
    private static func signed(_ vectors: [Double], _ length: Int) -> [Float] {
        var result: [Float] = []
        result.reserveCapacity(vectors.count)
        for start in stride(from: 0, to: vectors.count, by: length) {
            let vector = vectors[start..<(start + length)]
            let largest = vector.max { abs($0) < abs($1) } ?? 0
            result += vector.map { Float(largest < 0 ? -$0 : $0) }
        }
        return result
    }
}
