public import Evaluation

extension CurveFigure.Curve {
    /// A label's curves, with its chosen thresholds on the ROC.
    public init(_ label: LabelEvaluation, name: String? = nil) {
        let precision = label.precisionRecall.map { zip($0.recalls, $0.precisions).map { Point($0, $1) } }
        let roc = label.roc.map { zip($0.falsePositiveRates, $0.truePositiveRates).map { Point($0, $1) } }
        let marks = label.operatingPoints.compactMap { point -> (place: Point, name: String)? in
            guard let confusion = point.confusion, confusion.positives > 0, confusion.negatives > 0 else {
                return nil
            }
            let (hits, misses) = (Double(confusion.truePositives), Double(confusion.falsePositives))
            let place = Point(misses / Double(confusion.negatives), hits / Double(confusion.positives))
            return (place, point.rule.description)
        }
        self.init(
            name: name ?? label.label, precisionRecall: precision ?? [],
            averagePrecision: label.averagePrecision.value,
            roc: roc ?? [], area: label.auc.value, marks: marks)
    }
}

extension CurveFigure {
    /// The two panels of one label.
    public init(_ label: LabelEvaluation, width: Double = 640) {
        let prevalence = label.counts.cases > 0 ? Double(label.counts.positives) / Double(label.counts.cases) : nil
        self.init(
            title: label.label, curves: [Curve(label)],
            prevalence: label.precisionRecall == nil ? nil : prevalence,
            width: width)
    }

    /// Curves of several labels in the same panels; labels without a curve are left out.
    public init(title: String, labels: [LabelEvaluation], width: Double = 640) {
        let drawn = labels.filter { $0.roc != nil || $0.precisionRecall != nil }
        self.init(title: title, curves: drawn.map { Curve($0) }, width: width)
    }
}

extension ReliabilityChart {
    /// A label's calibration in bins of equal width.
    public init(_ label: LabelEvaluation, width: Double = 320) {
        let bins = (label.calibration?.equalWidth.bins ?? []).map { bin in
            Bin(
                range: bin.lower...bin.upper, meanProbability: bin.meanProbability, observed: bin.observed,
                interval: bin.interval.lower...bin.interval.upper, count: bin.count)
        }
        let error = label.calibrationError.value.map { ", ECE " + Number.decimal($0, digits: 3) }
        self.init(title: label.label + (error ?? ""), bins: bins, width: width)
    }
}

extension ConfusionChart {
    /// Yes or no against the truth.
    public init(title: String, _ confusion: Confusion) {
        self.init(
            title: title, names: ["negative", "positive"],
            counts: [
                [confusion.trueNegatives, confusion.falsePositives],
                [confusion.falseNegatives, confusion.truePositives],
            ], width: 260)
    }

    public init(title: String, _ classes: ClassEvaluation) {
        self.init(title: title, names: classes.names, counts: classes.confusion.counts)
    }
}

extension IntervalChart.Estimate {
    /// nil when the metric is not defined.
    public init?(_ metric: Metric) {
        guard let value = metric.value else { return nil }
        self.init(value, metric.interval.map { $0.lower...$0.upper })
    }
}

extension IntervalChart {
    /// Areas under the ROC curve of the labels of several models, in the first one's order of labels.
    ///
    /// - Precondition: at least one model.
    public init(title: String, areasOf models: [ModelEvaluation], width: Double = 560) {
        precondition(!models.isEmpty, "at least one model")
        let rows = models[0].labels.map { label in
            Row(
                label.label,
                models.map { model in
                    model.labels.first { $0.label == label.label }.flatMap { Estimate($0.auc) }
                })
        }
        self.init(
            title: title, valueName: "AUC", groups: models.map(\.model), rows: rows, reference: 0.5, width: width)
    }
}
