/// What is computed for a label. Kept in the report, so that its numbers can be made again.
public struct EvaluationSettings: Sendable, Hashable, Codable {
    public var uncertain = UncertainHandling.leaveOut
    /// Coverage of all intervals.
    public var level = 0.95
    public var operatingPoints: [OperatingPoint.Rule] = [
        .youden, .sensitivity(0.9), .specificity(0.9), .threshold(0.5),
    ]
    /// Bins of the reliability diagrams.
    public var bins = 10
    /// nil for no bootstrap. Its `level` gives way to the one above.
    public var bootstrap: Bootstrap? = Bootstrap()
    public var fitsTemperature = true
    /// Points kept of each curve; nil keeps no curves. At least 2.
    public var curvePoints: Int? = 500

    private enum CodingKeys: String, CodingKey {
        case uncertain, level
        case operatingPoints = "operating_points"
        case bins, bootstrap
        case fitsTemperature = "fits_temperature"
        case curvePoints = "curve_points"
    }

    public init() {}

    /// Areas, losses and the operating point of Youden only, without a bootstrap: for each epoch of a training.
    public static var quick: EvaluationSettings {
        var settings = EvaluationSettings()
        settings.operatingPoints = [.youden]
        settings.bootstrap = nil
        settings.fitsTemperature = false
        settings.curvePoints = nil
        return settings
    }
}
