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

    public func rows(_ indices: [Int]) throws -> LabelledMatrix {
        LabelledMatrix(
            matrix: matrix.rows(indices), labels: indices.map { labels[$0] }, classes: classes,
            weights: indices.map { weights[$0] })
    }

    private init(matrix: FeatureMatrix, labels: [Int], classes: Int, weights: [Double]) {
        (self.matrix, self.labels, self.classes, self.weights) = (matrix, labels, classes, weights)
    }
}
