/// Means over the labels of a model.
public struct EvaluationMeans: Sendable, Hashable, Codable {
    /// The plain mean over the labels for which it is defined. With a bootstrap, its interval is from draws of
    /// whole cases or patients.
    public let macroAUC: Metric
    public let macroAveragePrecision: Metric
    /// The mean weighted by positive cases.
    public let weightedAUC: Metric
    /// Of all pairs of case and label in one list.
    public let microAUC: Metric
    public let microAveragePrecision: Metric
    /// Labels that the means above leave out, because their AUC is not defined.
    public let leftOut: [String]

    private enum CodingKeys: String, CodingKey {
        case macroAUC = "macro_auc"
        case macroAveragePrecision = "macro_average_precision"
        case weightedAUC = "weighted_auc"
        case microAUC = "micro_auc"
        case microAveragePrecision = "micro_average_precision"
        case leftOut = "left_out"
    }

    init(_ labels: [LabelEvaluation], _ data: [LabelledScores], _ settings: EvaluationSettings, threads: Int) {
        var macroAUC = Self.mean(labels.compactMap { $0.auc.value })
        if var bootstrap = settings.bootstrap {
            bootstrap.level = settings.level
            macroAUC.addInterval(.bootstrapPercentile) { [bootstrap] () throws(Undefined) in
                try bootstrap.macroAreaInterval(data, threads: threads)
            }
        }
        self.macroAUC = macroAUC
        macroAveragePrecision = Self.mean(labels.compactMap { $0.averagePrecision.value })
        let defined = labels.filter { $0.auc.value != nil }
        let weight = defined.reduce(0) { $0 + $1.counts.positives }
        weightedAUC =
            weight == 0
            ? Metric(undefined: .noDefinedLabel)
            : Metric(defined.sum { $0.auc.value! * Double($0.counts.positives) } / Double(weight))
        leftOut = labels.filter { $0.auc.value == nil }.map(\.label)
        do throws(Undefined) {
            let pooled = try RankedScores(scores: data.flatMap(\.scores), truths: data.flatMap(\.truths))
            microAUC = Metric(pooled.area)
            microAveragePrecision = Metric(pooled.averagePrecision)
        } catch {
            microAUC = Metric(undefined: error)
            microAveragePrecision = Metric(undefined: error)
        }
    }

    private static func mean(_ values: [Double]) -> Metric {
        values.isEmpty ? Metric(undefined: .noDefinedLabel) : Metric(values.sum { $0 } / Double(values.count))
    }
}
