/// Which number of a validation decides what is best.
public enum Monitor: String, Sendable, Codable, Hashable, CaseIterable {
    case loss
    /// Mean over the labels (or classes) of the area under the ROC curve.
    case meanAUC = "auc"
    /// Share of images whose highest score is their class; for classes only.
    case accuracy

    /// The number so that smaller is better; nil where the validation could not give it.
    func value(of validation: ValidationRecord) -> Double? {
        switch self {
        case .loss: validation.loss
        case .meanAUC: validation.meanAUC.map { -$0 }
        case .accuracy: validation.accuracy.map { -$0 }
        }
    }
}

/// When to stop because the validation gets no better.
public struct EarlyStopping: Sendable, Codable, Hashable {
    /// The run ends after so many validations without an improvement (Keras's `EarlyStopping`).
    public var patience: Int
    /// How much better the metric must be to count.
    public var minimumChange: Double

    public init(patience: Int = 3, minimumChange: Double = 0) {
        self.patience = patience
        self.minimumChange = minimumChange
    }

    /// - Parameter values: of the monitored metric so far, smaller is better, nil where undefined.
    public func shouldStop(after values: [Double?]) -> Bool {
        var best = Double.infinity
        var waited = 0
        for value in values {
            if let value, value < best - minimumChange {
                best = value
                waited = 0
            } else {
                waited += 1
            }
        }
        return waited >= patience
    }

    /// The validation whose weights are kept as the best: the first of the smallest, else the last.
    static func best(of values: [Double?]) -> Int? {
        let defined = values.enumerated().compactMap { index, value in value.map { (index, $0) } }
        return defined.min { $0.1 < $1.1 }?.0 ?? values.indices.last
    }
}
