public import Datasets
public import Evaluation
public import Features
import Figures
import Foundation
public import LightboxCore
import ModelRegistry

/// Judges a trained model on labelled images.
///
/// Images that the model has learned from are left out, whatever list they stand in: a number that counts them
/// says nothing.
public struct EvaluateStage: Sendable {
    /// A model's folder, a run's, or a Keras file.
    public var model: String
    /// What a Keras file does not say.
    public var facts = KerasModelFacts()
    /// See ``TrainingInput/images``.
    public var images: String
    public var columns = TableColumns()
    public var labeler = LabelledDataset.MIMICLabeler.chexpert
    public var view: ViewKind?
    /// Only images of this part; nil for all.
    public var split: DataSplit?
    /// Judge on what the model knows as well.
    public var includesTrainingImages = false
    public var settings = EvaluationSettings()
    public var precision = Precision.float32
    /// What becomes of the evaluation in the model's folder; nil leaves the folder as it is.
    public var keeping: EvaluationKeeping?

    public init(model: String, images: String) {
        self.model = model
        self.images = images
    }

    public struct Result: Sendable {
        public var evaluation: ModelEvaluation
        public var judged: Int
        /// Images left out because the model has learned from them; nil when it does not say which those are.
        public var seen: Int?
        /// The model's new temperature, where one was fitted.
        public var temperature: Double?
        public var problems: [StageReport.Problem]
    }

    public func run(_ context: StageContext) throws -> Result {
        var folder = try ModelPlace.open(model, context, facts: facts)
        try keeping?.check(folder, context.home)
        let output = folder.manifest.output
        guard output.kind != .heatmap else {
            throw InputError(.unsupported, "\(model) gives heat maps: pass --image and --heatmap.")
        }
        let labels = try LabelSet(
            name: folder.manifest.name, kind: output.kind == .states ? .states : .classes, names: output.labels)
        let (dataset, seen) = try unseen(labels, folder, context)
        guard !dataset.isEmpty else {
            var problem = "\(images): there is no image to judge on."
            if let seen, seen > 0 {
                problem =
                    "The model has learned from all \(seen) images of \(images). Pass others, or count them "
                    + "with --include-training-images."
            }
            throw InputError(.invalidInput, problem)
        }
        var settings = FeatureExtractor.Settings(precision: precision, cacheFolder: context.home.cache)
        settings.threads = context.threads
        let predictor = try ModelPredictor(folder, settings: settings)
        var scored = try ImagePredictions(predictor, dataset, context)
        var temperature: Double?
        if keeping?.calibrates == true {
            temperature = try scored.calibrate(dataset, output)
        }
        let evaluation = evaluation(scored, dataset, labels, name: folder.manifest.name, context)
        try keeping?.keep(evaluation, temperature: temperature, in: &folder)
        return Result(
            evaluation: evaluation, judged: scored.indices.count, seen: seen, temperature: temperature,
            problems: dataset.report.problems + scored.problems)
    }

    private func unseen(
        _ labels: LabelSet, _ folder: ModelFolder, _ context: StageContext
    ) throws -> (LabelledDataset, seen: Int?) {
        let options = Datasets.ReadOptions(home: context.home, threads: context.threads)
        // The classes of the file may have other spellings, which `columns` maps; without that, the model's own.
        var dataset = try DatasetSource(images, home: context.home).read(
            labels: labels, columns: columns, labeler: labeler, options: options)
        if let view { dataset = dataset.only(view) }
        if let split { dataset = dataset.only(split) }
        if labels.kind == .classes { dataset = dataset.filtered { $0.classIndex(of: $1) != nil } }
        guard !includesTrainingImages else { return (dataset, 0) }
        let known = SeenImages(of: folder)
        guard !known.isEmpty else { return (dataset, nil) }
        let kept = dataset.filtered { !known.contain($0[$1]) }
        return (kept, dataset.count - kept.count)
    }

    /// With the rule that is to be kept, so that its rates stand in the evaluation.
    private var allSettings: EvaluationSettings {
        var settings = settings
        if let rule = keeping?.rule, !settings.operatingPoints.contains(rule) {
            settings.operatingPoints.append(rule)
        }
        return settings
    }

    private func evaluation(
        _ scored: ImagePredictions, _ dataset: LabelledDataset, _ labels: LabelSet, name: String,
        _ context: StageContext
    ) -> ModelEvaluation {
        let settings = allSettings
        if labels.kind == .classes {
            let names = scored.indices.map { dataset.patient(of: $0) ?? "image \($0)" }
            let hasPatients = scored.indices.contains { dataset.patient(of: $0) != nil }
            return ModelEvaluation(
                model: name, dataSet: images, classes: labels.names,
                probabilities: scored.predictions.map { $0.scores.prefix(labels.count).map(Double.init) },
                truths: scored.indices.map { dataset.classIndex(of: $0)! },
                patients: hasPatients ? LabelledScores.numbered(names) : nil, settings: settings,
                threads: context.threads)
        }
        let cases = ScoredCases(dataset, indices: scored.indices, scores: scored.predictions.map(\.scores))
        return ModelEvaluation(
            model: name, dataSet: images, cases.labelledScores(settings.uncertain), settings: settings,
            threads: context.threads)
    }
}

extension ModelEvaluation {
    /// Writes the page, the numbers as JSON and CSV, and each label's two-panel figure as SVG and PNG.
    ///
    /// - Returns: the paths.
    public func write(
        to folder: String, comparisons: [ModelComparison] = [], remarks: [String] = []
    ) throws -> [String] {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        var paths: [String] = []
        func put(_ bytes: some ContiguousBytes, _ name: String) throws {
            try AtomicFile.write(bytes, to: folder + "/" + name)
            paths.append(folder + "/" + name)
        }
        let page = EvaluationPage(self, comparisons: comparisons, remarks: remarks).page()
        try put(Array(page.html().utf8), "report.html")
        try put(try json(), "evaluation.json")
        let table = longTable()
        let rows = ([table.header] + table.rows).map { $0.map(Self.csvField).joined(separator: ",") + "\n" }
        try put(Array(rows.joined().utf8), "evaluation.csv")
        for label in labels where label.roc != nil {
            let drawing = CurveFigure(label).drawing()
            try put(Array(drawing.svg().utf8), "\(label.label).svg")
            try put(try drawing.png(scale: 2), "\(label.label).png")
        }
        return paths
    }

    private static func csvField(_ text: String) -> String {
        guard text.contains(where: { $0 == "," || $0 == "\"" || $0.isNewline }) else { return text }
        return "\"" + text.replacing("\"", with: "\"\"") + "\""
    }
}
