import Evaluation
import Figures
import LightboxCore

extension RunPage {
    /// What is said of each label with the best weights.
    func labels(_ evaluation: ModelEvaluation) -> [HTMLPage.Block] {
        let rows = evaluation.labels.map { label in
            [
                label.label, "\(label.counts.positives)", "\(label.counts.negatives)", "\(label.counts.leftOut)",
                Self.text(label.auc.value), Self.text(label.auc.interval), Self.text(label.averagePrecision.value),
                label.auc.undefined?.description ?? "",
            ]
        }
        let table = HTMLTable(
            caption: "Validation data, best weights; 95 % intervals after DeLong. Uncertain labels are left out.",
            columns: [
                .init("label", isNumeric: false), .init("positive"), .init("negative"), .init("uncertain"),
                .init("AUC"), .init("interval"), .init("average precision"), .init("", isNumeric: false),
            ], rows: rows)
        let chart = IntervalChart(title: "Area under the ROC curve", areasOf: [evaluation])
        var blocks: [HTMLPage.Block] = [.table(table), .figure(chart.drawing(), caption: "")]
        if let classes = evaluation.classes, classes.names.count <= 30 {
            let confusion = ConfusionChart(title: "Confusion", classes)
            blocks.append(.figure(confusion.drawing(), caption: ""))
        }
        return blocks + learnedRules
    }

    private var learnedRules: [HTMLPage.Block] {
        guard let policy = report.learnedRules, let rules = try? policy.rules(for: report.labels) else {
            return []
        }
        let rows = zip(report.labels, rules).map { [$0, Self.text($1.u), Self.text($1.w)] }
        let columns: [HTMLTable.Column] = [.init("label", isNumeric: false), .init("u"), .init("w")]
        return [.table(HTMLTable(caption: "Learned rules of uncertain labels.", columns: columns, rows: rows))]
    }

    /// What the network was trained and validated on.
    var data: [HTMLPage.Block] {
        var blocks: [HTMLPage.Block] = []
        let parts = [("Training", trainer.training), ("Validation", trainer.validation)]
        for case (let name, let data?) in parts {
            let caption = "\(name): \(data.count) samples, fingerprint \(data.fingerprint.prefix(16))"
            guard let counts = data.labelCounts else {
                blocks.append(.paragraph(caption + "."))
                continue
            }
            let hasStates = counts.counts.first?.count == 4
            let columns = hasStates ? ["not mentioned", "negative", "uncertain", "positive"] : ["images"]
            blocks.append(
                .table(
                    HTMLTable(
                        caption: caption, columns: [.init("label", isNumeric: false)] + columns.map { .init($0) },
                        rows: zip(counts.names, counts.counts).map { [$0] + $1.map(String.init) })))
        }
        return blocks
    }
}
