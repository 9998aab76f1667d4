public import Analysis
import Foundation
import LightboxCore
import Warehouse

/// Says of each row how strange its vector is to those of the training.
///
/// Columns `novelty` (a score, larger for stranger rows), `novelty_p` (the share of training cases that are as strange),
/// `stranger_than` (per cent of the training cases), `is_strange`, and of each signal alone its distance and p-value:
/// `features_distance`, `features_p`, `neighbours_…`, `appearance_…`.
public struct NoveltyStage: Sendable {
    /// What cases are held against.
    public enum Known: Sendable {
        /// A table or SELECT of training cases.
        case cases(VectorSource)
        /// A file that ``NoveltyStage/save`` made.
        case file(String)
    }

    public var source: VectorSource
    public var known: Known
    /// Training cases of one value are left out together; nil: `usualGroups`, where there is such a column.
    public var group: String?
    public var options = NoveltyModel.Options()
    /// Rows with a p-value up to this are flagged.
    public var rate = 0.01
    public var output = AnalysisOutput()
    /// A file for what was learnt of the training cases.
    public var save: String?

    public init(_ source: VectorSource, against known: Known) {
        self.source = source
        self.known = known
    }

    public struct Summary: Sendable, Codable {
        public var rows = 0
        public var withoutVector = 0
        /// Training cases.
        public var training = 0
        /// The column by which training cases were left out together.
        public var group: String?
        /// Whether the pictures' appearance was looked at.
        public var hasAppearance = false
        public var rate = 0.01
        /// Rows that were flagged.
        public var strange = 0
        public var outputs: [String] = []
    }

    public func run(_ context: StageContext) throws -> Summary {
        let warehouse = try Warehouse(home: context.home)
        let rows = try source.read(from: warehouse)
        var summary = Summary(rows: rows.matrix.rows, withoutVector: rows.withoutVector, rate: rate)
        let model = try model(warehouse, &summary, context)
        let scores = try score(rows, model, context)
        (summary.training, summary.strange) = (model.count, scores.count { $0.isStrange(rate: rate) })
        summary.hasAppearance = scores.contains { $0.appearance != nil }
        summary.outputs = try output.write(
            rows, found: Self.columns(scores, rate), title: "novelty", source: source, context)
        if let save {
            try model.write(to: context.home.localPath(of: save))
            summary.outputs.append(save)
        }
        return summary
    }

    private func model(
        _ warehouse: Warehouse, _ summary: inout Summary, _ context: StageContext
    ) throws -> NoveltyModel {
        switch known {
        case .file(let path): return try NoveltyModel(path: context.home.localPath(of: path))
        case .cases(let training):
            let cases = try training.read(from: warehouse)
            let groups = try cases.groups(group)
            summary.group = groups?.column
            var model = try NoveltyModel(
                training: cases.matrix, appearance: cases.appearance, groups: groups?.values, options: options,
                progress: context.progress)
            model.notes["training"] = training.table
            return model
        }
    }

    /// Each thread takes part of the rows.
    private func score(
        _ rows: VectorRows, _ model: NoveltyModel, _ context: StageContext
    ) throws -> [NoveltyScore] {
        var scores: [NoveltyScore] = []
        scores.reserveCapacity(rows.matrix.rows)
        var next = 0
        try mapInOrder(
            threads: context.threads,
            next: { () -> Range<Int>? in
                guard next < rows.matrix.rows else { return nil }
                defer { next += 64 }
                return next..<min(next + 64, rows.matrix.rows)
            },
            transform: { part in
                try part.map { row in
                    try model.score(Array(rows.matrix[row]), appearance: rows.appearance.map { Array($0[row]) })
                }
            },
            consume: { part in
                scores += part
                context.progress(
                    ProgressUpdate(stage: "novelty", completed: scores.count, total: rows.matrix.rows))
                if context.isCancelled() { throw Cancelled(stage: "analyze") }
                return true
            })
        return scores
    }

    private static func columns(
        _ scores: [NoveltyScore], _ rate: Double
    ) -> [(name: String, cells: [SQLValue])] {
        func signal(
            _ name: String, _ signal: (NoveltyScore) -> NoveltyScore.Signal?
        ) -> [(name: String, cells: [SQLValue])] {
            let found = scores.map(signal)
            return [
                ("\(name)_distance", found.map { $0.map { .real($0.distance) } ?? .null }),
                ("\(name)_p", found.map { $0.map { .real($0.pValue) } ?? .null }),
            ]
        }
        return [
            ("novelty", scores.map { .real($0.statistic) }), ("novelty_p", scores.map { .real($0.pValue) }),
            ("stranger_than", scores.map { .real($0.percentile) }),
            ("is_strange", scores.map { .boolean($0.isStrange(rate: rate)) }),
        ] + signal("features") { $0.features } + signal("neighbours") { $0.neighbours }
            + signal("appearance") { $0.appearance }
    }
}
