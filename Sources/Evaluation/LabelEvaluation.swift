/// Everything that is said of one label.
public struct LabelEvaluation: Sendable, Hashable, Codable {
    public struct Counts: Sendable, Hashable, Codable {
        /// Cases that were judged.
        public let cases: Int
        public let positives: Int
        public let negatives: Int
        /// Cases with an uncertain label, however they were taken.
        public let uncertain: Int
        /// Uncertain cases that were left out.
        public let leftOut: Int
        /// Patients of the judged cases; nil when not told.
        public let patients: Int?

        private enum CodingKeys: String, CodingKey {
            case cases, positives, negatives, uncertain
            case leftOut = "left_out"
            case patients
        }
    }

    public let label: String
    public let counts: Counts
    /// Area under the ROC curve.
    public let auc: Metric
    public let averagePrecision: Metric
    public let brier: Metric
    public let logLoss: Metric
    /// ECE over equally wide bins.
    public let calibrationError: Metric
    /// One for each rule of the settings, in their order.
    public let operatingPoints: [OperatingPoint]
    /// nil when the scores are no probabilities, or there is no case.
    public let calibration: Calibration?
    /// The fitted temperature; nil when none was to be fitted.
    public let temperature: Metric?
    public let temperatureScaling: TemperatureScaling?
    /// nil when a class has no case, or curves are not kept; thinned to `curvePoints`.
    public let roc: ROCCurve?
    public let precisionRecall: PrecisionRecallCurve?

    private enum CodingKeys: String, CodingKey {
        case label, counts, auc
        case averagePrecision = "average_precision"
        case brier
        case logLoss = "log_loss"
        case calibrationError = "calibration_error"
        case operatingPoints = "operating_points"
        case calibration, temperature
        case temperatureScaling = "temperature_scaling"
        case roc
        case precisionRecall = "precision_recall"
    }

    /// - Parameter threads: of the bootstrap; the numbers do not depend on it.
    public init(_ data: LabelledScores, settings: EvaluationSettings = .init(), threads: Int = 1) {
        label = data.label
        counts = Counts(data)
        let calibration = Result { () throws(Undefined) in
            try Calibration(
                probabilities: data.scores, truths: data.truths, bins: settings.bins, level: settings.level)
        }
        self.calibration = try? calibration.get()
        brier = Metric { () throws(Undefined) in try calibration.get().brier }
        logLoss = Metric { () throws(Undefined) in try calibration.get().logLoss }
        calibrationError = Metric { () throws(Undefined) in try calibration.get().equalWidth.expectedError }
        if settings.fitsTemperature {
            let scaling = Result { () throws(Undefined) in
                try TemperatureScaling(probabilities: data.scores, truths: data.truths)
            }
            temperature = Metric { () throws(Undefined) in try scaling.get().temperature }
            temperatureScaling = try? scaling.get()
        } else {
            (temperature, temperatureScaling) = (nil, nil)
        }
        do throws(Undefined) {
            let ranked = try RankedScores(scores: data.scores, truths: data.truths)
            auc = Self.area(ranked, data.patients, settings, threads)
            averagePrecision = Self.averagePrecision(ranked, data.patients, settings, threads)
            operatingPoints = settings.operatingPoints.map { OperatingPoint($0, ranked, level: settings.level) }
            roc = settings.curvePoints.flatMap { try? ROCCurve(ranked).thinned(to: $0) }
            precisionRecall = settings.curvePoints.flatMap { try? PrecisionRecallCurve(ranked).thinned(to: $0) }
        } catch {
            auc = Metric(undefined: error)
            averagePrecision = Metric(undefined: error)
            operatingPoints = settings.operatingPoints.map { OperatingPoint($0, undefined: error) }
            (roc, precisionRecall) = (nil, nil)
        }
    }

    private static func area(
        _ ranked: RankedScores, _ patients: [Int]?, _ settings: EvaluationSettings, _ threads: Int
    ) -> Metric {
        var metric = Metric(ranked.area)
        let deLong = Result { () throws(Undefined) in try DeLong(ranked, clusters: patients) }
        metric.addInterval(.deLong) { () throws(Undefined) in
            try deLong.get().interval(level: settings.level)
        }
        metric.addInterval(.deLongLogit) { () throws(Undefined) in
            try deLong.get().logitInterval(level: settings.level)
        }
        guard var bootstrap = settings.bootstrap else { return metric }
        bootstrap.level = settings.level
        metric.addInterval(bootstrap.method.interval) { [bootstrap] () throws(Undefined) in
            try bootstrap.areaInterval(ranked, patients: patients, threads: threads)
        }
        return metric
    }

    private static func averagePrecision(
        _ ranked: RankedScores, _ patients: [Int]?, _ settings: EvaluationSettings, _ threads: Int
    ) -> Metric {
        var metric = Metric(ranked.averagePrecision)
        guard var bootstrap = settings.bootstrap else { return metric }
        bootstrap.level = settings.level
        metric.addInterval(bootstrap.method.interval) { [bootstrap] () throws(Undefined) in
            try bootstrap.averagePrecisionInterval(ranked, patients: patients, threads: threads)
        }
        return metric
    }
}

extension LabelEvaluation.Counts {
    init(_ data: LabelledScores) {
        cases = data.truths.count
        positives = data.truths.count { $0 }
        negatives = cases - positives
        uncertain = data.uncertain
        leftOut = data.leftOut
        patients = data.patients.map { Set($0).count }
    }
}
