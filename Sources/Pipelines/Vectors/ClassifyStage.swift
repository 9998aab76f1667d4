public import Analysis
public import Evaluation
import Foundation
import LightboxCore
import Warehouse

/// Learns a column of classes from vectors, judged by cross-validation in which no group is on both sides.
///
/// Probabilities are calibrated with a temperature that is fitted to the held-out scores.
public struct ClassifyStage: Sendable {
    public enum Method: Sendable {
        case logistic(LogisticRegression)
        case supportVectors(SupportVectorTraining)
        case perceptron(PerceptronTraining)
    }

    public var source: VectorSource
    public var method: Method
    /// The column of classes; rows without one are left out of the training and predicted all the same.
    public var label: String
    /// Rows of one value stay together (a patient's); nil: `usualGroups`, where there is such a column.
    public var group: String?
    public var folds = 5
    /// Classes of few rows count as much as the others.
    public var isBalanced = false
    public var isStandardised = true
    public var seed: UInt64 = 0
    public var settings = EvaluationSettings()
    /// Held-out predictions; of rows without a class those of the final model.
    public var output = AnalysisOutput()
    /// A folder for the model (`model.onnx`) and its evaluation.
    public var model: String?

    public init(_ source: VectorSource, _ method: Method, label: String) {
        self.source = source
        self.method = method
        self.label = label
    }

    /// What came out.
    public struct Result: Sendable {
        /// Of the held-out predictions of all folds.
        public var evaluation: ModelEvaluation
        public var rows = 0
        public var withoutLabel = 0
        /// The column by which rows stayed together.
        public var group: String?
        /// Of the final model on all labelled rows.
        public var objective: Double?
        public var temperature = 1.0
        public var outputs: [String] = []
    }

    public func run(_ context: StageContext) throws -> Result {
        let rows = try source.read(from: Warehouse(home: context.home))
        let texts = try rows.texts(label)
        let classes = Set(texts.compactMap(\.self)).sorted()
        guard classes.count > 1 else {
            throw InputError(
                .invalidInput,
                "The column \(label) has \(classes.count) class\(classes.isEmpty ? "es" : ""); two are needed.")
        }
        let numbers = Dictionary(uniqueKeysWithValues: zip(classes, classes.indices))
        let known = texts.indices.filter { texts[$0] != nil }
        let data = try LabelledMatrix(
            rows.matrix.rows(known), labels: known.map { numbers[texts[$0]!]! }, classes: classes.count,
            isBalanced: isBalanced)
        let groups = try rows.groups(group)
        let folds = try Folds(
            folds, of: data.labels, groups: groups.map { all in known.map { all.values[$0] } }, seed: seed)

        let heldOut = try cancellable("analyze") { try judge(data, classes, folds, context) }
        let temperature = (try? TemperatureScaling(logits: heldOut, classes: data.labels))?.temperature ?? 1
        let probabilities = heldOut.map { VectorModel.softmax($0, temperature: temperature) }
        let patients = groups.map { all in LabelledScores.numbered(known.map { all.values[$0] ?? "row \($0)" }) }
        context.progress(ProgressUpdate(stage: "evaluate", completed: 0, total: nil))
        let evaluation = ModelEvaluation(
            model: title, dataSet: "\(source.table), \(folds.count) folds", classes: classes,
            probabilities: probabilities, truths: data.labels, patients: patients, settings: settings,
            threads: context.threads)
        var (made, objective) = try cancellable("analyze") { try fit(data, classes, context) }
        made.temperature = temperature
        var result = Result(evaluation: evaluation)
        (result.rows, result.withoutLabel) = (known.count, texts.count - known.count)
        (result.group, result.objective, result.temperature) = (groups?.column, objective, temperature)
        try write(made, rows, Dictionary(uniqueKeysWithValues: zip(known, probabilities)), &result, context)
        return result
    }

    private var title: String {
        switch method {
        case .logistic: "logistic regression"
        case .supportVectors: "support vector machine"
        case .perceptron: "multilayer perceptron"
        }
    }

    // MARK: Folds

    /// The scores of each row by a model that has not seen it.
    private func judge(
        _ data: LabelledMatrix, _ classes: [String], _ folds: Folds, _ context: StageContext
    ) throws -> [[Double]] {
        var scores = [[Double]](repeating: [], count: data.labels.count)
        var quiet = context
        quiet.progress = { _ in }
        for fold in 0..<folds.count {
            context.progress(ProgressUpdate(stage: "cross-validation", completed: fold, total: folds.count))
            let (model, _) = try fit(data.rows(folds.training(fold)), classes, quiet)
            let heldOut = folds.heldOut(fold)
            for (row, own) in zip(heldOut, try model.scores(data.matrix.rows(heldOut))) { scores[row] = own }
        }
        return scores
    }

    private func fit(
        _ data: LabelledMatrix, _ classes: [String], _ context: StageContext
    ) throws -> (model: VectorModel, objective: Double?) {
        let standardisation = isStandardised ? Standardisation(of: data.matrix) : nil
        let scaled = standardisation.map { data.with($0.apply(to: data.matrix)) } ?? data
        let classifier: VectorModel.Classifier
        var objective: Double?
        switch method {
        case .logistic(let regression):
            let found = try regression.fit(scaled, progress: context.progress, isCancelled: context.isCancelled)
            (classifier, objective) = (.linear(found.classifier), found.objective)
        case .supportVectors(let training):
            classifier = .supportVectors(
                try training.fit(scaled, progress: context.progress, isCancelled: context.isCancelled))
        case .perceptron(let training):
            let found = try training.fit(scaled, progress: context.progress, isCancelled: context.isCancelled)
            (classifier, objective) = (.perceptron(found.classifier), found.objective)
        }
        return (
            VectorModel(standardisation: standardisation, classifier: classifier, classes: classes), objective
        )
    }

    // MARK: Output

    private func write(
        _ made: VectorModel, _ rows: VectorRows, _ heldOut: [Int: [Double]], _ result: inout Result,
        _ context: StageContext
    ) throws {
        let fresh = rows.cells.indices.filter { heldOut[$0] == nil }
        let predicted = try made.probabilities(rows.matrix.rows(fresh))
        let all = heldOut.merging(zip(fresh, predicted)) { own, _ in own }
        var found = made.classes.enumerated().map { number, name in
            (name: "predicted_\(name)", cells: rows.cells.indices.map { SQLValue.real(all[$0]![number]) })
        }
        found.append(
            (
                "predicted",
                rows.cells.indices.map { row in
                    let own = all[row]!
                    return .text(made.classes[own.indices.max { own[$0] < own[$1] }!])
                }
            ))
        result.outputs = try output.write(
            rows, found: found, title: "\(title) of \(label)", source: source, context)
        guard let model else { return }
        let folder = try context.home.outputFolder(of: model)
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try AtomicFile.write(try made.onnx(), to: folder + "/model.onnx")
        try AtomicFile.write(Array((made.classes.joined(separator: "\n") + "\n").utf8), to: folder + "/dict.txt")
        _ = try result.evaluation.write(
            to: folder,
            remarks: [
                "Held-out predictions of \(folds) folds" + (result.group.map { ", by \($0)." } ?? "."),
                "Probabilities are calibrated with the temperature \(result.temperature).",
            ])
        try context.home.publish(model)
        result.outputs.append(model)
    }
}
