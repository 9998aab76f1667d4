/// Rows with a class each, and how much each counts.
public struct LabelledMatrix: Sendable {
    public let matrix: FeatureMatrix
    /// Of each row, in 0..<`classes`.
    public let labels: [Int]
    public let classes: Int
    /// Of each row.
    public let weights: [Double]

    /// - Parameter isBalanced: lets every class count as much as any other, as `class_weight="balanced"` does.
    /// - Throws: ``AnalysisError`` where the labels do not go with the rows, or a class has none.
    public init(_ matrix: FeatureMatrix, labels: [Int], classes: Int, isBalanced: Bool = false) throws {
        precondition(labels.count == matrix.rows && labels.allSatisfy { (0..<classes).contains($0) })
        try matrix.checkFinite()
        var counts = [Double](repeating: 0, count: classes)
        for label in labels { counts[label] += 1 }
        guard classes > 1, let rarest = counts.firstIndex(of: counts.min()!), counts[rarest] > 0 else {
            throw AnalysisError(.badInput, "classifier", "Each of two classes or more needs a row.")
        }
        self.matrix = matrix
        self.labels = labels
        self.classes = classes
        weights = labels.map { isBalanced ? Double(labels.count) / (Double(classes) * counts[$0]) : 1 }
    }

    /// What a row of a class counts, and what a row of the others does in the mean.
    func classWeights(of label: Int) -> (positive: Double, other: Double) {
        var (sums, counts) = ((0.0, 0.0), (0.0, 0.0))
        for (own, weight) in zip(labels, weights) {
            if own == label {
                (sums.0, counts.0) = (sums.0 + weight, counts.0 + 1)
            } else {
                (sums.1, counts.1) = (sums.1 + weight, counts.1 + 1)
            }
        }
        return (sums.0 / max(counts.0, 1), sums.1 / max(counts.1, 1))
    }

    /// Some of the rows; a class may have none of them.
    public func rows(_ indices: [Int]) -> LabelledMatrix {
        LabelledMatrix(
            matrix: matrix.rows(indices), labels: indices.map { labels[$0] }, classes: classes,
            weights: indices.map { weights[$0] })
    }

    /// The same with other features.
    public func with(_ matrix: FeatureMatrix) -> LabelledMatrix {
        precondition(matrix.rows == labels.count)
        return LabelledMatrix(matrix: matrix, labels: labels, classes: classes, weights: weights)
    }

    private init(matrix: FeatureMatrix, labels: [Int], classes: Int, weights: [Double]) {
        (self.matrix, self.labels, self.classes, self.weights) = (matrix, labels, classes, weights)
    }
}
