import ArgumentParser
import Datasets
import Evaluation
import Features
import Foundation
import LightboxCore
import Pipelines

struct EvaluateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evaluate", abstract: "Judge a model on labelled images: accuracy, areas, intervals.",
        discussion: """
            Images that the model has learned from are left out, whatever list they stand in. --output gets a page \
            with all figures (report.html), the numbers as JSON and CSV, and the curves as SVG and PNG.

            Examples:
              lightbox evaluate --model flowers/ --images labels.csv
              lightbox evaluate --model run/ --images valid/ --view frontal --output evaluation/
              lightbox evaluate --model run/ --images valid/ --keep --thresholds sensitivity=0.9 --calibrate
              lightbox evaluate --predictions frontal_u0 frontal_u1 --labels labels_valid --ensemble mean_of_probabilities
              lightbox evaluate --model spots/ --image test.png --heatmap test_heatmap.png --picture result.png
            """)

    @Option(help: "A model's folder, the folder of the run that made it, or a Keras file.") var model: String?
    @Option(help: "Labelled images, as `lightbox train` takes them.") var images: String?
    @Option(parsing: .upToNextOption, help: "Tables of `lightbox predict-set` to judge instead; two are compared.")
    var predictions: [String] = []
    @Option(
        help: """
            The table with the labels, for --predictions; for a Keras file, what its scores are called: chexpert14, \
            a YAML file, a dict.txt, or NAME,NAME.
            """)
    var labels: String?
    @OptionGroup var kerasFile: KerasFileArguments
    @Option(help: "Judge the tables' mean too: mean_of_probabilities or mean_of_logits.") var ensemble: Ensemble?
    @Flag(help: "Join the images of each study into one case, for --predictions.") var byStudy = false
    @Option(help: "Which columns mean what: label=finding,patient=id.") var columns = ""
    @Option(help: "Classes, with the values they stand for: 'normal,sick=viral|bacterial'.") var classes = ""
    @Option(help: "Only rows with these values: 'view=AP|PA'.") var only = ""
    @Option(help: "Only films of this view: frontal, lateral or other.") var view: ViewKind?
    @Option(help: "Only this part: train, valid or test.") var dataset: DataSplit?
    @Option(help: "Uncertain labels: leave_out, as_negative or as_positive.") var uncertain = UncertainHandling
        .leaveOut
    @Option(help: "Level of the intervals.") var level = 0.95
    @Option(help: "Draws of the bootstrap; 0 for none.") var bootstrap = 2000
    @Flag(help: "Judge on images that the model has learned from, too.") var includeTrainingImages = false
    @Option(help: "f32 or bf16.") var precision = Precision.float32
    @Flag(help: "Leave the evaluation in the model's folder, for its answer cards.") var keep = false
    @Option(help: "With --keep, how thresholds are chosen: youden, sensitivity=0.9, specificity=0.9 or a number.")
    var thresholds: OperatingPoint.Rule?
    @Flag(help: "With --keep, fit the model's temperature first.") var calibrate = false
    @Option(help: "A folder for the page, the numbers and the figures.") var output: String?
    @Option(help: "An image, for a model that gives heat maps.") var image: String?
    @Option(help: "The true heat map of --image.") var heatmap: String?
    @Option(help: "Where the picture of input, truth and prediction goes.") var picture = "heatmap.png"
    @OptionGroup var global: GlobalOptions

    func validate() throws {
        switch (model, images, image, predictions.isEmpty) {
        case (_?, _?, nil, true), (_?, nil, _?, true): break
        case (nil, nil, nil, false):
            guard labels != nil else { throw ValidationError("--predictions needs --labels TABLE.") }
        default:
            throw ValidationError(
                "Give --model with --images, --model with --image, or --predictions with --labels.")
        }
        guard level > 0 && level < 1 else { throw ValidationError("--level lies between 0 and 1.") }
        guard keep || (thresholds == nil && !calibrate) else {
            throw ValidationError("--thresholds and --calibrate go with --keep.")
        }
        guard !keep || images != nil else { throw ValidationError("--keep needs --model and --images.") }
        guard bootstrap >= 0 else { throw ValidationError("--bootstrap is 0 or more.") }
    }

    func run() throws {
        try global.run { context in
            if let image {
                try showPicture(of: image, context)
            } else if let images {
                try show(try stage(images).run(context), context)
            } else {
                try show(try tablesStage.run(context), context)
            }
        }
    }

    private var settings: EvaluationSettings {
        var settings = EvaluationSettings()
        settings.uncertain = uncertain
        settings.level = level
        if bootstrap == 0 { settings.bootstrap = nil } else { settings.bootstrap?.replicates = bootstrap }
        return settings
    }

    private func stage(_ images: String) throws -> EvaluateStage {
        var stage = EvaluateStage(model: model ?? "", images: images)
        stage.facts = try kerasFile.facts(labels: labels)
        stage.columns = try TableColumns(columns: columns, classes: classes, only: only)
        stage.view = view
        stage.split = dataset
        stage.includesTrainingImages = includeTrainingImages
        stage.precision = precision
        stage.settings = settings
        if keep { stage.keeping = EvaluationKeeping(rule: thresholds, calibrates: calibrate) }
        return stage
    }

    private var tablesStage: EvaluateTablesStage {
        var stage = EvaluateTablesStage(predictions: predictions, labels: labels ?? "")
        stage.dataset = dataset?.name
        stage.view = view?.name
        stage.uncertain = uncertain
        stage.ensemble = ensemble
        stage.isByStudy = byStudy
        stage.settings = settings
        return stage
    }

    private func showPicture(of image: String, _ context: StageContext) throws {
        var stage = HeatmapPictureStage(model: model ?? "")
        stage.facts = try kerasFile.facts(labels: labels)
        let report = try stage.run(image: image, heatmap: heatmap, output: picture, context)
        print(global.json ? String(decoding: try jsonLine(report), as: UTF8.self) : report.text)
    }

    private func show(_ result: EvaluatedTables, _ context: StageContext) throws {
        for evaluation in result.evaluations {
            if global.json {
                print(String(decoding: try jsonLine(evaluation), as: UTF8.self))
            } else {
                print(evaluation.model)
                for line in EvaluationText.lines(evaluation) { print(line) }
                print("")
            }
        }
        for comparison in result.comparisons {
            if global.json {
                print(String(decoding: try jsonLine(comparison), as: UTF8.self))
            } else {
                for line in EvaluationText.lines(comparison) { print(line) }
            }
        }
        global.note("\(result.matched) images judged.")
        guard let output else { return }
        let folder = try context.home.localPath(of: output)
        for evaluation in result.evaluations {
            let place = result.evaluations.count == 1 ? folder : "\(folder)/\(evaluation.model)"
            _ = try evaluation.write(to: place, comparisons: result.comparisons)
        }
        global.note("wrote \(RemoteFiles.shown(folder))")
    }

    private func show(_ result: EvaluateStage.Result, _ context: StageContext) throws {
        let seen =
            switch result.seen {
            case nil: "; the model does not say what it has learned from, so none was left out"
            case 0?: ""
            case let count?: ", \(count) left out that the model has learned from"
            }
        if global.json {
            print(String(decoding: try result.evaluation.json(), as: UTF8.self), terminator: "")
        } else {
            for line in EvaluationText.lines(result.evaluation) { print(line) }
        }
        global.note("\(result.judged) images judged\(seen).")
        if let temperature = result.temperature {
            global.note(String(format: "The model's temperature is %.3f now.", temperature))
        }
        if let output {
            let paths = try result.evaluation.write(
                to: context.home.localPath(of: output), remarks: ["\(result.judged) images judged\(seen)."])
            global.note("wrote \(RemoteFiles.shown(paths.first ?? "")) and \(paths.count - 1) more files")
        }
        for problem in result.problems.prefix(10) { global.note("left out: \(problem.source): \(problem.reason)") }
        if !result.problems.isEmpty { throw ExitCode(ExitStatus.partial) }
    }
}

