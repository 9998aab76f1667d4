public import LightboxCore

/// Multinomial logistic regression with an L2 penalty on the weights, not on the biases.
///
/// It makes `C · Σ loss + ½ · Σ w²` small, as scikit-learn's `LogisticRegression` does, with the softmax over all classes
/// where there are two, too.
public struct LogisticRegression: Sendable {
    /// C, the inverse of the penalty's strength.
    public var inversePenalty = 1.0
    public var iterations = 1000
    /// Of the gradient of the mean loss.
    public var tolerance = 1e-5

    public init() {}

    /// What came out.
    public struct Fit: Sendable {
        public let classifier: LinearClassifier
        /// What was made small.
        public let objective: Double
        public let iterations: Int
        public let hasConverged: Bool
    }

    /// - Throws: ``AnalysisError``; `CancellationError` when `isCancelled` says so.
    public func fit(
        _ data: LabelledMatrix, progress: ProgressHandler? = nil, isCancelled: () -> Bool = { false }
    ) throws -> Fit {
        guard inversePenalty > 0 else {
            throw AnalysisError(.badInput, "logistic", "C is above 0.")
        }
        let algebra = try LinearAlgebra()
        let (classes, columns) = (data.classes, data.matrix.columns)
        let count = classes * columns
        // In units of the mean loss, so that the tolerance means the same for any number of rows.
        let scale = 1 / (inversePenalty * data.weights.reduce(0, +))
        var search = LBFGS()
        (search.iterations, search.gradientTolerance) = (iterations, tolerance)
        let found = try search.minimise(from: [Double](repeating: 0, count: count + classes)) { point in
            guard !isCancelled() else { throw CancellationError() }
            var value = Self.loss(data, point, algebra)
            let penalty = 0.5 * point[..<count].reduce(0.0) { $0 + $1 * $1 }
            value.value = scale * (inversePenalty * value.value + penalty)
            for index in value.gradient.indices {
                let pull = index < count ? point[index] : 0
                value.gradient[index] = scale * (inversePenalty * value.gradient[index] + pull)
            }
            return value
        } report: { iteration, value in
            progress?(
                ProgressUpdate(
                    stage: "logistic", completed: iteration, total: nil, detail: "objective \(value / scale)"))
        }
        let classifier = LinearClassifier(
            classes: classes, columns: columns, weights: Array(found.point[..<count]),
            biases: Array(found.point[count...]))
        return Fit(
            classifier: classifier, objective: found.value / scale, iterations: found.iterations,
            hasConverged: found.hasConverged)
    }

    /// The weighted sum of the losses and its gradient.
    private static func loss(_ data: LabelledMatrix, _ point: [Double], _ algebra: LinearAlgebra) -> LBFGS.Value {
        let (classes, columns) = (data.classes, data.matrix.columns)
        let count = classes * columns
        var (total, gradient) = (0.0, [Double](repeating: 0, count: count + classes))
        var scores = [Double](repeating: 0, count: 2048 * classes)
        data.matrix.inBlocks { first, rows, block in
            point.withUnsafeBufferPointer { point in
                algebra.products(
                    block.baseAddress!, rows, point.baseAddress!, classes, length: columns, into: &scores)
                for index in 0..<(rows * classes) { scores[index] += point[count + index % classes] }
            }
            let range = first..<(first + rows)
            total += Softmax.loss(
                &scores, classes: classes, labels: data.labels[range], weights: data.weights[range])
            algebra.addTransposed(scores, classes, block.baseAddress!, columns, rows: rows, to: &gradient)
            for index in 0..<(rows * classes) { gradient[count + index % classes] += scores[index] }
        }
        return (total, gradient)
    }
}
