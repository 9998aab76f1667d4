public import Evaluation

/// A model's evaluation as a page that a reader without the program can judge: how many cases, every number
/// with its interval, curves, calibration, thresholds, and what is not defined and why.
public struct EvaluationPage: Sendable {
    public var evaluation: ModelEvaluation
    /// Against other models on the same cases.
    public var comparisons: [ModelComparison]
    /// Lines of text below the title: where the data came from, when, with which program.
    public var remarks: [String]

    public init(_ evaluation: ModelEvaluation, comparisons: [ModelComparison] = [], remarks: [String] = []) {
        self.evaluation = evaluation
        self.comparisons = comparisons
        self.remarks = remarks
    }

    public func page() -> HTMLPage {
        let name = evaluation.model.isEmpty ? "Evaluation" : "Evaluation of \(evaluation.model)"
        var page = HTMLPage(title: name, subtitle: evaluation.dataSet)
        page.add("Summary", summary)
        if let classes = evaluation.classes { page.add("Classes", self.classes(classes)) }
        page.add(evaluation.classes == nil ? "Labels" : "Each class against the rest", labels)
        page.add("Curves", curves)
        if !comparisons.isEmpty { page.add("Comparison", comparisons.flatMap(ComparisonTable.blocks)) }
        page.add("In detail", details)
        page.add("Method", method)
        return page
    }

    /// A few labels stand open, many behind their names.
    private var details: [HTMLPage.Block] {
        evaluation.labels.flatMap { label -> [HTMLPage.Block] in
            let blocks = LabelPanel(label).blocks
            return evaluation.labels.count > 3 ? [.details(label.label, blocks)] : [.heading(label.label)] + blocks
        }
    }

    private var summary: [HTMLPage.Block] {
        let means = evaluation.means
        var cards: [HTMLPage.Card] = []
        if let classes = evaluation.classes {
            cards.append(MetricText.card("Accuracy", classes.accuracy))
            cards.append(MetricText.card("Balanced accuracy", classes.balancedAccuracy))
        }
        cards += [
            MetricText.card("Mean AUC", means.macroAUC),
            MetricText.card("Mean average precision", means.macroAveragePrecision),
            MetricText.card("Pooled AUC", means.microAUC),
            HTMLPage.Card(
                "Cases", Number.grouped(evaluation.labels.map(\.counts.cases).max() ?? 0),
                note: evaluation.labels.first?.counts.patients.map { "\(Number.grouped($0)) patients" } ?? ""),
        ]
        var blocks = remarks.map { HTMLPage.Block.paragraph($0) } + [.cards(cards)]
        if !means.leftOut.isEmpty {
            blocks.append(.note("The means leave out what has no AUC: \(means.leftOut.joined(separator: ", "))."))
        }
        return blocks
    }

    private func classes(_ classes: ClassEvaluation) -> [HTMLPage.Block] {
        let rows = [
            ("Accuracy", classes.accuracy), ("Balanced accuracy", classes.balancedAccuracy),
            ("F1, mean over classes", classes.macroF1), ("Matthews' correlation", classes.matthewsCorrelation),
            ("Cohen's kappa", classes.cohenKappa), ("AUC, mean over classes", classes.macroAUC),
            ("Log loss", classes.logLoss),
        ].map { [$0.0, MetricText.value($0.1), MetricText.interval($0.1)] }
        let table = HTMLTable(
            columns: [.init("", isNumeric: false), .init("Value"), .init(intervalName)], rows: rows)
        let chart = ConfusionChart(title: "Confusion", classes)
        return [.columns([.table(table), .figure(chart.drawing(), caption: "Shade: share of the true class.")])]
    }

    private var intervalName: String { "\(Number.decimal(100 * evaluation.settings.level, digits: 0)) % interval" }

    private var labels: [HTMLPage.Block] {
        let columns = ["Cases", "Positive", "Left out", "AUC", intervalName, "AP", intervalName, "Brier", "ECE"]
        let rows = evaluation.labels.map { label in
            [
                label.label, Number.grouped(label.counts.cases), Number.grouped(label.counts.positives),
                Number.grouped(label.counts.leftOut), MetricText.value(label.auc), MetricText.interval(label.auc),
                MetricText.value(label.averagePrecision), MetricText.interval(label.averagePrecision),
                MetricText.value(label.brier), MetricText.value(label.calibrationError),
            ]
        }
        let reasons = evaluation.labels.compactMap { label in
            label.auc.undefined.map { "\(label.label): AUC is not defined, as \($0)." }
        }
        let chart = IntervalChart(title: "Area under the ROC curve", areasOf: [evaluation])
        return [
            .table(HTMLTable(columns: [.init("Label", isNumeric: false)] + columns.map { .init($0) }, rows: rows))
        ]
            + reasons.map { .note($0) } + [.figure(chart.drawing(), caption: "Points with \(intervalName)s.")]
    }

    /// At most seven curves a figure, so that each has a colour of its own.
    private var curves: [HTMLPage.Block] {
        let drawn = evaluation.labels.filter { $0.roc != nil }
        guard !drawn.isEmpty else { return [.paragraph("No curve is defined, or none was kept.")] }
        let count = Palette.light.count
        return stride(from: 0, to: drawn.count, by: count).map { start in
            let figure = CurveFigure(title: "", labels: Array(drawn[start..<min(start + count, drawn.count)]))
            return .figure(figure.drawing(), caption: "")
        }
    }

    private var method: [HTMLPage.Block] {
        let settings = evaluation.settings
        let uncertain =
            switch settings.uncertain {
            case .leaveOut: "Cases with an uncertain label are left out."
            case .asNegative: "Uncertain labels count as negative."
            case .asPositive: "Uncertain labels count as positive."
            }
        let bootstrap = settings.bootstrap.map { _ in
            "Intervals of average precision come from a seeded bootstrap; whole patients are drawn where patients are known."
        }
        let states = uncertain + " Labels that are not mentioned count as negative."
        return (evaluation.classes == nil ? [.paragraph(states)] : []) + [
            .paragraph(
                "Intervals of the area under the ROC curve are DeLong's (1988), those of proportions Wilson's (1927)."
                    + (bootstrap.map { " " + $0 } ?? "")),
            .paragraph(
                "Thresholds were chosen on the same cases that they are judged on, which flatters them: fix a threshold "
                    + "on other data before relying on its sensitivity or specificity."),
        ]
    }
}
