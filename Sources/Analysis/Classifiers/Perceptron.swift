import Foundation
public import LightboxCore

/// A network of one hidden layer with rectified units, for vectors that no straight border divides.
///
/// It makes `mean loss + α / 2n · Σ w²` small over all rows at once, as scikit-learn's `MLPClassifier` with `lbfgs` does.
public struct PerceptronTraining: Sendable {
    public var hiddenUnits = 100
    /// α, the penalty's strength.
    public var penalty = 1e-4
    public var iterations = 200
    public var seed: UInt64 = 0

    public init() {}

    /// What came out.
    public struct Fit: Sendable {
        public let classifier: Perceptron
        /// What was made small.
        public let objective: Double
        public let iterations: Int
    }

    /// - Throws: ``AnalysisError``; `CancellationError` when `isCancelled` says so.
    public func fit(
        _ data: LabelledMatrix, progress: ProgressHandler? = nil, isCancelled: () -> Bool = { false }
    ) throws -> Fit {
        guard hiddenUnits > 0 && penalty >= 0 else {
            throw AnalysisError(.badInput, "mlp", "There is a hidden unit at least, and no penalty below 0.")
        }
        let shape = Perceptron.Shape(columns: data.matrix.columns, hiddenUnits: hiddenUnits, classes: data.classes)
        let total = data.weights.reduce(0, +)
        let algebra = try LinearAlgebra()
        var search = LBFGS()
        search.iterations = iterations
        let found = try search.minimise(from: shape.start(seed: seed)) { point in
            guard !isCancelled() else { throw CancellationError() }
            var (value, gradient) = Self.loss(data, point, shape, algebra)
            for index in gradient.indices where shape.isWeight(index) {
                value += 0.5 * penalty * point[index] * point[index]
                gradient[index] += penalty * point[index]
            }
            return (value / total, gradient.map { $0 / total })
        } report: { iteration, value in
            progress?(
                ProgressUpdate(stage: "mlp", completed: iteration, total: iterations, detail: "objective \(value)")
            )
        }
        let classifier = Perceptron(shape: shape, parameters: found.point)
        return Fit(classifier: classifier, objective: found.value, iterations: found.iterations)
    }

    /// The weighted sum of the losses and its gradient.
    private static func loss(
        _ data: LabelledMatrix, _ point: [Double], _ shape: Perceptron.Shape, _ algebra: LinearAlgebra
    ) -> LBFGS.Value {
        var (total, gradient) = (0.0, [Double](repeating: 0, count: shape.count))
        let (units, classes, columns) = (shape.hiddenUnits, shape.classes, shape.columns)
        var (hidden, scores) = (
            [Double](repeating: 0, count: 2048 * units), [Double](repeating: 0, count: 2048 * classes)
        )
        var slopes = hidden
        data.matrix.inBlocks { first, rows, block in
            point.withUnsafeBufferPointer { point in
                let point = point.baseAddress!
                Perceptron.forward(
                    block.baseAddress!, rows, point, shape, algebra, hidden: &hidden, scores: &scores)
                let range = first..<(first + rows)
                total += Softmax.loss(
                    &scores, classes: classes, labels: data.labels[range], weights: data.weights[range])
                algebra.multiply(scores, rows, classes, point + shape.second, units, into: &slopes)
            }
            for index in 0..<(rows * units) where hidden[index] <= 0 { slopes[index] = 0 }
            gradient.withUnsafeMutableBufferPointer { gradient in
                let gradient = gradient.baseAddress!
                algebra.addTransposed(scores, classes, hidden, units, rows: rows, to: gradient + shape.second)
                algebra.addTransposed(slopes, units, block.baseAddress!, columns, rows: rows, to: gradient)
                for index in 0..<(rows * units) { gradient[shape.firstBias + index % units] += slopes[index] }
                for index in 0..<(rows * classes) { gradient[shape.secondBias + index % classes] += scores[index] }
            }
        }
        return (total, gradient)
    }
}

/// scores = W₂ · max(W₁ · x + b₁, 0) + b₂
public struct Perceptron: VectorClassifier {
    /// Where each parameter stands among all: W₁, b₁, W₂, b₂.
    struct Shape: Sendable {
        let columns, hiddenUnits, classes: Int

        var firstBias: Int { hiddenUnits * columns }
        var second: Int { firstBias + hiddenUnits }
        var secondBias: Int { second + classes * hiddenUnits }
        var count: Int { secondBias + classes }

        func isWeight(_ index: Int) -> Bool {
            index < firstBias || (index >= second && index < secondBias)
        }

        /// Uniform within ±√(6 / (in + out)) (Glorot and Bengio 2010), biases 0.
        func start(seed: UInt64) -> [Double] {
            var random = SeededGenerator(seed: seed, stream: "perceptron")
            return (0..<count).map { index in
                guard isWeight(index) else { return 0 }
                let sum = index < firstBias ? columns + hiddenUnits : hiddenUnits + classes
                return (6 / Double(sum)).squareRoot() * (2 * random.uniform() - 1)
            }
        }
    }

    let shape: Shape
    let parameters: [Double]

    public var classes: Int { shape.classes }
    public var columns: Int { shape.columns }
    public var hiddenUnits: Int { shape.hiddenUnits }
    /// `hiddenUnits` × `columns`, and a bias a unit.
    public var first: (weights: [Double], biases: [Double]) {
        (Array(parameters[..<shape.firstBias]), Array(parameters[shape.firstBias..<shape.second]))
    }
    /// `classes` × `hiddenUnits`, and a bias a class.
    public var second: (weights: [Double], biases: [Double]) {
        (Array(parameters[shape.second..<shape.secondBias]), Array(parameters[shape.secondBias...]))
    }

    public func scores(_ matrix: FeatureMatrix) throws -> [Double] {
        precondition(matrix.columns == columns)
        let algebra = try LinearAlgebra()
        var hidden = [Double](repeating: 0, count: 2048 * hiddenUnits)
        var scores = [Double](repeating: 0, count: matrix.rows * classes)
        scores.withUnsafeMutableBufferPointer { scores in
            matrix.inBlocks { first, rows, block in
                Self.forward(
                    block.baseAddress!, rows, parameters, shape, algebra, hidden: &hidden,
                    scores: scores.baseAddress! + first * classes)
            }
        }
        return scores
    }

    static func forward(
        _ block: UnsafePointer<Double>, _ rows: Int, _ point: UnsafePointer<Double>, _ shape: Shape,
        _ algebra: LinearAlgebra, hidden: UnsafeMutablePointer<Double>, scores: UnsafeMutablePointer<Double>
    ) {
        let (units, classes) = (shape.hiddenUnits, shape.classes)
        algebra.products(block, rows, point, units, length: shape.columns, into: hidden)
        for index in 0..<(rows * units) {
            hidden[index] = max(0, hidden[index] + point[shape.firstBias + index % units])
        }
        algebra.products(hidden, rows, point + shape.second, classes, length: units, into: scores)
        for index in 0..<(rows * classes) { scores[index] += point[shape.secondBias + index % classes] }
    }
}
