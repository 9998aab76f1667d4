/// Gives a score to each class of a row; the softmax of the scores are its probabilities.
public protocol VectorClassifier: Sendable {
    var classes: Int { get }
    /// Numbers in every row.
    var columns: Int { get }
    /// - Returns: `rows` × ``classes``.
    func scores(_ matrix: FeatureMatrix) throws -> [Double]
}

/// Brings each column to the mean 0 and the variance 1 of the rows that it was made from.
public struct Standardisation: Sendable {
    public let mean: [Double]
    /// 1 for a column that is the same in every row.
    public let deviation: [Double]

    public init(of matrix: FeatureMatrix) {
        let mean = matrix.means
        var squares = [Double](repeating: 0, count: matrix.columns)
        matrix.inBlocks(less: mean) { _, _, block in
            for index in block.indices { squares[index % mean.count] += block[index] * block[index] }
        }
        self.mean = mean
        deviation = squares.enumerated().map { column, square in
            let deviation = (square / Double(matrix.rows)).squareRoot()
            // What is left of equal numbers by rounding is no difference.
            return deviation > 1e-6 * abs(mean[column]) && deviation > 0 ? deviation : 1
        }
    }

    public func apply(to matrix: FeatureMatrix) -> FeatureMatrix {
        var result = matrix
        let columns = matrix.columns
        for index in result.values.indices {
            let column = index % columns
            result.values[index] = Float((Double(result.values[index]) - mean[column]) / deviation[column])
        }
        return result
    }
}
