import Analysis
import Foundation
import LightboxCore
import Testing

@Suite("Classifiers of vectors") struct ClassifierTests {
    private let numbers = Reference.numbers

    private func labelled(_ labels: [Int], classes: Int = 4, isBalanced: Bool = false) throws -> LabelledMatrix {
        try LabelledMatrix(Rows.matrix, labels: labels, classes: classes, isBalanced: isBalanced)
    }

    @Test("Logistic regression is scikit-learn's, with equal and with balanced weights") func logistic() throws {
        for (expected, isBalanced, inverse) in [
            (numbers.logistic, false, 1.0), (numbers.logisticBalanced, true, 0.1),
        ] {
            var regression = LogisticRegression()
            (regression.inversePenalty, regression.tolerance) = (inverse, 1e-7)
            let found = try regression.fit(labelled(Rows.uneven, isBalanced: isBalanced))
            #expect(abs(found.objective / expected.objective - 1) < 1e-6 && found.hasConverged)
            var probabilities = try found.classifier.scores(Rows.matrix)
            Softmax.probabilities(&probabilities, classes: 4)
            #expect(distance(probabilities, expected.probabilities) < 1e-3)
        }
    }

    @Test("Support vector machines are scikit-learn's") func supportVectors() throws {
        for (expected, kernel) in [
            (numbers.svm, SupportVectorTraining.Kernel.gaussian(gamma: nil)), (numbers.svmLinear, .linear),
        ] {
            var training = SupportVectorTraining()
            (training.kernel, training.cost, training.tolerance) = (kernel, 2, 1e-6)
            let machine = try training.fit(labelled(Rows.labels.map { $0 > 1 ? 1 : 0 }, classes: 2))
            let scores = try machine.scores(Rows.matrix)
            #expect(distance((0..<240).map { 2 * scores[2 * $0 + 1] }, expected.decisions) < 1e-3)
            #expect(distance((0..<240).map { -scores[2 * $0] }, (0..<240).map { scores[2 * $0 + 1] }) == 0)
            #expect(abs(machine.machines[0].vectors.rows - expected.vectors) <= 2)
        }
    }

    @Test("A rare class against the rest has its weight") func rareClass() throws {
        var training = SupportVectorTraining()
        training.tolerance = 1e-6
        let rare = Rows.uneven.map { $0 == 3 ? 1 : 0 }
        let scores = try training.fit(labelled(rare, classes: 2, isBalanced: true)).scores(Rows.matrix)
        #expect(distance((0..<240).map { 2 * scores[2 * $0 + 1] }, numbers.svmRare) < 1e-3)
        // Of several classes each has a machine of its own.
        let all = try training.fit(labelled(Rows.labels))
        #expect(all.machines.count == 4)
        let chosen = try stride(from: 0, to: 960, by: 4).map { [scores = all.scores(Rows.matrix)] start in
            (0..<4).max { scores[start + $0] < scores[start + $1] }
        }
        #expect(zip(chosen, Rows.labels).count { $0 == $1 } > 220)
    }

    @Test("A network of one layer gets as low as scikit-learn's, the same for the same seed") func perceptron()
        throws
    {
        let best = try (UInt64(0)..<10).map { seed in
            var training = PerceptronTraining()
            (training.hiddenUnits, training.penalty, training.iterations, training.seed) = (8, 1, 5000, seed)
            return try training.fit(labelled(Rows.labels)).objective
        }
        #expect(best.min()! < numbers.mlp * 1.01)
        #expect(Set(best).count > 1)
        let (one, two) = try (
            PerceptronTraining().fit(labelled(Rows.labels)), PerceptronTraining().fit(labelled(Rows.labels))
        )
        #expect(try one.classifier.scores(Rows.matrix) == two.classifier.scores(Rows.matrix))
    }

    @Test("Standardised columns have the mean 0 and the variance 1; equal ones stay") func standardisation() {
        var matrix = Rows.matrix
        for row in 0..<240 { matrix[row, 5] = 0.1 }
        let scaled = Standardisation(of: matrix).apply(to: matrix)
        for column in 0..<Rows.columns {
            let values = (0..<240).map { Double(scaled[$0, column]) }
            #expect(abs(values.reduce(0, +)) < 1e-3)
            let square = values.reduce(0) { $0 + $1 * $1 } / 240
            #expect(abs(square - (column == 5 ? 0 : 1)) < 1e-5)
        }
    }

    @Test("A class without a row, and settings out of range, are refused") func refused() throws {
        #expect(throws: AnalysisError.self) { try labelled([Int](repeating: 0, count: 240), classes: 2) }
        let data = try labelled(Rows.labels)
        var regression = LogisticRegression()
        regression.inversePenalty = 0
        #expect(throws: AnalysisError.self) { try regression.fit(data) }
        var training = SupportVectorTraining()
        training.cost = -1
        #expect(throws: AnalysisError.self) { try training.fit(data) }
        #expect(throws: CancellationError.self) { try LogisticRegression().fit(data, isCancelled: { true }) }
        #expect(throws: CancellationError.self) { try PerceptronTraining().fit(data, isCancelled: { true }) }
        #expect(throws: CancellationError.self) { try SupportVectorTraining().fit(data, isCancelled: { true }) }
    }
}
