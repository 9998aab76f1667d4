import Datasets
public import Evaluation
import LightboxCore
import Warehouse

/// Judges predictions that stand in tables against labels that stand in a table: joined in SQL, by image or by study.
///
/// Several tables are judged on the images that all of them have, each by itself and against the others.
public struct EvaluateTablesStage: Sendable {
    /// Tables with a column `predicted_<label>` (or `<label>`) per label, and `path` or `instance`.
    public var predictions: [String]
    /// The table with the states; see ``LabelledTable``.
    public var labels: String
    /// nil: those that the first table of predictions has.
    public var labelNames: [String]?
    /// Only images of this data set (`valid`) and view (`frontal`); nil for all.
    public var dataset, view: String?
    public var uncertain = UncertainHandling.leaveOut
    /// Joins the tables' scores into one more evaluation; nil for none.
    public var ensemble: Ensemble?
    /// Joins the images of a study into one case, so that models of different views meet.
    public var isByStudy = false
    public var settings = EvaluationSettings()

    /// - Precondition: at least one table of predictions.
    public init(predictions: [String], labels: String) {
        precondition(!predictions.isEmpty, "there are predictions to judge")
        self.predictions = predictions
        self.labels = labels
    }

    public func run(_ context: StageContext) throws -> EvaluatedTables {
        let warehouse = try Warehouse(home: context.home)
        let tables = try predictions.map { try TableName($0) }
        let labelled = try labelledTable(tables[0], in: warehouse)
        for (option, column) in [(dataset, labelled.dataset), (view, labelled.view)] where option != nil {
            guard column != nil else {
                let what = option == dataset ? "data set" : "view"
                throw InputError(.invalidInput, "The table \(labels) has no column that says the \(what).")
            }
        }
        var joins: [PredictionJoin] = []
        for (index, table) in tables.enumerated() {
            context.progress(ProgressUpdate(stage: "join", completed: index, total: tables.count))
            let join = try PredictionJoin(
                table, labelled, PredictionJoin.Filter(dataset: dataset, view: view), in: warehouse)
            joins.append(join)
        }
        var result = EvaluatedTables()
        result.unmatched = zip(predictions, joins).map { name, join in
            EvaluatedTables.Unmatched(
                predictions: name, withoutLabels: join.predictionsWithoutLabels,
                withoutPrediction: join.labelsWithoutPrediction)
        }
        try judge(onlyCommon(joins.map { isByStudy ? try byStudy($0.cases) : $0.cases }), into: &result, context)
        return result
    }

    private func labelledTable(_ first: TableName, in warehouse: Warehouse) throws -> LabelledTable {
        let header = try LabelledTable.header(of: first, in: warehouse)
        var names = labelNames ?? PredictionColumn.labels(among: header)
        if names.isEmpty {
            names = LabelSet.chexpert14.names.filter { PredictionColumn.find($0, among: header) != nil }
        }
        guard !names.isEmpty else {
            throw InputError(
                .invalidInput,
                "The table \(first) has no column predicted_<label>; it has \(header.joined(separator: ", ")).")
        }
        // Aliases of the known findings count: "Lung Opacity" for airspace_opacity.
        let known = LabelSet.chexpert14
        let set = names.map { name in
            LabelSet.Label(name, aliases: known.index(of: name).map { known.labels[$0].aliases } ?? [])
        }
        return try LabelledTable(
            TableName(labels), labels: LabelSet(name: labels, kind: .states, labels: set), in: warehouse)
    }

    private func byStudy(_ cases: ScoredCases) throws -> ScoredCases {
        guard let studies = cases.studies else {
            throw InputError(
                .invalidInput, "The table \(labels) does not say the study of every image: study or study_id.")
        }
        return cases.joined(by: studies, ensemble ?? .meanOfProbabilities)
    }

    /// The same cases in the same order of every table.
    private func onlyCommon(_ tables: [ScoredCases]) throws -> [ScoredCases] {
        let common = ScoredCases.common(tables)
        guard !common[0].units.isEmpty else {
            let part = [dataset, view].compactMap { $0 }.joined(separator: ", ")
            throw InputError(
                .notFound,
                tables.contains { $0.units.isEmpty }
                    ? "None of the predictions is of an image of the part that was asked for (\(part)) of \(labels)."
                    : "The tables \(predictions.joined(separator: ", ")) have no \(isByStudy ? "study" : "image") in "
                        + "common\(isByStudy ? "" : "; models of different views meet by study").")
        }
        return common
    }

    private func judge(
        _ tables: [ScoredCases], into result: inout EvaluatedTables, _ context: StageContext
    ) throws {
        var settings = settings
        settings.uncertain = uncertain
        result.matched = tables[0].units.count
        var models = zip(predictions, tables).map { ($0, $1.labelledScores(uncertain)) }
        let members = models.count
        if let ensemble, tables.count > 1 {
            let joined = tables[0].joining(Array(tables.dropFirst()), ensemble)
            models.append(("ensemble", joined.labelledScores(uncertain)))
        }
        let part = ([labels] + [dataset, view].compactMap { $0 }).joined(separator: ", ")
        for (index, (name, data)) in models.enumerated() {
            if context.isCancelled() { throw Cancelled(stage: "evaluate") }
            context.progress(ProgressUpdate(stage: "evaluate", completed: index, total: models.count))
            result.evaluations.append(
                ModelEvaluation(
                    model: name, dataSet: part, data, settings: settings, threads: context.threads))
        }
        for second in 1..<max(1, members) {
            for first in 0..<second {
                result.comparisons.append(
                    ModelComparison(
                        models[first].1, models[second].1, names: (models[first].0, models[second].0),
                        level: settings.level, bootstrap: settings.bootstrap, threads: context.threads))
            }
        }
    }
}

/// What ``EvaluateTablesStage`` found.
public struct EvaluatedTables: Sendable {
    /// What the tables do not share.
    public struct Unmatched: Sendable, Codable, Equatable {
        /// The table.
        public let predictions: String
        /// Its rows of which the label table has no image.
        public let withoutLabels: Int
        /// Images of the label table, of the part asked for, that it does not have.
        public let withoutPrediction: Int
    }

    /// One per table, then that of the ensemble.
    public var evaluations: [ModelEvaluation] = []
    /// Of each two tables.
    public var comparisons: [ModelComparison] = []
    /// Images (or studies) that were judged: those that all tables have. Uncertain ones may be left out of a label.
    public var matched = 0
    /// One per table.
    public var unmatched: [Unmatched] = []

    public init() {}
}
