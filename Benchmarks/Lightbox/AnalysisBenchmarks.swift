import Analysis
import Foundation
import LightboxCore

/// Maps and classifiers of made-up vectors: ten groups that overlap, the same kind as the peer's.
enum AnalysisBenchmarks {
    static func run() throws {
        let wide = groups(rows: 20_000, columns: 2048)
        report(
            "50 components", try best(rounds: 2) { _ = try PrincipalComponents(of: wide.features, count: 50) }, "s"
        )
        let narrow = groups(rows: 10_000, columns: 50)
        report("t-SNE", try best(rounds: 1) { _ = try TSNE().map(narrow.features) }, "s")
        let middle = groups(rows: 10_000, columns: 256)
        report(
            "logistic regression",
            try best(rounds: 2) {
                _ = try LogisticRegression().fit(
                    LabelledMatrix(middle.features, labels: middle.groups, classes: 10))
            }, "s")
    }

    private static func groups(rows: Int, columns: Int) -> (features: FeatureMatrix, groups: [Int]) {
        var random = SeededGenerator(seed: 2)
        func normal() -> Float {
            Float((-2 * log(1 - random.uniform())).squareRoot() * cos(2 * .pi * random.uniform()))
        }
        let centres = (0..<10).map { _ in (0..<columns).map { _ in 0.3 * normal() } }
        let values = (0..<rows).flatMap { row in centres[row % 10].map { $0 + normal() } }
        return (FeatureMatrix(rows: rows, columns: columns, values: values), (0..<rows).map { $0 % 10 })
    }
}
