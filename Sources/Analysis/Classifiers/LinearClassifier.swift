/// Scores of classes as weighted sums of features.
public struct LinearClassifier: VectorClassifier {
    public let classes: Int
    public let columns: Int
    /// `classes` × `columns`.
    public let weights: [Double]
    public let biases: [Double]

    /// - Returns: `rows` × `classes`.
    public func scores(_ matrix: FeatureMatrix) throws -> [Double] {
        precondition(matrix.columns == columns)
        let algebra = try LinearAlgebra()
        var scores = [Double](repeating: 0, count: matrix.rows * classes)
        scores.withUnsafeMutableBufferPointer { scores in
            matrix.inBlocks { first, rows, block in
                let own = scores.baseAddress! + first * classes
                algebra.products(block.baseAddress!, rows, weights, classes, length: columns, into: own)
                for index in 0..<(rows * classes) { own[index] += biases[index % classes] }
            }
        }
        return scores
    }
}
