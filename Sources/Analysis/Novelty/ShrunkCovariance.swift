import Foundation

/// A centre and a covariance that is drawn towards the sphere as far as the number of rows asks for (Ledoit and Wolf 2004),
/// and Mahalanobis' distance by it.
///
/// The covariance is kept as principal components; what lies outside them has the sphere's variance alone. So vectors may
/// be longer than there are rows.
struct ShrunkCovariance: Sendable, Hashable {
    /// Rows that it was made of.
    let count: Int
    let centre: [Float]
    /// A row each, the one of the largest variance first.
    let components: FeatureMatrix
    /// Of the components, over all rows (not over one less).
    let variances: [Double]
    /// The mean variance of a column: the sphere's.
    let sphere: Double
    /// The sphere's share, above 0 to 1.
    let shrinkage: Double

    init(
        count: Int, centre: [Float], components: FeatureMatrix, variances: [Double], sphere: Double,
        shrinkage: Double
    ) {
        self.count = count
        self.centre = centre
        self.components = components
        self.variances = variances
        self.sphere = sphere
        self.shrinkage = shrinkage
    }

    /// - Throws: ``AnalysisError`` for rows that are all equal.
    init(of matrix: FeatureMatrix) throws {
        let (rows, columns) = (matrix.rows, matrix.columns)
        let found = try PrincipalComponents(of: matrix, count: min(rows - 1, columns))
        let all = found.explainedVariance.map { $0 * Double(rows - 1) / Double(rows) }
        // Directions that rounding made are none.
        let kept = all.prefix { $0 > 1e-9 * all[0] && $0 > 1e-20 }.count
        guard kept > 0 else {
            throw AnalysisError(
                .noSolution, "covariance", "All \(rows) vectors are equal. Take more varied cases.")
        }
        count = rows
        centre = found.mean.map(Float.init)
        components = found.components.rows(0..<kept)
        variances = Array(all[..<kept])
        sphere = variances.reduce(0, +) / Double(columns)
        shrinkage = Self.shrinkage(matrix, found.mean, variances, sphere)
    }

    /// Ledoit and Wolf's formula, as in scikit-learn's `ledoit_wolf_shrinkage`.
    private static func shrinkage(
        _ matrix: FeatureMatrix, _ mean: [Double], _ variances: [Double], _ sphere: Double
    ) -> Double {
        let (rows, columns) = (Double(matrix.rows), Double(matrix.columns))
        var fourth = 0.0
        matrix.inBlocks(less: mean) { _, count, block in
            for row in 0..<count {
                var square = 0.0
                for value in block[(row * matrix.columns)..<((row + 1) * matrix.columns)] {
                    square += value * value
                }
                fourth += square * square
            }
        }
        let squares = variances.reduce(0) { $0 + $1 * $1 }
        let spread = (squares - columns * sphere * sphere) / columns
        let noise = min((fourth / rows - squares) / (columns * rows), spread)
        // A little of the sphere keeps every direction measurable.
        return spread > 0 ? min(1, max(1e-6, noise / spread)) : 1
    }

    // MARK: Distances

    /// Where a vector lies along each component, and the square of what lies outside all of them.
    func place(_ vector: [Float]) -> (coordinates: [Float], outside: Float) {
        precondition(vector.count == centre.count)
        let centred = zip(vector, centre).map { $0 - $1 }
        var coordinates = [Float](repeating: 0, count: components.rows)
        FixedOrder.products(components, centred, into: &coordinates)
        let inside = FixedOrder.product(coordinates, coordinates)
        return (coordinates, max(0, FixedOrder.product(centred, centred) - inside))
    }

    func distance(_ place: (coordinates: [Float], outside: Float)) -> Double {
        var sum = Double(place.outside) / (shrinkage * sphere)
        for (value, variance) in zip(place.coordinates, variances) {
            sum += Double(value) * Double(value) / ((1 - shrinkage) * variance + shrinkage * sphere)
        }
        return sum.squareRoot()
    }

    /// The distance of each row by the centre and the covariance of the rows outside its group, with the same shrinkage.
    ///
    /// - Parameters:
    ///   - rows: the rows that this was made of, along the components.
    ///   - groups: the rows of each.
    func distancesLeavingOut(_ groups: [[Int]], of rows: FeatureMatrix) throws -> [Double] {
        let algebra = try LinearAlgebra()
        var distances = [Double](repeating: 0, count: rows.rows)
        for group in groups { try leaveOut(group, rows, algebra, &distances) }
        return distances
    }

    /// With T = Σ z zᵀ over all rows and s = Σ z over a group of g, the other n − g rows have the mean s / (g − n) and
    /// the scatter T − Σ z zᵀ − s sᵀ / (n − g) = T − Uᵀ U; Woodbury's formula inverts what is left.
    private func leaveOut(
        _ group: [Int], _ rows: FeatureMatrix, _ algebra: LinearAlgebra, _ distances: inout [Double]
    ) throws {
        let (rank, left) = (variances.count, Double(count - group.count))
        let factor = (1 - shrinkage) / left
        let scales = variances.map { 1 / (factor * Double(count) * $0 + shrinkage * sphere).squareRoot() }
        let own = group.map { row in zip(rows[row], scales).map { Double($0) * $1 } }
        var sum = [Double](repeating: 0, count: rank)
        for row in own { for index in 0..<rank { sum[index] += row[index] } }
        let removed = own.flatMap(\.self) + sum.map { $0 / left.squareRoot() }
        let vectors = own.flatMap { row in zip(row, sum).map { $0 + $1 / left } }
        let (m, g) = (group.count + 1, group.count)
        var products = [Double](repeating: 0, count: m * m)
        algebra.products(removed, m, removed, m, length: rank, into: &products)
        var system = products.map { -factor * $0 }
        for index in 0..<m { system[index * m + index] += 1 }
        guard let (_, inverse) = algebra.cholesky(system, n: m) else {
            throw AnalysisError(.noSolution, "covariance", "The cases outside one group are too few or too equal.")
        }
        var projected = [Double](repeating: 0, count: g * m)
        algebra.products(vectors, g, removed, m, length: rank, into: &projected)
        for (place, row) in group.enumerated() {
            var square = vectors[(place * rank)..<((place + 1) * rank)].reduce(0) { $0 + $1 * $1 }
            for line in 0..<m {
                var value = 0.0
                for column in 0...line { value += inverse[line * m + column] * projected[place * m + column] }
                square += factor * value * value
            }
            distances[row] = square.squareRoot()
        }
    }
}
