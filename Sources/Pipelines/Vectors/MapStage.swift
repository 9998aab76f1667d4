public import Analysis
import Figures
import Foundation
import LightboxCore
import Warehouse

/// Brings vectors into few dimensions, for eyes and for whatever comes after.
public struct MapStage: Sendable {
    public enum Method: Sendable {
        /// Columns `pc1`, `pc2` …
        case principalComponents(count: Int, isWhitened: Bool)
        /// Columns `x` and `y`.
        case tsne(TSNE)
        /// Columns `x` and `y`.
        case umap(UMAP)
    }

    public var source: VectorSource
    public var method: Method
    /// The picture shows the first two dimensions.
    public var output = AnalysisOutput()
    /// The column that colours the picture.
    public var colour: String?
    /// A folder for TensorBoard's projector.
    public var projector: String?

    public init(_ source: VectorSource, _ method: Method) {
        self.source = source
        self.method = method
    }

    /// What came out, beside the rows.
    public struct Summary: Sendable, Codable {
        public var rows = 0
        /// Of the vectors.
        public var length = 0
        public var withoutVector = 0
        /// Share of the variance of each principal component.
        public var explainedVarianceRatio: [Double]?
        /// Kullback and Leibler's divergence of t-SNE.
        public var divergence: Double?
        public var outputs: [String] = []
    }

    public func run(_ context: StageContext) throws -> Summary {
        let rows = try source.read(from: Warehouse(home: context.home))
        var summary = Summary(
            rows: rows.matrix.rows, length: rows.matrix.columns, withoutVector: rows.withoutVector)
        let colours = try colour.map { try rows.texts($0) } ?? []
        let map = try cancellable("analyze") { try self.map(rows.matrix, &summary, context) }
        let names = names(map.columns)
        let found = names.indices.map { column in
            (name: names[column], cells: (0..<map.rows).map { SQLValue.real(Double(map[$0, column])) })
        }
        summary.outputs = try output.write(rows, found: found, title: title, source: source, context) {
            let points = (0..<map.rows).map { Point(Double(map[$0, 0]), map.columns > 1 ? Double(map[$0, 1]) : 0) }
            return ScatterChart(
                title: "\(title) of \(source.table)", xName: names[0], yName: names.count > 1 ? names[1] : "",
                points: points, groups: colours)
        }
        if let projector {
            try ProjectorFiles(folder: context.home.localPath(of: projector)).write(rows)
            summary.outputs.append(projector)
        }
        return summary
    }

    private var title: String {
        switch method {
        case .principalComponents: "PCA"
        case .tsne: "t-SNE"
        case .umap: "UMAP"
        }
    }

    private func names(_ count: Int) -> [String] {
        if case .principalComponents = method { return (1...count).map { "pc\($0)" } }
        return ["x", "y"]
    }

    private func map(
        _ matrix: FeatureMatrix, _ summary: inout Summary, _ context: StageContext
    ) throws -> FeatureMatrix {
        switch method {
        case .principalComponents(let count, let isWhitened):
            context.progress(ProgressUpdate(stage: "pca", completed: 0, total: nil))
            let found = try PrincipalComponents(of: matrix, count: count)
            summary.explainedVarianceRatio = found.explainedVarianceRatio
            return try found.project(matrix, whitened: isWhitened)
        case .tsne(let tsne):
            let found = try tsne.map(
                source.reduced(matrix, context), progress: context.progress, isCancelled: context.isCancelled)
            summary.divergence = found.divergence
            return found.points
        case .umap(let umap):
            return try umap.map(
                source.reduced(matrix, context), progress: context.progress, isCancelled: context.isCancelled)
        }
    }
}

/// Numbers are computed without a point to go on from.
func cancellable<Value>(_ stage: String, _ body: () throws -> Value) throws -> Value {
    do { return try body() } catch is CancellationError { throw Cancelled(stage: stage) }
}