/// An evaluation as lines for a terminal.
enum EvaluationText {
    static func lines(_ evaluation: ModelEvaluation) -> [String] {
        var lines: [String] = []
        if let classes = evaluation.classes {
            lines.append("accuracy           \(text(classes.accuracy))")
            lines.append("balanced accuracy  \(text(classes.balancedAccuracy))")
            lines.append("macro AUC          \(text(classes.macroAUC))")
            lines.append("")
        }
        let table = evaluation.summary()
        let widths = table.header.indices.map { column in
            ([table.header] + table.rows).map { $0[column].count }.max() ?? 0
        }
        for row in [table.header] + table.rows {
            let cells = zip(row, widths).enumerated().map { index, cell in
                let space = String(repeating: " ", count: cell.1 - cell.0.count)
                return index == 0 ? cell.0 + space : space + cell.0
            }
            lines.append(cells.joined(separator: "  "))
        }
        return lines
    }

    /// Both areas of each label, their difference with its interval, and DeLong's p-value adjusted after Holm.
    static func lines(_ comparison: ModelComparison) -> [String] {
        ["\(comparison.first) against \(comparison.second), area under the ROC curve"]
            + comparison.labels.map { label in
                guard let test = label.test else {
                    return "  \(label.label): \(label.undefined?.rawValue ?? "undefined")"
                }
                return String(
                    format: "  %@: %.3f and %.3f, difference %+.3f, p = %.4f", label.label,
                    label.first.value ?? .nan, label.second.value ?? .nan, test.difference,
                    label.adjustedPValue ?? test.pValue)
            }
    }

    private static func text(_ metric: Metric) -> String {
        guard let value = metric.value else { return "– (\(metric.undefined?.rawValue ?? "undefined"))" }
        guard let interval = metric.interval else { return String(format: "%.3f", value) }
        return String(
            format: "%.3f (%.0f %% interval %.3f–%.3f)", value, 100 * interval.level, interval.lower,
            interval.upper)
    }
}
