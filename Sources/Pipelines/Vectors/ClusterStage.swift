public import Analysis
import Figures
import Foundation
import LightboxCore
import Warehouse

/// Divides vectors into clusters: a column `cluster`, numbered from 0, the largest first.
public struct ClusterStage: Sendable {
    public enum Method: Sendable {
        case kMeans(KMeans)
        /// With a column `probability`: how sure the cluster is.
        case mixture(GaussianMixture)
    }

    public var source: VectorSource
    public var method: Method
    /// The picture shows the first two principal components.
    public var output = AnalysisOutput()
    /// A column that the clusters are compared with.
    public var label: String?

    public init(_ source: VectorSource, _ method: Method) {
        self.source = source
        self.method = method
    }

    public struct Summary: Sendable, Codable {
        public var rows = 0
        /// Of the vectors.
        public var length = 0
        public var withoutVector = 0
        /// Rows of each cluster.
        public var sizes: [Int] = []
        /// The sum of squared distances to the centres, of k-means.
        public var inertia: Double?
        /// In the mean of a row, of a mixture.
        public var logLikelihood: Double?
        /// With the label's column, over the rows that have one.
        public var adjustedRandIndex: Double?
        public var normalizedMutualInformation: Double?
        public var outputs: [String] = []
    }

    public func run(_ context: StageContext) throws -> Summary {
        let rows = try source.read(from: Warehouse(home: context.home))
        let labels = try label.map { try rows.texts($0) }
        var summary = Summary(
            rows: rows.matrix.rows, length: rows.matrix.columns, withoutVector: rows.withoutVector)
        let (raw, probabilities) = try cancellable("analyze") {
            try cluster(source.reduced(rows.matrix, context), &summary, context)
        }
        let clusters = Self.largestFirst(raw, &summary)
        if let labels {
            let known = zip(clusters, labels).compactMap { pair in pair.1.map { (pair.0, $0) } }
            guard !known.isEmpty else {
                throw InputError(.invalidInput, "The column \(label ?? "") is empty in every row.")
            }
            let agreement = ClusterAgreement(known.map(\.0), known.map(\.1))
            summary.adjustedRandIndex = agreement.adjustedRandIndex
            summary.normalizedMutualInformation = agreement.normalizedMutualInformation
        }
        var found = [(name: "cluster", cells: clusters.map { SQLValue.integer(Int64($0)) })]
        if let probabilities { found.append(("probability", probabilities.map { .real($0) })) }
        summary.outputs = try output.write(rows, found: found, title: title, source: source, context) {
            try chart(rows.matrix, clusters)
        }
        return summary
    }

    private var title: String {
        switch method {
        case .kMeans(let means): "k-means, \(means.clusters) clusters"
        case .mixture(let mixture): "Gaussian mixture, \(mixture.components) components"
        }
    }

    private func cluster(
        _ matrix: FeatureMatrix, _ summary: inout Summary, _ context: StageContext
    ) throws -> ([Int], probabilities: [Double]?) {
        switch method {
        case .kMeans(let means):
            let found = try means.cluster(matrix, progress: context.progress, isCancelled: context.isCancelled)
            summary.inertia = found.inertia
            return (found.labels, nil)
        case .mixture(let mixture):
            let found = try mixture.fit(matrix, progress: context.progress, isCancelled: context.isCancelled)
            summary.logLikelihood = found.logLikelihood
            let count = mixture.components
            return (found.labels, found.labels.enumerated().map { found.probabilities[$0 * count + $1] })
        }
    }

    private static func largestFirst(_ labels: [Int], _ summary: inout Summary) -> [Int] {
        var counts: [Int: Int] = [:]
        for label in labels { counts[label, default: 0] += 1 }
        let order = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
        summary.sizes = order.map(\.value)
        let numbers = Dictionary(uniqueKeysWithValues: order.enumerated().map { ($1.key, $0) })
        return labels.map { numbers[$0]! }
    }

    private func chart(_ matrix: FeatureMatrix, _ clusters: [Int]) throws -> ScatterChart {
        let count = min(2, matrix.columns, matrix.rows)
        let points = try PrincipalComponents(of: matrix, count: count).project(matrix)
        return ScatterChart(
            title: "\(title) of \(source.table)", xName: "pc1", yName: "pc2",
            points: (0..<points.rows).map { Point(Double(points[$0, 0]), count > 1 ? Double(points[$0, 1]) : 0) },
            groups: clusters.map { "cluster \($0)" })
    }
}
